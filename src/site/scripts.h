#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sdp::site {

// The data of the pages, as scripts that a browser also takes from a disk (docs/formats/site.md). Pure.

/// A publication that can be read whole.
struct Publication {
  std::string id;
  std::string warehouse;
  std::string taken_at;
  std::vector<std::string> parts;  ///< `snapshot`, `mart_top_songs`: its files without their endings
  bool has_report = false;         ///< whether the same result stands beside them as one page
};

/// What there is to be seen.
struct Current {
  bool live = false;          ///< whether a server answers; else these are files
  bool follow = false;        ///< whether open pages go on to a new publication by themselves
  bool moves = false;         ///< whether the server looks at log and lake (docs/formats/live.md)
  std::string how_to_move{};  ///< what to run where it does not
  std::string served_at;      ///< empty in files
  std::vector<Publication> publications;
  std::string message;   ///< what is missing or damaged, and what to do; empty when nothing is
  std::string dbt_docs;  ///< where dbt's own pages are; empty without them
};

/// A program of the stack that has pages of its own.
struct Service {
  std::string name;
  std::string what;
  std::string url;
  bool answers = false;
  std::string detail;
};

/// Where things are below the folder of the pages.
inline constexpr std::string_view kCurrentScript = "data/current.js";
/// How that script begins, by which a server of the pages is known.
inline constexpr std::string_view kCurrentBegins = "sdp.receive(\"current\", ";
inline constexpr std::string_view kServicesScript = "data/services.js";
inline constexpr std::string_view kReportPage = "report.html";  ///< in the folder of its publication
inline constexpr std::string_view kDocsPage = "dbt/index.html";

/// What stands around the JSON of a script: `sdp.receive("NAME", ` and `);`, and how much of a document that
/// is JSON and ends with line breaks stands between.
struct ScriptFrame {
  std::string before;
  std::string after;
};
ScriptFrame script_frame(std::string_view name);
std::size_t json_bytes(std::string_view document);

/// `sdp.receive("NAME", JSON);`
std::string script(std::string_view name, std::string_view json);

std::string current_script(const Current& current);

/// `checked_at` is empty where nobody asks the services.
std::string services_script(std::string_view checked_at, std::span<const Service> services);

}  // namespace sdp::site
