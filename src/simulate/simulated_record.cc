#include "simulate/simulated_record.h"

#include <fmt/format.h>

#include <iterator>

#include "base/encoding.h"

namespace sdp::simulate {
namespace {

std::string text_or_null(std::string_view text) {
  return text.empty() ? "null" : base::json_string(text);
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
    fmt::format_to(
        std::back_inserter(lines),
        R"({{"record":{},"class":"{}","event_id":{},"key":"{}","fate":"{}","rejected_by":{},"reason":{},"field":{}}})"
        "\n",
        sequence, class_of(fault).name,
        record.has_event_id ? base::json_string(base::to_string(record.event.event_id)) : "null", record.key,
        name(record.fate), text_or_null(class_of(fault).rejected_by), text_or_null(record.reason),
        text_or_null(record.field));
  }
  return lines;
}

}  // namespace sdp::simulate
