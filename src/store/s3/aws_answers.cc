#include "store/s3/aws_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "base/utc_time.h"
#include "store/s3/s3_error.h"

namespace sdp::store::s3 {
namespace {

/// A code is a word, so that nothing else of an answer can get into a message.
std::string as_code(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.'; };
  return text.size() <= kErrorCodeBytesMax && std::ranges::all_of(text, is_letter) ? std::string(text) : "";
}

std::unexpected<Error> not_credentials(std::string_view why) {
  return fail(ErrorKind::retry, fmt::format("the answer has no credentials ({})", why));
}

Result<Credentials> checked(std::string access_key, std::string secret_key, std::string token,
                            std::string_view expires) {
  Credentials credentials{.access_key = std::move(access_key),
                          .secret_key = Secret(std::move(secret_key)),
                          .session_token = Secret(std::move(token))};
  if (!expires.empty()) {
    credentials.expires = base::parse_iso(expires);
    if (!credentials.expires) return not_credentials("Expiration is not a time");
  }
  if (!check(credentials)) return not_credentials("a key is missing or malformed");
  return credentials;
}

}  // namespace

Result<Credentials> parse_assumed_role(std::string_view xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8))
    return not_credentials("cut or not XML");
  const pugi::xml_node node = document.child("AssumeRoleWithWebIdentityResponse")
                                  .child("AssumeRoleWithWebIdentityResult")
                                  .child("Credentials");
  if (!node) return not_credentials("another document");
  // STS always says when they end; without that they would never be renewed.
  const std::string_view expires = node.child_value("Expiration");
  if (expires.empty()) return not_credentials("no Expiration");
  return checked(node.child_value("AccessKeyId"), node.child_value("SecretAccessKey"),
                 node.child_value("SessionToken"), expires);
}

std::string parse_sts_code(std::string_view xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8)) return "";
  return as_code(document.child("ErrorResponse").child("Error").child_value("Code"));
}

Result<Credentials> parse_credentials_document(std::string_view json) {
  const auto document = nlohmann::json::parse(json, nullptr, false);
  if (!document.is_object()) return not_credentials("cut or not JSON");
  const auto text = [&document](const char* member) {
    const auto found = document.find(member);
    return found != document.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const std::string code = text("Code");
  if (!code.empty() && code != "Success") {
    const std::string shown = as_code(code);
    return fail(ErrorKind::unavailable,
                fmt::format("no credentials are given ({})", shown.empty() ? "no reason" : shown));
  }
  return checked(text("AccessKeyId"), text("SecretAccessKey"), text("Token"), text("Expiration"));
}

}  // namespace sdp::store::s3
