#pragma once

#include <span>
#include <string_view>

namespace sdp::site {

/// A file of the pages, in the program itself. Its bytes live as long as the process.
struct Asset {
  std::string_view name;  ///< `index.html`
  std::string_view type;  ///< `text/html; charset=utf-8`
  std::string_view bytes;
  std::string_view gzip;    ///< the same bytes, compressed; empty where that is not shorter
  std::string_view digest;  ///< of the bytes
};

/// What a browser is told of a file with this name; empty for one that is none of the pages'.
std::string_view content_type(std::string_view name);

/// What `web/build` made, by name.
std::span<const Asset> assets();

/// Null when there is none of this name.
const Asset* find_asset(std::string_view name);

}  // namespace sdp::site
