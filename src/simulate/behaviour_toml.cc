#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/suggestion.h"
#include "simulate/behaviour.h"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace sdp::simulate {
namespace {

/// What is said of a place in the file.
class TomlPlace {
 public:
  TomlPlace(std::string_view file, const toml::source_region& where)
      : text_(fmt::format("{}:{}", file, where.begin.line)) {}

  std::unexpected<Error> fault(std::string_view what) const {
    return fail(ErrorKind::misconfigured, fmt::format("{}: {}", text_, what));
  }

 private:
  std::string text_;
};

std::string hint(std::string_view word, const std::vector<std::string>& known) {
  const auto meant = base::meant_by(word, known);
  if (meant) return fmt::format("did you mean {}?", *meant);
  return "`simulate --describe` prints all keys";
}

std::vector<std::string> tables() {
  std::vector<std::string> names;
  for (const BehaviourKey& key : behaviour_keys()) {
    if (names.empty() || names.back() != key.table) names.emplace_back(key.table);
  }
  return names;
}

std::vector<std::string> paths_in(std::string_view table) {
  std::vector<std::string> paths;
  for (const BehaviourKey& key : behaviour_keys()) {
    if (key.table == table) paths.push_back(key.path());
  }
  return paths;
}

bool read_value(const toml::node& node, double& value) {
  const auto number = node.value<double>();
  if (!number || !node.is_number()) return false;
  value = *number;
  return true;
}

bool read_value(const toml::node& node, std::string& value) {
  const auto* text = node.as_string();
  if (!text) return false;
  value = text->get();
  return true;
}

template <typename T>
bool read_value(const toml::node& node, std::vector<T>& values) {
  const auto* array = node.as_array();
  if (!array) return false;
  values.clear();
  for (const toml::node& element : *array) {
    if (!read_value(element, values.emplace_back())) return false;
  }
  return true;
}

const BehaviourKey* find(std::string_view path) {
  for (const BehaviourKey& key : behaviour_keys()) {
    if (key.path() == path) return &key;
  }
  return nullptr;
}

Result<void> read_table(std::string_view file, std::string_view name, const toml::table& table,
                        Behaviour& behaviour) {
  for (const auto& [word, node] : table) {
    const std::string path = fmt::format("{}.{}", name, word.str());
    const TomlPlace place(file, word.source());
    const BehaviourKey* key = find(path);
    if (!key) return place.fault(fmt::format("{} is not a key; {}", path, hint(path, paths_in(name))));
    if (!std::visit([&](const auto member) { return read_value(node, behaviour.*member); }, key->member))
      return place.fault(fmt::format("{} must be {}", path, allowed(*key)));
  }
  return {};
}

/// Where the file says what is wrong; the beginning where only the defaults do.
TomlPlace place_of(std::string_view file, const toml::table& root, const std::string& path) {
  const auto node = root.at_path(path);
  return {file, node ? node.node()->source() : root.source()};
}

}  // namespace

Result<Behaviour> behaviour_of(std::string_view toml, std::string_view file) {
  const toml::parse_result parsed = toml::parse(toml, file);
  if (!parsed) {
    return TomlPlace(file, parsed.error().source())
        .fault(fmt::format("is not TOML: {}", parsed.error().description()));
  }
  const toml::table& root = parsed.table();
  Behaviour behaviour;
  for (const auto& [word, node] : root) {
    const std::string name(word.str());
    const std::vector<std::string> known = tables();
    const TomlPlace place(file, word.source());
    if (std::ranges::find(known, name) == known.end())
      return place.fault(fmt::format("{} is not a table of keys; {}", name, hint(name, known)));
    if (!node.is_table()) return place.fault(fmt::format("{} must be a table, [{}]", name, name));
    SDP_RETURN_IF_ERROR(read_table(file, name, *node.as_table(), behaviour));
  }
  if (const auto fault = fault_of(behaviour))
    return place_of(file, root, fault->key).fault(fmt::format("{} {}", fault->key, fault->what));
  return behaviour;
}

}  // namespace sdp::simulate
