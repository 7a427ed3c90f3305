#include "simulate/faulty_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/check.h"
#include "base/utc_time.h"
#include "event/encode.h"
#include "simulate/draw.h"

namespace sdp::simulate {
namespace {

using event::Field;
using event::FieldType;
using nlohmann::ordered_json;

/// One more level than a line of the lake may have, the event itself counted.
constexpr std::size_t kArraysTooDeep = 64;
/// Of a rejected record bronze has the bytes in base64, where its line has no more than 7.5 MB
/// (docs/formats/bronze-tables.md); otherwise its reason there is another one. A line has fewer than 750
/// bytes besides. No record is so large that it could be the one or the other.
constexpr std::size_t kLineFitsMax = 5'624'000;
constexpr std::size_t kLineFitsNotMin = 5'625'001;

ordered_json to_object(const event::ListeningEvent& event) {
  std::string text;
  event::append_json(text, event);
  return ordered_json::parse(text);
}

template <typename Wanted>
const Field& pick_field(Wanted wanted, Rng& rng) {
  std::array<const Field*, event::kFields.size()> found{};
  std::size_t count = 0;
  for (const Field& field : event::kFields) {
    if (wanted(field)) found[count++] = &field;
  }
  return *found[rng.below(count)];
}

bool is_required(const Field& field) {
  return field.required;
}
bool is_required_text(const Field& field) {
  return field.required && field.type == FieldType::text;
}
bool is_any(const Field& /*field*/) {
  return true;
}

auto has_type(FieldType type) {
  return [type](const Field& field) { return field.type == type; };
}

ordered_json of_another_type(const Field& field, Rng& rng) {
  if (field.type == FieldType::integer) {
    static const std::array<ordered_json, 4> kNoIntegers{"1", 1.5, true, ordered_json::array({1})};
    return pick(kNoIntegers, rng);
  }
  static const std::array<ordered_json, 4> kNoStrings{7, false, ordered_json::array(),
                                                      ordered_json::object()};
  return pick(kNoStrings, rng);
}

/// A year in place of the event's own. The time may be none in that year, which is refused as well.
std::string in_year(UtcMillis time, std::uint64_t year) {
  return fmt::format("{:04}{}", year, base::format_iso(time).substr(4));
}

/// Before the last character of an object.
std::string with_member(std::string text, std::string_view member) {
  text.insert(text.size() - 1, fmt::format(",{}", member));
  return text;
}

/// The bytes of the value before its last character, at least one, and whole characters only.
std::string cut_off(std::string text, Rng& rng) {
  std::size_t end = 1 + rng.below(text.size() - 1);
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text;
}

std::string malformed(const std::string& text, Rng& rng) {
  switch (rng.below(3)) {
    case 0:
      return cut_off(text, rng);
    case 1:
      return with_member(text, "");
    default:
      return text + text;
  }
}

std::string no_object(const std::string& text, Rng& rng) {
  switch (rng.below(3)) {
    case 0:
      return fmt::format("[{}]", text);
    case 1:
      return "\"play\"";
    default:
      return "42";
  }
}

/// Values that silver rejects, each for one field.
class Spoiler {
 public:
  Spoiler(SimulatedRecord& record, Rng& rng) : record_(record), json_(to_object(record.event)), rng_(rng) {}

  /// False when it is not silver that rejects records of the class.
  bool spoil(Fault fault) {
    static constexpr auto kEventTypes = std::to_array<std::string_view>({"rewind", "PLAY", "like"});
    static constexpr auto kDevices = std::to_array<std::string_view>({"fridge", "Mobile", "tv"});
    static constexpr auto kBadCountries = std::to_array<std::string_view>({"Germany", "de", "X", "U5"});
    static constexpr auto kIds = std::to_array<std::string_view>({"7", "", "not-a-uuid", "881dc191"});
    static constexpr auto kTimes = std::to_array<std::string_view>(
        {"1771177956123", "2026-02-15 17:52:36", "15/02/2026", "2026-02-30T00:00:00Z", "yesterday"});
    static constexpr auto kIntegers = std::to_array<std::int64_t>({-1, event::kIntegerMax + 1});
    switch (fault) {
      case Fault::missing_field:
        leave_out(pick_field(is_required, rng_));
        return true;
      case Fault::null_field:
        set(pick_field(is_required, rng_), nullptr);
        return true;
      case Fault::wrong_type: {
        const Field& field = pick_field(is_any, rng_);
        set(field, of_another_type(field, rng_));
        return true;
      }
      case Fault::empty_text:
        set(pick_field(is_required_text, rng_), "");
        return true;
      case Fault::bad_uuid:
        set(pick_field(has_type(FieldType::uuid), rng_), pick(kIds, rng_));
        return true;
      case Fault::unknown_event_type:
        set(named(fault), pick(kEventTypes, rng_));
        return true;
      case Fault::unknown_device_type:
        set(named(fault), pick(kDevices, rng_));
        return true;
      case Fault::bad_country:
        set(named(fault), pick(kBadCountries, rng_));
        return true;
      case Fault::bad_timestamp:
        set(named(fault), pick(kTimes, rng_));
        return true;
      case Fault::future_date:
        set(named(fault), in_year(record_.event.timestamp, event::kYearMax + 1 + rng_.below(7'900)));
        return true;
      case Fault::ancient_date:
        set(named(fault), in_year(record_.event.timestamp, event::kYearMin - 100 + rng_.below(100)));
        return true;
      case Fault::out_of_range:
        set(pick_field(has_type(FieldType::integer), rng_), pick(kIntegers, rng_));
        return true;
      default:
        return false;
    }
  }

 private:
  static const Field& named(Fault fault) {
    for (const Field& field : event::kFields) {
      if (field.name == class_of(fault).field) return field;
    }
    std::unreachable();
  }

  void set(const Field& field, ordered_json value) {
    json_[std::string(field.name)] = std::move(value);
    finish(field);
  }
  void leave_out(const Field& field) {
    json_.erase(std::string(field.name));
    finish(field);
  }
  void finish(const Field& field) {
    record_.value = json_.dump();
    record_.field = field.name;
    record_.has_event_id = field.name != event::kFields[0].name;
  }

  SimulatedRecord& record_;
  ordered_json json_;
  Rng& rng_;
};

/// One byte more than the sink takes.
void make_oversize(SimulatedRecord& record, std::string text, std::size_t value_bytes_max) {
  text = with_member(std::move(text), "\"note\":\"\"");
  std::size_t size = std::max(text.size(), value_bytes_max) + 1;
  if (size > kLineFitsMax) {
    size = std::max(size, kLineFitsNotMin);
    record.reason = "line_too_large";
  }
  text.insert(text.size() - 2, size - text.size(), 'x');
  record.value = std::move(text);
}

/// Values that the sink rejects: no object of which silver could read fields.
std::optional<std::string> unreadable(Fault fault, const event::ListeningEvent& event, Rng& rng) {
  std::string text;
  event::append_json(text, event);
  switch (fault) {
    case Fault::null_value:
      return std::nullopt;
    case Fault::empty_value:
      return rng.chance(0.5) ? "" : "  ";
    case Fault::not_utf8:
      return with_member(text, "\"note\":\"\xff\xfe\"");
    case Fault::too_deep:
      return with_member(text, fmt::format("\"nested\":{}{}", std::string(kArraysTooDeep, '['),
                                           std::string(kArraysTooDeep, ']')));
    case Fault::malformed_json:
      return malformed(text, rng);
    case Fault::not_object:
      return no_object(text, rng);
    case Fault::reserved_member:
      return with_member(text, rng.chance(0.5) ? "\"_kafka_offset\":7" : "\"_error\":\"mine\"");
    case Fault::nul_character:
      return with_member(text, "\"note\":\"a\\u0000b\"");
    default:
      std::unreachable();
  }
}

}  // namespace

void spoil(SimulatedRecord& record, Fault fault, std::size_t value_bytes_max, Rng& rng) {
  SDP_ASSERT(class_of(fault).fate == Fate::rejected);
  record.event.event_id = base::uuid4(rng);
  record.fate = Fate::rejected;
  record.faults = {fault};
  record.reason = class_of(fault).reason;
  if (Spoiler(record, rng).spoil(fault)) return;
  record.field = {};
  record.has_event_id = false;
  if (fault == Fault::oversize) {
    std::string text;
    event::append_json(text, record.event);
    make_oversize(record, std::move(text), value_bytes_max);
  } else {
    record.value = unreadable(fault, record.event, rng);
  }
}

void append_in_form(std::string& out, const event::ListeningEvent& event, const Form& form, Rng& rng) {
  if (!form.unknown_field && !form.finer && form.schema_version == 1) {
    event::append_json(out, event);
    return;
  }
  ordered_json json = to_object(event);
  if (form.finer) {
    std::string time = base::format_iso(event.timestamp);
    time.insert(time.size() - 1, fmt::format("{:03}", form.finer->count()));
    json["timestamp"] = std::move(time);
  }
  if (form.schema_version >= 2) json["shuffle"] = rng.chance(0.5);
  if (form.schema_version >= 3) json["context"] = {{"type", "playlist"}, {"track", rng.below(100)}};
  if (form.unknown_field) {
    switch (rng.below(3)) {
      case 0:
        json["mood"] = "happy";
        break;
      case 1:
        json["experiment"] = {{"name", "crossfade"}, {"groups", {1, rng.below(8), nullptr}}};
        break;
      default:
        json["Song_Name"] = "not the field";
        break;
    }
  }
  out += json.dump();
}

}  // namespace sdp::simulate
