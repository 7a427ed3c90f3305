#include "site/scripts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json_text.h"

namespace sdp::site {
namespace {

using base::dumped;
using base::or_null;
using nlohmann::ordered_json;

constexpr int kScriptVersion = 1;

}  // namespace

ScriptFrame script_frame(std::string_view name) {
  return {.before = fmt::format("sdp.receive({}, ", dumped(name)), .after = ");\n"};
}

std::size_t json_bytes(std::string_view document) {
  return document.find_last_not_of('\n') + 1;
}

std::string script(std::string_view name, std::string_view json) {
  const ScriptFrame frame = script_frame(name);
  return fmt::format("{}{}{}", frame.before, json.substr(0, json_bytes(json)), frame.after);
}

std::string current_script(const Current& current) {
  ordered_json publications = ordered_json::array();
  for (const Publication& one : current.publications) {
    const std::string report = one.has_report ? fmt::format("data/{}/{}", one.id, kReportPage) : "";
    publications.push_back({{"id", one.id},
                            {"folder", one.id},
                            {"warehouse", one.warehouse},
                            {"taken_at", one.taken_at},
                            {"report", or_null(report)}});
  }
  return script("current", dumped({{"version", kScriptVersion},
                                   {"live", current.live},
                                   {"follow", current.follow},
                                   {"moves", {{"on", current.moves}, {"how", current.how_to_move}}},
                                   {"served_at", or_null(current.served_at)},
                                   {"publications", std::move(publications)},
                                   {"message", or_null(current.message)},
                                   {"dbt_docs", or_null(current.dbt_docs)}}));
}

std::string services_script(std::string_view checked_at, std::span<const Service> services) {
  ordered_json list = ordered_json::array();
  for (const Service& one : services) {
    list.push_back({{"name", one.name},
                    {"what", one.what},
                    {"url", one.url},
                    {"answers", one.answers},
                    {"detail", one.detail}});
  }
  return script("services", dumped({{"version", kScriptVersion},
                                    {"checked_at", or_null(checked_at)},
                                    {"services", std::move(list)}}));
}

}  // namespace sdp::site
