#include "site/asset.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sdp::site {

std::string_view content_type(std::string_view name) {
  constexpr auto kTypes = std::to_array<std::pair<std::string_view, std::string_view>>({
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".txt", "text/plain; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
  });
  const auto* const found =
      std::ranges::find_if(kTypes, [name](const auto& one) { return name.ends_with(one.first); });
  return found == kTypes.end() ? std::string_view() : found->second;
}

const Asset* find_asset(std::string_view name) {
  const auto all = assets();
  const auto found = std::ranges::find(all, name, &Asset::name);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace sdp::site
