#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sdp::transform {

/// What the project says of a table that it makes.
struct ModelWords {
  std::string description;
  std::map<std::string, std::string> columns;  ///< descriptions by name in upper case
  /// `config.meta.order_by`: in which order people read the table; SQL behind ORDER BY. Empty: not said.
  std::string order_by;
  /// dbt's checksum of the model's text: another one when the model was changed.
  std::string checksum;
};

/// By `SCHEMA.TABLE` in upper case; models and snapshots.
using Manifest = std::map<std::string, ModelWords>;

/// Reads dbt's manifest.json. `bad_input` when it is none.
Result<Manifest> parse_manifest(std::string_view json);

/// That in dbt's target folder; empty when dbt left none there, as on a machine where it never ran.
Result<Manifest> read_manifest(const std::filesystem::path& target);

}  // namespace sdp::transform
