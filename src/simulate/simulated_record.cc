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
  std::string_view topic;
};

void append_head(std::string& lines, const SimulatedRecord& record, std::uint64_t sequence,
                 const Label& label) {
  fmt::format_to(
      std::back_inserter(lines),
      R"({{"record":{},"class":"{}","event_id":{},"key":"{}","fate":"{}","rejected_by":{},"reason":{},"field":{},"topic":{})"
      "\n",
      sequence, label.of_class,
      record.has_event_id ? base::json_string(base::to_string(record.event.event_id)) : "null", record.key,
      label.fate, text_or_null(label.rejected_by), text_or_null(label.reason), text_or_null(label.field),
      text_or_null(label.topic));
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

std::string label_heads(const SimulatedRecord& record, std::uint64_t sequence, std::string_view topic) {
  std::string lines;
  for (const Fault fault : record.faults) {
    append_head(lines, record, sequence,
                {.of_class = class_of(fault).name,
                 .fate = name(record.fate),
                 .rejected_by = class_of(fault).rejected_by,
                 .reason = record.reason,
                 .field = record.field,
                 .topic = topic});
  }
  return lines;
}

std::string aborted_head(const SimulatedRecord& record, std::uint64_t sequence, std::string_view topic) {
  std::string line;
  append_head(line, record, sequence, {.of_class = "aborted", .fate = "aborted", .topic = topic});
  return line;
}

}  // namespace sdp::simulate
