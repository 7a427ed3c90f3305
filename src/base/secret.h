#pragma once

#include <fmt/format.h>

#include <ostream>
#include <string>
#include <utility>

namespace sdp::base {

/// A password, key or token. It prints as `***` wherever it is formatted; only `reveal` gives the text, and
/// its callers are the places to review.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  const std::string& reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

inline std::ostream& operator<<(std::ostream& out, const Secret&) {
  return out << "***";
}

}  // namespace sdp::base

namespace sdp {
using base::Secret;
}

template <>
struct fmt::formatter<sdp::base::Secret> : fmt::formatter<fmt::string_view> {
  template <typename Context>
  auto format(const sdp::base::Secret&, Context& context) const {
    return fmt::formatter<fmt::string_view>::format("***", context);
  }
};
