#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "lake/chain.h"
#include "lake/offset_range.h"

namespace sdp::lake {

inline constexpr std::string_view kOverridesPrefix = "_pipeline/overrides/";
/// Of the reason that a person gives.
inline constexpr std::size_t kReasonBytesMax = 500;

/// That a person has decided to ignore an object (`lake repair`): it stays where it is, and every stage goes
/// on as if it were not there. Stored create-only at override_key (docs/formats/override.md).
struct Override {
  std::string object_key;
  ChainId chain;
  OffsetRange range;  ///< that the object has, as its metadata say or as could be told without them
  /// Where a chain goes on that has come to the object's place. No sink can ever write at `range.first`,
  /// since the object has the name; so the place is passed over. `range.first` itself when another object has
  /// that offset: then nothing is to be passed over, and sinks take no notice of the object.
  log::Offset next = 0;
  /// The object that has some of its offsets now, which `lake repair --use` has put; empty when there is
  /// none.
  std::string used_in{};
  std::uint64_t bytes = 0;  ///< of the object, as stored
  std::string reason;
  UtcMillis created_at;
  std::string writer;

  bool keeps_place() const { return next > range.first; }

  bool operator==(const Override&) const = default;
};

std::string to_json(const Override& override);
/// `bad_input` when the text is not what to_json writes.
Result<Override> override_from_json(std::string_view json);

/// Where the override of an object is; a pure function of the object's key.
std::string override_key(std::string_view object_key);
/// The object that an override of this name is about; nothing when it is no such name.
std::optional<std::string> overridden_object(std::string_view override_key);

/// The overrides of a lake.
class Overrides {
 public:
  void add(Override override);
  /// There is one for the object, but it cannot be read. What cannot be loaded safely is left out, too.
  void add_unreadable(const std::string& object_key, Error problem);

  bool empty() const { return ignored_.empty() && unreadable_.empty(); }
  /// Readable or not.
  bool ignores(std::string_view object_key) const;
  /// The readable one.
  const Override* find(std::string_view object_key) const;
  const std::map<std::string, Override, std::less<>>& all() const { return ignored_; }
  /// Each names its record. By the object's key.
  const std::map<std::string, Error, std::less<>>& unreadable() const { return unreadable_; }
  /// What may be missing from chains because of them, in the form of gaps: a chain goes on behind such a
  /// range where no object has its offsets.
  std::vector<Gap> gaps() const;

 private:
  std::map<std::string, Override, std::less<>> ignored_;
  std::map<std::string, Error, std::less<>> unreadable_;
};

}  // namespace sdp::lake
