#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sdp::settings {

/// A variable of a `.env` text.
struct EnvLine {
  std::string value;
  int line = 0;  ///< where its name stands; the first line is 1
};

/// A line whose value cannot be read; the reason never has the value in it.
struct EnvProblem {
  std::string name;
  int line = 0;
  std::string reason;
  bool sets = false;  ///< it stands as NAME=value
};

/// What a `.env` text sets, as far as it can be read.
struct EnvText {
  std::map<std::string, EnvLine> variables;
  std::vector<EnvProblem> problems;
};

/// A variable's value; nothing when it is not set.
using LookUp = std::function<std::optional<std::string>(const std::string& name)>;

/// Reads a `.env` text as Docker Compose does:
///  * `NAME=value` or `NAME: value`, `export ` before it if wanted; blank lines and those that begin with `#`
///    say nothing. A name without a value sets nothing. The last line of a name counts.
///  * A plain value ends with its line, or before ` #`; blanks around it are not part of it.
///  * In single quotes a value is literal, but for `\'`. In double quotes `\n`, `\t`, `\"`, `\\`, `\$` and
///  the
///    like stand for characters. Both may go over several lines; only a comment may follow the closing quote.
///  * `$NAME`, `${NAME}`, `${NAME:-otherwise}`, `${NAME-otherwise}`, `${NAME:+instead}`, `${NAME+instead}`,
///    `${NAME:?reason}` and `${NAME?reason}` are replaced in plain values and in double quotes, `$$` is `$`.
///    `environment` is asked first, then the lines above; what nobody sets is empty.
///  * A byte order mark and CR LF are allowed.
/// Lines that are nothing of that are passed over: the file may be somebody else's.
EnvText parse_env(std::string_view text, const LookUp& environment);

}  // namespace sdp::settings
