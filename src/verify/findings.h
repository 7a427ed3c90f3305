#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "lake/offset_range.h"

namespace sdp::verify {

/// Where records are counted and where something can be wrong, in the order of the flow.
enum class Stage { log, lake, bronze, silver, marts };
inline constexpr std::array kStages{Stage::log, Stage::lake, Stage::bronze, Stage::silver, Stage::marts};
std::string_view name(Stage stage);

/// `p3 of topic id 1a2b3c4d-...`, and the offsets as ranges: `[120, 135) 140 [200, 220)`.
std::string condensed(const lake::ChainId& chain, const std::map<log::Offset, log::Offset>& ranges,
                      std::size_t ranges_max);

/// All findings of one kind in one stage. `kind` is a phrase: `missing from the lake`.
struct Finding {
  Stage stage = Stage::log;
  std::string kind;
  bool pending = false;            ///< later stages have not come to it yet
  std::uint64_t total = 0;         ///< offsets, or named things
  std::vector<std::string> named;  ///< the first of them
};

/// Collects what is wrong: every kind has its total, and as many names as are worth reading. Thread-safe.
class Findings {
 public:
  explicit Findings(std::size_t named_max) : named_max_(named_max) {}

  /// `kind` is wrong with an offset; neighbours become one range. `detail` is kept for the first of a kind
  /// only.
  void offset(Stage stage, std::string_view kind, const lake::ChainId& chain, log::Offset offset,
              std::string_view detail = {});
  void range(Stage stage, std::string_view kind, const lake::ChainId& chain, lake::OffsetRange range,
             std::string_view detail = {});
  /// `kind` is wrong with something that has a name of its own: an object, a mart's cell, a file.
  void item(Stage stage, std::string_view kind, std::string named);
  /// A later stage has not come to these yet.
  void pending(Stage stage, std::string_view kind, const lake::ChainId& chain, lake::OffsetRange range);
  void pending_item(Stage stage, std::string_view kind, std::string named);
  /// All that another one has collected, but its notes.
  void take(const Findings& other);
  bool empty() const { return kinds_.empty(); }
  std::size_t named_max() const { return named_max_; }
  /// Worth knowing, nothing wrong.
  void note(std::string text);

  std::vector<Finding> all() const;
  std::vector<std::string> notes() const;

 private:
  struct Kind {
    bool pending = false;
    std::uint64_t total = 0;
    std::map<lake::ChainId, std::map<log::Offset, log::Offset>> ranges;  // first -> end
    std::size_t ranges_kept = 0;
    std::vector<std::string> items;
    std::vector<std::string> details;
  };

  void add(Kind& kind, const lake::ChainId& chain, lake::OffsetRange range, std::string_view detail);
  Kind& kind_of(Stage stage, std::string_view kind) { return kinds_[{stage, std::string(kind)}]; }
  std::vector<std::string> names_of(const Kind& kind) const;

  const std::size_t named_max_;
  mutable std::mutex mutex_;
  std::map<std::pair<Stage, std::string>, Kind> kinds_;
  std::vector<std::string> notes_;
};

}  // namespace sdp::verify
