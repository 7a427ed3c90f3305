#include "store/s3/s3_xml.h"

#include <fmt/format.h>

#include <charconv>
#include <pugixml.hpp>

#include "store/s3/s3_encoding.h"
#include "store/s3/s3_error.h"

namespace sdp::store::s3 {
namespace {

constexpr std::size_t kMessageBytesMax = 200;

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string line;
  for (const char c : text.substr(0, bytes_max)) line += c >= 0x20 && c <= 0x7E ? c : '?';
  return line;
}

// pugixml expands no entities but the five of XML and reads no DTD, so a document cannot grow or reach for
// files.
bool load(pugi::xml_document& document, std::string_view xml) {
  return static_cast<bool>(
      document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8));
}

std::unexpected<Error> not_a_list(std::string_view why) {
  return fail(ErrorKind::retry, fmt::format("the answer is not a whole object list ({})", why));
}

std::optional<std::string> text_of(const pugi::xml_node& node, const char* child, bool is_encoded) {
  const char* text = node.child_value(child);
  return is_encoded ? percent_decode(text) : std::string(text);
}

Result<ListedObject> parse_object(const pugi::xml_node& node, bool is_encoded) {
  auto key = text_of(node, "Key", is_encoded);
  const std::string_view size = node.child_value("Size");
  ListedObject object;
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), object.bytes);
  if (!key || key->empty() || error != std::errc() || end != size.data() + size.size()) {
    return not_a_list("an object without key or size");
  }
  object.key = std::move(*key);
  return object;
}

}  // namespace

std::optional<S3Complaint> parse_complaint(std::string_view xml) {
  pugi::xml_document document;
  if (!load(document, xml)) return std::nullopt;
  const pugi::xml_node error = document.child("Error");
  if (!error) return std::nullopt;
  return S3Complaint{printable(error.child_value("Code"), kErrorCodeBytesMax),
                     printable(error.child_value("Message"), kMessageBytesMax),
                     printable(error.child_value("Region"), kErrorCodeBytesMax)};
}

Result<ListPage> parse_list_page(std::string_view xml) {
  pugi::xml_document document;
  if (!load(document, xml)) return not_a_list("cut or not XML");
  const pugi::xml_node root = document.child("ListBucketResult");
  if (!root) return not_a_list("another document");
  const bool is_encoded = std::string_view(root.child_value("EncodingType")) == "url";
  ListPage page;
  for (const pugi::xml_node& node : root.children("Contents")) {
    SDP_TRY(ListedObject object, parse_object(node, is_encoded));
    page.objects.push_back(std::move(object));
  }
  for (const pugi::xml_node& node : root.children("CommonPrefixes")) {
    auto folder = text_of(node, "Prefix", is_encoded);
    if (!folder || folder->empty()) return not_a_list("a folder without name");
    page.folders.push_back(std::move(*folder));
  }
  page.is_truncated = std::string_view(root.child_value("IsTruncated")) == "true";
  page.next_token = root.child_value("NextContinuationToken");
  if (page.is_truncated && page.next_token.empty()) return not_a_list("no token for the next page");
  return page;
}

std::string format_create_bucket(std::string_view region) {
  if (region == "us-east-1") return "";
  return fmt::format(
      "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<LocationConstraint>{}</LocationConstraint></CreateBucketConfiguration>",
      region);
}

}  // namespace sdp::store::s3
