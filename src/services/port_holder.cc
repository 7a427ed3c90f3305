#include "services/port_holder.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "os/files.h"

namespace sdp::services {
namespace {

namespace fs = std::filesystem;

/// Adds what the links of /proc/PID/fd to the sockets that listen on the port say; `table` is the text of
/// /proc/net/tcp or tcp6.
void add_listeners(const std::string& table, std::uint16_t port, std::set<std::string>& links) {
  constexpr std::string_view kListening = "0A";
  const auto end_of_address = fmt::format(":{:04X}", port);
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, local, remote, state, queues, timer, retransmits, user, timeout, inode;
    words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
    if (state == kListening && local.ends_with(end_of_address))
      links.insert(fmt::format("socket:[{}]", inode));
  }
}

bool has_open(const fs::path& process, const std::set<std::string>& links) {
  std::error_code failure;
  for (auto entry = fs::directory_iterator(process / "fd", failure);
       !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    std::error_code gone;
    if (links.contains(fs::read_symlink(entry->path(), gone).native())) return true;
  }
  return false;
}

}  // namespace

std::optional<PortHolder> holder_of(std::uint16_t port) {
  std::set<std::string> links;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"})
    add_listeners(os::read_file(table).value_or(std::nullopt).value_or(""), port, links);
  if (links.empty()) return std::nullopt;
  std::error_code failure;
  for (auto entry = fs::directory_iterator("/proc", failure); !failure && entry != fs::directory_iterator();
       entry.increment(failure)) {
    const auto number = entry->path().filename().native();
    PortHolder holder;
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), holder.pid);
    if (parsed.ec != std::errc{} || !has_open(entry->path(), links)) continue;
    holder.name = os::read_file(entry->path() / "comm").value_or(std::nullopt).value_or("");
    while (holder.name.ends_with('\n')) holder.name.pop_back();
    return holder;
  }
  return std::nullopt;
}

}  // namespace sdp::services
