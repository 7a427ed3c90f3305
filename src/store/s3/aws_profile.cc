#include "store/s3/aws_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.h"

namespace sdp::store::s3 {
namespace {

using base::kBlanks;
using base::trimmed;

constexpr std::string_view kDefault = "default";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_comment(std::string_view text) {
  return text.starts_with('#') || text.starts_with(';');
}

/// Without a comment, which begins behind a blank.
std::string_view without_comment(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (is_comment(text.substr(i)) && kBlanks.contains(text[i - 1])) return trimmed(text.substr(0, i));
  }
  return text;
}

std::string_view unquoted(std::string_view text) {
  const bool quoted =
      text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.front() == text.back();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

struct Section {
  std::string name;
  bool is_profile = false;
  bool has_prefix = false;  ///< `[profile default]`, which goes before `[default]`
};

/// `[name]`, and in the config file `[profile name]`, where only `default` may stand alone.
std::optional<Section> parse_section(std::string_view line, ProfileFile file) {
  const std::size_t end = line.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view rest = trimmed(line.substr(end + 1));
  if (!rest.empty() && !is_comment(rest)) return std::nullopt;
  const std::string_view title = trimmed(line.substr(1, end - 1));
  if (file == ProfileFile::credentials) return Section{std::string(unquoted(title)), true, false};
  const std::size_t blank = title.find_first_of(kBlanks);
  if (blank != std::string_view::npos && title.substr(0, blank) == "profile")
    return Section{std::string(unquoted(trimmed(title.substr(blank)))), true, true};
  return Section{std::string(title), title == kDefault, false};
}

std::string value_of(const Profiles& profiles, std::string_view profile, const std::string& name) {
  const auto section = profiles.find(profile);
  if (section == profiles.end()) return "";
  const auto value = section->second.find(name);
  return value == section->second.end() ? "" : value->second;
}

/// The profiles of one file, line by line.
class Reader {
 public:
  explicit Reader(ProfileFile file) : file_(file) {}

  /// Says what the line is not, when it is nothing.
  Result<void> take(std::string_view whole) {
    const std::string_view line = trimmed(whole);
    if (line.empty() || is_comment(line)) return {};
    const std::size_t indent = whole.find_first_not_of(kBlanks);
    // What is indented further belongs to the value above: a nested one, or its second line.
    if (value_indent_ && indent > *value_indent_) return {};
    return line.starts_with('[') ? take_section(line) : take_value(line, indent);
  }

  Profiles take_profiles() { return std::move(profiles_); }

 private:
  Result<void> take_section(std::string_view line) {
    section_ = parse_section(line, file_);
    value_indent_.reset();
    if (!section_) return fail(ErrorKind::misconfigured, "is not [PROFILE]");
    if (section_->is_profile && section_->name == kDefault) {
      if (section_->has_prefix && !is_default_prefixed_) profiles_.erase(section_->name);
      if (!section_->has_prefix && is_default_prefixed_) section_->is_profile = false;
      is_default_prefixed_ = is_default_prefixed_ || section_->has_prefix;
    }
    if (section_->is_profile) profiles_.try_emplace(section_->name);
    return {};
  }

  Result<void> take_value(std::string_view line, std::size_t indent) {
    if (!section_) return fail(ErrorKind::misconfigured, "stands before any [PROFILE]");
    const std::size_t equals = line.find('=');
    const std::string name = base::lower(trimmed(line.substr(0, equals)));
    if (equals == std::string_view::npos || name.empty())
      return fail(ErrorKind::misconfigured, "is not NAME = VALUE");
    value_indent_ = indent;
    if (!section_->is_profile) return {};
    const std::string_view value = without_comment(trimmed(line.substr(equals + 1)));
    profiles_[section_->name].insert_or_assign(name, std::string(value));
    return {};
  }

  const ProfileFile file_;
  Profiles profiles_;
  std::optional<Section> section_;
  std::optional<std::size_t> value_indent_;  ///< of the value above in the same section
  bool is_default_prefixed_ = false;
};

}  // namespace

Result<Profiles> parse_profiles(std::string_view text, ProfileFile file) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Reader reader(file);
  for (int number = 1; !text.empty(); ++number) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (const auto taken = reader.take(line); !taken)
      return fail(taken.error().kind, fmt::format("line {} {}", number, taken.error().message));
  }
  return reader.take_profiles();
}

Profile find_profile(const Profiles& credentials, const Profiles& config, std::string_view name) {
  const auto value = [&](const std::string& what) {
    std::string text = value_of(credentials, name, what);
    return text.empty() ? value_of(config, name, what) : text;
  };
  Profile profile;
  profile.name = name;
  profile.is_there = credentials.contains(name) || config.contains(name);
  profile.keys.access_key = value("aws_access_key_id");
  profile.keys.secret_key = Secret(value("aws_secret_access_key"));
  profile.keys.session_token = Secret(value("aws_session_token"));
  profile.region = value("region");
  // A role goes before keys, as it does in AWS's tools; what is below is asked only where there are none.
  const bool has_role = !value("role_arn").empty();
  for (const char* source : {"source_profile", "credential_source", "web_identity_token_file"}) {
    if (has_role && profile.other_source.empty() && !value(source).empty()) profile.other_source = source;
  }
  const bool has_keys = !profile.keys.access_key.empty() || !profile.keys.secret_key.empty();
  for (const char* source : {"sso_session", "sso_start_url", "credential_process", "login_session"}) {
    if (!has_keys && profile.other_source.empty() && !value(source).empty()) profile.other_source = source;
  }
  return profile;
}

}  // namespace sdp::store::s3
