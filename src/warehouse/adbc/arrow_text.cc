#include "warehouse/adbc/arrow_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>

#include "base/utc_time.h"

namespace sdp::warehouse::adbc {
namespace {

using Kind = ColumnFormat::Kind;
__extension__ using Wide = __int128;  // decimals have up to 38 digits

/// The value at `row` of a column whose buffer holds one `T` a row.
template <typename T>
T value_at(const ArrowArray& column, std::int64_t row) {
  T value;
  const auto* bytes = static_cast<const char*>(column.buffers[1]);
  std::memcpy(&value, bytes + static_cast<std::size_t>(row + column.offset) * sizeof(T), sizeof(T));
  return value;
}

bool bit_at(const void* bits, std::int64_t index) {
  return (static_cast<const std::uint8_t*>(bits)[index / 8] >> (index % 8) & 1) != 0;
}

template <typename Offset>
std::string_view text_at(const ArrowArray& column, std::int64_t row) {
  const auto* offsets = static_cast<const Offset*>(column.buffers[1]) + row + column.offset;
  return {static_cast<const char*>(column.buffers[2]) + offsets[0],
          static_cast<std::size_t>(offsets[1] - offsets[0])};
}

template <typename Signed, typename Unsigned>
void print_integer(const ColumnFormat& format, const ArrowArray& column, std::int64_t row,
                   std::string& buffer) {
  if (format.is_signed) {
    fmt::format_to(std::back_inserter(buffer), "{}", value_at<Signed>(column, row));
  } else {
    fmt::format_to(std::back_inserter(buffer), "{}", value_at<Unsigned>(column, row));
  }
}

void print_integer(const ColumnFormat& format, const ArrowArray& column, std::int64_t row,
                   std::string& buffer) {
  switch (format.bytes) {
    case 1:
      // Not as characters.
      return print_integer<std::int8_t, std::uint8_t>(format, column, row, buffer);
    case 2:
      return print_integer<std::int16_t, std::uint16_t>(format, column, row, buffer);
    case 4:
      return print_integer<std::int32_t, std::uint32_t>(format, column, row, buffer);
    default:
      return print_integer<std::int64_t, std::uint64_t>(format, column, row, buffer);
  }
}

void print_real(const ColumnFormat& format, const ArrowArray& column, std::int64_t row, std::string& buffer) {
  const auto print = [&](auto value) {
    fmt::format_to(std::back_inserter(buffer), "{}", value);
    if (std::isfinite(value) && buffer.find_first_not_of("-0123456789") == std::string::npos) buffer += ".0";
  };
  if (format.bytes == 4) return print(value_at<float>(column, row));
  print(value_at<double>(column, row));
}

void print_decimal(int scale, Wide value, std::string& buffer) {
  const bool negative = value < 0;
  // Negated digit by digit: the smallest value has no positive one.
  std::string digits;
  for (; value != 0 || static_cast<int>(digits.size()) <= scale; value /= 10) {
    const int digit = static_cast<int>(value % 10);
    digits.push_back(static_cast<char>('0' + (digit < 0 ? -digit : digit)));
  }
  if (negative) buffer.push_back('-');
  for (std::size_t at = digits.size(); at-- > 0;) {
    buffer.push_back(digits[at]);
    if (scale > 0 && at == static_cast<std::size_t>(scale)) buffer.push_back('.');
  }
}

void print_date(std::int32_t days, std::string& buffer) {
  buffer += base::format_date(std::chrono::sys_days(std::chrono::days(days)));
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

void print_timestamp(const ColumnFormat& format, std::int64_t value, std::string& buffer) {
  const std::int64_t seconds = floor_divide(value, format.units_per_second);
  const std::int64_t units = value - seconds * format.units_per_second;
  std::string iso = base::format_iso(UtcMillis(std::chrono::seconds(seconds)));
  iso[iso.find('T')] = ' ';
  iso.resize(iso.find('.'));
  buffer += iso;
  if (units != 0) {
    std::string fraction = fmt::format("{:09}", units * (1'000'000'000 / format.units_per_second));
    fraction.resize(fraction.find_last_not_of('0') + 1);
    buffer += '.' + fraction;
  }
  if (format.has_zone) buffer += "+00";
}

/// `d:precision,scale[,bits]`
Result<ColumnFormat> parse_decimal(std::string_view format) {
  const std::string_view numbers = format.substr(2);
  const auto comma = numbers.find(',');
  const std::string_view rest = comma == std::string_view::npos ? "" : numbers.substr(comma + 1);
  int scale = -1;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), scale);
  const std::string_view bits(end, static_cast<std::size_t>(rest.data() + rest.size() - end));
  if (error != std::errc() || scale < 0 || (!bits.empty() && bits != ",128")) {
    return fail(ErrorKind::fatal, fmt::format("a column of Arrow format {} cannot be read", format));
  }
  return ColumnFormat{.kind = Kind::decimal, .scale = scale};
}

Result<ColumnFormat> parse_timestamp(std::string_view format) {
  ColumnFormat parsed{.kind = Kind::timestamp, .has_zone = format.size() > 4};
  switch (format[2]) {
    case 's':
      return parsed;
    case 'm':
      parsed.units_per_second = 1'000;
      return parsed;
    case 'u':
      parsed.units_per_second = 1'000'000;
      return parsed;
    default:
      parsed.units_per_second = 1'000'000'000;
      return parsed;
  }
}

Column::Kind kind_of(const ColumnFormat& format) {
  switch (format.kind) {
    case Kind::integer:
    case Kind::real:
    case Kind::decimal:
      return Column::Kind::number;
    case Kind::boolean:
      return Column::Kind::boolean;
    default:
      return Column::Kind::text;
  }
}

}  // namespace

Result<ColumnFormat> ColumnFormat::parse(std::string_view format) {
  constexpr std::string_view kSigned = "csil";
  constexpr std::string_view kUnsigned = "CSIL";
  if (format == "n") return ColumnFormat{.kind = Kind::null};
  if (format == "b") return ColumnFormat{.kind = Kind::boolean};
  if (format == "f") return ColumnFormat{.kind = Kind::real, .bytes = 4};
  if (format == "g") return ColumnFormat{.kind = Kind::real, .bytes = 8};
  if (format == "u" || format == "z") return ColumnFormat{.kind = Kind::text};
  if (format == "U" || format == "Z") return ColumnFormat{.kind = Kind::large_text};
  if (format == "tdD") return ColumnFormat{.kind = Kind::date_days};
  if (format.starts_with("d:")) return parse_decimal(format);
  if (format.size() >= 4 && format.starts_with("ts") && format[3] == ':') return parse_timestamp(format);
  if (format.size() == 1) {
    if (const auto at = kSigned.find(format[0]); at != std::string_view::npos)
      return ColumnFormat{.kind = Kind::integer, .bytes = 1 << at};
    if (const auto at = kUnsigned.find(format[0]); at != std::string_view::npos)
      return ColumnFormat{.kind = Kind::integer, .bytes = 1 << at, .is_signed = false};
  }
  return fail(
      ErrorKind::fatal,
      fmt::format("a column of Arrow format {} cannot be read; cast it to VARCHAR in the query", format));
}

bool is_null(const ColumnFormat& format, const ArrowArray& column, std::int64_t row) {
  if (format.kind == Kind::null) return true;
  return column.buffers[0] != nullptr && !bit_at(column.buffers[0], row + column.offset);
}

std::string_view cell_text(const ColumnFormat& format, const ArrowArray& column, std::int64_t row,
                           std::string& buffer) {
  buffer.clear();
  switch (format.kind) {
    case Kind::null:
      return {};
    case Kind::boolean:
      return bit_at(column.buffers[1], row + column.offset) ? "true" : "false";
    case Kind::text:
      return text_at<std::int32_t>(column, row);
    case Kind::large_text:
      return text_at<std::int64_t>(column, row);
    case Kind::integer:
      print_integer(format, column, row, buffer);
      return buffer;
    case Kind::real:
      print_real(format, column, row, buffer);
      return buffer;
    case Kind::decimal:
      print_decimal(format.scale, value_at<Wide>(column, row), buffer);
      return buffer;
    case Kind::date_days:
      print_date(value_at<std::int32_t>(column, row), buffer);
      return buffer;
    case Kind::timestamp:
      print_timestamp(format, value_at<std::int64_t>(column, row), buffer);
      return buffer;
  }
  return {};
}

Result<RowReader> RowReader::open(const ArrowSchema& schema) {
  RowReader reader;
  for (std::int64_t column = 0; column < schema.n_children; ++column) {
    const ArrowSchema& child = *schema.children[column];
    SDP_TRY(const ColumnFormat format, ColumnFormat::parse(child.format));
    reader.names_.emplace_back(child.name != nullptr ? child.name : "");
    reader.formats_.push_back(format);
  }
  reader.buffers_.resize(reader.names_.size());
  return reader;
}

std::vector<Column> RowReader::columns() const {
  std::vector<Column> columns;
  for (std::size_t at = 0; at < names_.size(); ++at) columns.push_back({names_[at], kind_of(formats_[at])});
  return columns;
}

Result<void> RowReader::visit(const ArrowArray& batch, const std::function<Result<void>(RowView)>& visit) {
  std::vector<std::optional<std::string_view>> row(formats_.size());
  for (std::int64_t at = 0; at < batch.length; ++at) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const ArrowArray& column = *batch.children[i];
      const std::int64_t place = at + batch.offset;
      row[i] = std::nullopt;
      if (!is_null(formats_[i], column, place)) row[i] = cell_text(formats_[i], column, place, buffers_[i]);
    }
    SDP_RETURN_IF_ERROR(visit(row));
  }
  return {};
}

}  // namespace sdp::warehouse::adbc
