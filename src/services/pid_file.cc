#include "services/pid_file.h"

#include <fmt/format.h>

#include <charconv>

#include "os/files.h"

namespace sdp::services {
namespace {

template <typename Number>
bool parse(const std::string& text, Number& number) {
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc{} && parsed.ptr == end && number > 0;
}

}  // namespace

std::string encode(const PidRecord& record) {
  return fmt::format("program={}\naddress={}\npid={}\nstart_ticks={}\nboot_id={}\n{}folder={}\n",
                     record.program, record.address, record.process.pid, record.process.start_ticks,
                     record.process.boot_id, record.stopping ? "stopping=1\n" : "", record.folder);
}

Result<PidRecord> decode_pid_record(std::string_view text) {
  constexpr std::string_view kFolder = "\nfolder=";
  PidRecord record;
  // The last one, since a path may hold anything, lines too.
  if (const auto at = text.find(kFolder); at != std::string_view::npos) {
    record.folder = text.substr(at + kFolder.size());
    if (record.folder.ends_with('\n')) record.folder.pop_back();
    text = text.substr(0, at);
  }
  auto fields = os::parse_assignments(text);
  record.program = fields["program"];
  record.address = fields["address"];
  record.process.boot_id = fields["boot_id"];
  record.stopping = fields["stopping"] == "1";
  if (record.program.empty() || record.process.boot_id.empty() || !parse(fields["pid"], record.process.pid) ||
      !parse(fields["start_ticks"], record.process.start_ticks)) {
    return fail(ErrorKind::bad_input, "not a process record; delete it when the service is not running");
  }
  return record;
}

Result<std::optional<PidRecord>> read_pid_file(const std::filesystem::path& path) {
  SDP_TRY(const auto text, os::read_file(path));
  if (!text) return std::optional<PidRecord>{};
  auto record = decode_pid_record(*text);
  if (!record) return std::unexpected(record.error().in(path.string()));
  return std::optional<PidRecord>(*std::move(record));
}

Result<void> write_pid_file(const std::filesystem::path& path, const PidRecord& record) {
  return os::write_file(path, encode(record), 0644);
}

}  // namespace sdp::services
