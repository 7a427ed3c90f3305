#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sdp::event {

/// A file of the repository, or a part of one, that says what the table of fields says.
struct DerivedFile {
  std::string_view path;  ///< below the top folder
  /// The lines between which the text stands; empty when it is the whole file.
  std::string_view begin;
  std::string_view end;
  std::string text;
};

/// The committed files that derive from the table of fields: the JSON Schema, the page of the event, and what
/// the dbt project knows of fields. A test compares them, and writes them when it is asked to.
std::vector<DerivedFile> derived_files();

}  // namespace sdp::event
