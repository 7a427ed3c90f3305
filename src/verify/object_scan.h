#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lake/layout.h"
#include "lake/object_key.h"
#include "lake/object_meta.h"
#include "lake/upgrade_record.h"
#include "store/object_store.h"
#include "verify/event_facts.h"
#include "verify/findings.h"
#include "verify/fingerprint.h"
#include "verify/limits.h"
#include "verify/log_view.h"

namespace sdp::verify {

/// What verify keeps of one line. 24 bytes.
struct LineFact {
  std::uint64_t columns = 0;  ///< hash of the columns that bronze must show
  std::int64_t timestamp_ms = 0;
  std::uint32_t delta = 0;  ///< offset - the object's first offset
  std::uint8_t reject = 0;  ///< 0 for a kept line, or the RejectCode + 1
  std::uint8_t reason = 0;  ///< 0 for a valid event, or the event::Reason + 1
  std::uint8_t field = 0;   ///< the index in event::kFields of the first that breaks a rule
  std::uint8_t seen = 0;    ///< the tables that had a row of it; see Seen

  /// Notes what was seen, from any thread, and returns what had been before.
  std::uint8_t note(std::uint8_t now) {
    return std::atomic_ref(seen).fetch_or(now, std::memory_order_relaxed);
  }

  bool kept() const { return reject == 0; }
  bool valid_event() const { return reject == 0 && reason == 0; }
};
static_assert(sizeof(LineFact) == 24);

/// The reason of a kept line that is not a JSON object after all, or that an older rule refused; both are
/// findings already.
inline constexpr std::uint8_t kReasonUnknown = 255;

/// What is wrong with a line that silver refuses, and which of it a table showed.
struct RefusedFact {
  std::uint32_t delta = 0;  ///< as of the line
  std::uint16_t shown = 0;  ///< bit I: TRANSFORM.SPOTIFY_FAULTS had a row of field I
  std::array<std::uint8_t, event::kFields.size()> reasons{};  ///< by field: 0, or the event::Reason + 1

  std::size_t count() const;
  /// Which fault the field's is, from 1 on.
  std::size_t number_of(std::size_t field) const;
};
static_assert(event::kFields.size() <= 16, "RefusedFact::shown has a bit for each field");

/// The tables that had a row of a line, and what the recount says of it.
enum Seen : std::uint8_t {
  kSeenInBronze = 1,
  kSeenInSilver = 2,
  kSeenInDuplicates = 4,
  kSeenInRejected = 8,
  kCountedAsDuplicate = 16,
  kSeenInFaults = 32,     ///< only of a line that the sink refused
  kDuplicateBefore = 64,  ///< what the recount of an earlier state says of it; see OpenBatch
};

/// A timestamp in microseconds as the warehouse's columns hold it: what is not in the years 1 to 9999 is
/// drawn in.
std::int64_t bronze_timestamp_us(std::int64_t timestamp_ms);

/// One object of the lake, read and checked by itself and against the log.
struct LakeObject {
  store::ObjectStore* store = nullptr;  ///< of its lake
  std::string key;
  lake::ObjectMeta meta;
  std::vector<LineFact> lines;  ///< ascending
  /// Of the lines, at the same index. A line without valid event has only the hash of the columns payload and
  /// raw_base64 that TRANSFORM.SPOTIFY_REJECTED must show.
  std::vector<EventFact> events;
  std::vector<RefusedFact> refused;          ///< of the lines that silver refuses, ascending
  int reader = 0;                            ///< whose Interner the events' numbers are of
  bool in_chain = false;                     ///< continues its chain
  bool in_ledger = false;                    ///< the warehouse says that it is loaded
  bool loaded_meanwhile = false;             ///< the ledger gained it while bronze was read
  std::optional<std::int64_t> loaded_at_us;  ///< when, by its ledger row
  bool in_batch = false;                     ///< a closed batch of the transform has it
  bool counted = false;                      ///< loaded and transformed: silver and the marts must show it

  bool loaded() const { return in_ledger || loaded_meanwhile; }
  log::Offset offset_of(const LineFact& line) const { return meta.range.first + line.delta; }
  /// Nothing when the object has no line of this offset.
  LineFact* find(log::Offset offset);
  /// Nothing when silver does not refuse the line.
  RefusedFact* refusal_of(const LineFact& line);
};

/// Reads and checks objects, one by one. Owned by one thread.
class ObjectScanner {
 public:
  struct Surroundings {
    store::ObjectStore& store;
    const LogView& log;
    const VerifyLimits& limits;
    RecordBudget& budget;
    Findings& findings;
    std::optional<lake::LakeLayout> layout;
    lake::Places places;
    const lake::UpgradeRecord* upgrade = nullptr;  ///< of a lake that had layout 1 before
    const mapping::Mapping* mapping = nullptr;     ///< what makes events of payloads
    std::mutex large{};                            ///< held by who takes a large object apart
  };

  ObjectScanner(Surroundings& around, int reader)
      : around_(around), reader_(reader), facts_(around.mapping) {}

  /// Nothing when the object cannot be placed in a chain; what is wrong is in the findings. An error means
  /// that the store cannot be read, or that a limit is reached.
  Result<std::optional<LakeObject>> scan(const std::string& key_text);
  Interner take_interner() { return facts_.take_interner(); }

 private:
  struct Cursor;

  bool placed(const std::string& key_text, const lake::ObjectMeta& meta);
  std::optional<std::string> text_of(const LakeObject& object, std::string body);
  Result<void> read_lines(LakeObject& object, std::string_view text);
  void read_line(LakeObject& object, Cursor& cursor, std::string_view text);
  std::optional<std::uint64_t> judge_value(const LakeObject& object, const lake::Line& line);
  std::uint64_t bronze_columns(const lake::Line& line);
  void fall_out_of_bronze(LineFact& fact);
  EventFact read_event(LakeObject& object, const lake::Line& line, LineFact& fact);
  EventFact rejected_columns(const lake::Line& line, const LineFact& fact);
  void check_log(const LakeObject& object, Cursor& cursor, const lake::Line& line, std::uint64_t fingerprint);
  void note_unreadable(const LakeObject& object, Cursor& cursor, lake::OffsetRange batch);
  void check_unreadable(const LakeObject& object, const Cursor& cursor, const lake::Line& line);
  void check_missing(const LakeObject& object, Cursor& cursor, log::Offset up_to);
  void check_counts(const LakeObject& object, const Cursor& cursor);
  int layout_of(const lake::ObjectMeta& meta) const;
  void check_last_line(const LakeObject& object, const Cursor& cursor);
  void wrong(std::string_view kind, const LakeObject& object, std::string_view detail);
  void wrong(std::string_view kind, const LakeObject& object, log::Offset offset,
             std::string_view detail = {});

  Surroundings& around_;
  int reader_;
  lake::LineDecoder decoder_;
  Fingerprinter fingerprinter_;
  FactReader facts_;
  RowHash hash_;
  std::string raw_;
};

/// The payload of a kept line, read again from its lake. `bad_input` when it is not there any more.
Result<std::string> payload_of(const LakeObject& object, log::Offset offset);

}  // namespace sdp::verify
