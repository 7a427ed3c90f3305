#include "settings/env_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/result.h"

namespace sdp::settings {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kBlanks = " \t\r\v\f";
/// `${A:-${B:-...}}` ends somewhere.
constexpr int kNestingMax = 16;

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool is_name_character(char c) {
  return is_letter(c) || (c >= '0' && c <= '9');
}

/// The name that the text begins with; empty when it begins with none.
std::string_view leading_name(std::string_view text) {
  if (text.empty() || !is_letter(text.front())) return {};
  const auto* const end = std::ranges::find_if_not(text, is_name_character);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

/// The same for the name before a value, which other programs allow more than we do.
std::string_view leading_key(std::string_view text) {
  if (text.empty() || !is_letter(text.front())) return {};
  const auto* const end =
      std::ranges::find_if_not(text, [](char c) { return is_name_character(c) || c == '.' || c == '-'; });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

/// Reasons are told to people, values never are.
std::unexpected<Error> unreadable(std::string reason) {
  return fail(ErrorKind::misconfigured, std::move(reason));
}

/// Replaces variables in a value.
class Expander {
 public:
  explicit Expander(const LookUp& look_up) : look_up_(look_up) {}

  Result<std::string> expand(std::string_view text, int nesting = 0) const {
    if (nesting > kNestingMax) return unreadable("has too many ${ inside each other");
    std::string out;
    while (!text.empty()) {
      const auto dollar = std::min(text.find('$'), text.size());
      out += text.substr(0, dollar);
      text.remove_prefix(dollar);
      if (text.empty()) break;
      text.remove_prefix(1);
      if (text.starts_with('$')) {
        out += '$';
        text.remove_prefix(1);
      } else if (text.starts_with('{')) {
        SDP_TRY(const std::size_t end, closing_brace(text));
        SDP_TRY(const std::string value, braced(text.substr(1, end - 1), nesting));
        out += value;
        text.remove_prefix(end + 1);
      } else {
        const std::string_view name = leading_name(text);
        if (name.empty())
          return unreadable("has a $ before no name; write $$, or put the value in single quotes");
        out += value_of(name).value_or("");
        text.remove_prefix(name.size());
      }
    }
    return out;
  }

 private:
  /// Where the `}` is that belongs to the `{` at the text's begin.
  static Result<std::size_t> closing_brace(std::string_view text) {
    int open = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (at == 0 || (text[at] == '{' && text[at - 1] == '$')) ++open;
      if (text[at] == '}' && --open == 0) return at;
    }
    return unreadable("has a ${ without its }");
  }

  std::optional<std::string> value_of(std::string_view name) const { return look_up_(std::string(name)); }

  /// What stands for `${text}`.
  Result<std::string> braced(std::string_view text, int nesting) const {
    const std::string_view name = leading_name(text);
    std::string_view rest = text.substr(name.size());
    if (name.empty()) return unreadable("has a ${ before no name");
    auto value = value_of(name);
    if (rest.empty()) return value.value_or("");
    // With a colon an empty value counts as none.
    if (rest.starts_with(':')) {
      if (value && value->empty()) value.reset();
      rest.remove_prefix(1);
    }
    if (rest.empty()) return unreadable("has a ${NAME:} that asks for nothing");
    const char operation = rest.front();
    rest.remove_prefix(1);
    switch (operation) {
      case '-':
        return value ? Result<std::string>(*std::move(value)) : expand(rest, nesting + 1);
      case '+':
        return value ? expand(rest, nesting + 1) : Result<std::string>(std::string());
      case '?':
        if (value) return *std::move(value);
        return unreadable("needs " + std::string(name) + ", which is not set");
      default:
        return unreadable("has a ${NAME...} that is none of ${NAME}, :-, -, :+, +, :? and ?");
    }
  }

  const LookUp& look_up_;
};

/// What `\` and the character behind it stand for in double quotes; nothing when both stand for themselves.
std::optional<std::string_view> escaped(char c) {
  static constexpr std::array<std::pair<char, std::string_view>, 10> kEscapes = {
      {{'a', "\a"},
       {'b', "\b"},
       {'f', "\f"},
       {'n', "\n"},
       {'r', "\r"},
       {'t', "\t"},
       {'v', "\v"},
       // `$$` is what the expansion takes for one.
       {'$', "$$"},
       {'"', "\""},
       {'\\', "\\"}}};
  const auto* const at = std::ranges::find(kEscapes, c, &std::pair<char, std::string_view>::first);
  if (at == kEscapes.end()) return std::nullopt;
  return at->second;
}

/// A value as it stands in the text.
struct RawValue {
  std::string text;
  bool is_literal = false;  ///< in single quotes
  std::size_t end = 0;      ///< behind the value, and a comment
};

/// Reads the text line by line; a quoted value takes as many as it has.
class EnvParser {
 public:
  EnvParser(std::string_view text, const LookUp& environment) : rest_(text), environment_(environment) {
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  EnvText parse() {
    while (!rest_.empty()) read_line();
    return std::move(found_);
  }

 private:
  std::string_view line() const { return rest_.substr(0, rest_.find('\n')); }

  /// Goes on behind the line in which offset `at` is.
  void skip_line(std::size_t at = 0) {
    const auto end = rest_.find('\n', at);
    const std::size_t taken = end == std::string_view::npos ? rest_.size() : end + 1;
    line_ += static_cast<int>(std::ranges::count(rest_.substr(0, taken), '\n'));
    rest_.remove_prefix(taken);
  }

  void read_line() {
    std::string_view text = base::trimmed_front(line(), kBlanks);
    constexpr std::string_view kExport = "export";
    if (text.starts_with(kExport) && text.size() > kExport.size() && kBlanks.contains(text[kExport.size()]))
      text = base::trimmed_front(text.substr(kExport.size()), kBlanks);
    const std::string name(leading_key(text));
    text = base::trimmed_front(text.substr(name.size()), kBlanks);
    if (name.empty() || (!text.starts_with('=') && !text.starts_with(':'))) {
      if (!name.empty() && !text.empty() && !text.starts_with('#'))
        note(name, "is neither NAME=value nor a comment", false);
      return skip_line();
    }
    text = base::trimmed_front(text.substr(1), kBlanks);
    const auto begin = static_cast<std::size_t>(text.data() - rest_.data());
    const auto raw = text.starts_with('"') || text.starts_with('\'') ? quoted(begin) : plain(begin);
    if (!raw) {
      note(name, raw.error().message);
      return skip_line();
    }
    auto value = raw->is_literal ? Result<std::string>(raw->text) : expanded(raw->text);
    if (value && value->contains('\0')) value = unreadable("has a NUL byte in its value");
    if (value) {
      found_.variables.insert_or_assign(name, EnvLine{*std::move(value), line_});
    } else {
      note(name, value.error().message);
    }
    skip_line(raw->end);
  }

  void note(const std::string& name, std::string reason, bool sets = true) {
    found_.problems.push_back({name, line_, std::move(reason), sets});
  }

  Result<RawValue> plain(std::size_t begin) const {
    const std::string_view text = line().substr(begin);
    return RawValue{.text = std::string(base::trimmed_back(text.substr(0, text.find(" #")), kBlanks)),
                    .is_literal = false,
                    .end = begin};
  }

  Result<RawValue> quoted(std::size_t begin) const {
    const char quote = rest_[begin];
    RawValue value{.text = {}, .is_literal = quote == '\'', .end = 0};
    for (std::size_t at = begin + 1; at < rest_.size(); ++at) {
      const char c = rest_[at];
      if (c == quote) {
        value.end = at + 1;
        return closed(std::move(value));
      }
      const char next = c == '\\' && at + 1 < rest_.size() ? rest_[at + 1] : '\0';
      const auto stands_for = value.is_literal
                                  ? (next == '\'' ? std::optional<std::string_view>("'") : std::nullopt)
                                  : escaped(next);
      if (next != '\0' && stands_for) {
        value.text += *stands_for;
        ++at;
      } else {
        value.text += c;
      }
    }
    return unreadable("has a quote that is not closed");
  }

  /// Behind the closing quote there may be a comment.
  Result<RawValue> closed(RawValue value) const {
    std::string_view behind = rest_.substr(value.end);
    behind = base::trimmed_front(behind.substr(0, behind.find('\n')), kBlanks);
    if (behind.empty() || behind.starts_with('#')) return value;
    return unreadable("has text behind the closing quote");
  }

  Result<std::string> expanded(std::string_view text) const {
    const LookUp look_up = [this](const std::string& name) -> std::optional<std::string> {
      if (auto value = environment_(name)) return value;
      const auto line = found_.variables.find(name);
      return line == found_.variables.end() ? std::nullopt : std::optional(line->second.value);
    };
    return Expander(look_up).expand(text);
  }

  std::string_view rest_;
  int line_ = 1;
  const LookUp& environment_;
  EnvText found_;
};

}  // namespace

EnvText parse_env(std::string_view text, const LookUp& environment) {
  return EnvParser(text, environment).parse();
}

}  // namespace sdp::settings
