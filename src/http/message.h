#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/event_stream.h"

namespace sdp::http {

/// What a browser asks, as far as anything here looks at it. Texts as they came.
struct Request {
  std::string method;
  std::string target;  ///< `/data/current.js?x=1`
  std::string host;
  std::string authorization;
  std::string cookie;
  std::string accept_encoding;
  std::string if_none_match;
  std::string fetch_site;       ///< Sec-Fetch-Site: what the browser says of the page that asks
  std::string forwarded_proto;  ///< X-Forwarded-Proto, from a proxy
};

struct Response {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string_view asset;  ///< instead of `body`: bytes of the program itself
  /// Instead of `body`: events, until the stream is closed or the client leaves.
  std::shared_ptr<EventStream> events{};

  std::string_view bytes() const { return asset.empty() ? std::string_view(body) : asset; }
};

/// Answers now or later, once, on any thread.
using Reply = std::function<void(Response)>;
using Handler = std::function<void(const Request&, Reply)>;

}  // namespace sdp::http
