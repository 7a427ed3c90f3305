#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "http/address.h"
#include "http/message.h"

namespace sdp::serve {

using http::Address;
using http::Request;
using http::Response;

/// Who may ask. Pure.
class Access {
 public:
  /// `misconfigured` when the address is not of loopback and there is no token, or when a token is too short
  /// to be one.
  static Result<Access> make(const Address& address, const Secret& token);

  /// Nothing when the request may be answered; else the answer: who asks by another name than loopback's
  /// where only loopback is listened at, and who has no token where one is wanted.
  std::optional<Response> refuse(const Request& request) const;

  /// The cookie and the way to the start page, for somebody who brings the token in the address; nothing for
  /// any other request.
  std::optional<Response> admit(const Request& request) const;

 private:
  Access(bool loopback, const Secret& token);

  bool has_token(const Request& request) const;

  bool loopback_ = true;
  std::string token_digest_;  ///< empty: none is wanted
  std::string cookie_;
};

}  // namespace sdp::serve
