#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
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
  std::string last_event_id;    ///< Last-Event-ID: what a stream that was lost had come to
};

/// A body that is made as it is sent, so that a slow client holds one piece of it and not the whole.
struct Pieces {
  static constexpr std::size_t kBytesMax = std::size_t{64} << 10;  ///< of one piece, about

  std::optional<std::uint64_t> size;            ///< of all pieces, where that is known before
  std::function<Result<std::string>()> next{};  ///< empty: there are no more; an error cuts the answer off
};

struct Response {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string_view asset;          ///< instead of `body`: bytes of the program itself
  std::optional<Pieces> pieces{};  ///< instead of `body`: what is too large to be held for one client
  /// Instead of `body`: events, until the stream is closed or the client leaves.
  std::shared_ptr<EventStream> events{};

  std::string_view bytes() const { return asset.empty() ? std::string_view(body) : asset; }
};

/// Answers now or later, once, on any thread.
using Reply = std::function<void(Response)>;
using Handler = std::function<void(const Request&, Reply)>;

}  // namespace sdp::http
