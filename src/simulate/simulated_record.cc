#include "simulate/simulated_record.h"

#include <fmt/format.h>

#include <iterator>

#include "base/encoding.h"

namespace sdp::simulate {
namespace {

std::string text_or_null(std::string_view text) {
  return text.empty() ? "null" : base::json_string(text);
}

struct Label {
  std::string_view of_class;
  std::string_view fate;
  std::string_view rejected_by = {};
  std::string_view reason = {};
  std::string_view field = {};
};

void append_label(std::string& lines, const SimulatedRecord& record, std::uint64_t sequence,
                  const Label& label) {
  fmt::format_to(
      std::back_inserter(lines),
      R"({{"record":{},"class":"{}","event_id":{},"key":"{}","fate":"{}","rejected_by":{},"reason":{},"field":{}}})"
      "\n",
      sequence, label.of_class,
      record.has_event_id ? base::json_string(base::to_string(record.event.event_id)) : "null", record.key,
      label.fate, text_or_null(label.rejected_by), text_or_null(label.reason), text_or_null(label.field));
}

}  // namespace

void tell(Oracle& oracle, const SimulatedRecord& record) {
  switch (record.fate) {
    case Fate::kept:
      oracle.add(record.event, record.finer);
      break;
    case Fate::duplicate:
      oracle.add_duplicate(record.event);
      break;
    case Fate::rejected:
      oracle.add_rejected(record.reason, record.field);
      break;
  }
}

std::string label_lines(const SimulatedRecord& record, std::uint64_t sequence) {
  std::string lines;
  for (const Fault fault : record.faults) {
    append_label(lines, record, sequence,
                 {.of_class = class_of(fault).name,
                  .fate = name(record.fate),
                  .rejected_by = class_of(fault).rejected_by,
                  .reason = record.reason,
                  .field = record.field});
  }
  return lines;
}

std::string aborted_label(const SimulatedRecord& record, std::uint64_t sequence) {
  std::string line;
  append_label(line, record, sequence, {.of_class = "aborted", .fate = "aborted"});
  return line;
}

}  // namespace sdp::simulate
