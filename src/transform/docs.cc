#include "transform/docs.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "os/files.h"
#include "transform/dbt_child.h"
#include "transform/work_dir.h"

namespace sdp::transform {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPage = "static_index.html";
constexpr std::uintmax_t kPageBytesMax = std::uintmax_t{256} << 20;

/// Copies of the page that dbt leaves in its target folder.
void remove_pages(const fs::path& target) {
  std::error_code missing;
  fs::remove(target / kPage, missing);
  fs::remove(target / "index.html", missing);
}

/// The manifest has the names of dbt's own files, which say where on this machine they are.
std::string without_place(std::string page, const fs::path& target) {
  const std::string place = fs::absolute(target).string() + "/";
  for (auto at = page.find(place); at != std::string::npos; at = page.find(place, at)) {
    page.replace(at, place.size(), "");
  }
  return page;
}

Result<std::string> read_page(const fs::path& target) {
  const fs::path path = target / kPage;
  std::error_code missing;
  const auto size = fs::file_size(path, missing);
  if (!missing && size > kPageBytesMax) {
    return fail(ErrorKind::fatal, fmt::format("{}: {} bytes are more than a page has", path.string(), size));
  }
  SDP_TRY(auto page, os::read_file(path));
  if (!page) return fail(ErrorKind::fatal, fmt::format("dbt wrote no {}", path.string()));
  return without_place(*std::move(page), target);
}

}  // namespace

Result<std::string> make_docs(const TransformOptions& options, std::stop_token stop) {
  const fs::path target = target_path(options);
  const fs::path log = work_file(options.work_dir, WorkFile::docs_log);
  SDP_RETURN_IF_ERROR(check_dbt(options));
  if (!fs::exists(target / "manifest.json")) {
    return fail(
        ErrorKind::misconfigured,
        fmt::format("dbt has built nothing in {}: run `transform` first, or name its folder by --work-dir",
                    options.work_dir.string()));
  }
  // The manifest of the last build is what is shown: nothing is compiled, and the build's results stay.
  remove_pages(target);
  SDP_TRY(const os::ChildEnd end,
          os::run_child(dbt_command(options, {"docs", "generate", "--static", "--no-compile"}, log),
                        {.total = options.time_limit}, std::move(stop)));
  if (end.code != 0) return std::unexpected(dbt_ended_badly(options, end, log));
  auto page = read_page(target);
  remove_pages(target);
  return page;
}

}  // namespace sdp::transform
