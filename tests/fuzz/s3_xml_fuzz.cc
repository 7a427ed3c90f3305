// Answers of an S3 server, which is not trusted: a complaint fits into a message, and a page of a listing is
// the same when it is written and read again.

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/check.h"
#include "fuzz/pieces.h"
#include "store/s3/s3_encoding.h"
#include "store/s3/s3_xml.h"

namespace sdp::store::s3 {
namespace {

constexpr std::size_t kLongestMax = 200;

bool is_printable(std::string_view text) {
  return text.size() <= kLongestMax &&
         std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

/// Every character of ASCII but letters and digits by its number.
std::string as_xml(std::string_view text) {
  std::string xml;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte >= 0x80 || std::isalnum(byte) != 0;
    xml += plain ? std::string(1, c) : fmt::format("&#{};", byte);
  }
  return xml;
}

std::string as_xml(const ListPage& page) {
  std::string xml = "<ListBucketResult><EncodingType>url</EncodingType>";
  for (const ListedObject& object : page.objects) {
    xml += fmt::format("<Contents><Key>{}</Key><Size>{}</Size></Contents>", percent_encode(object.key, false),
                       object.bytes);
  }
  for (const std::string& folder : page.folders)
    xml += fmt::format("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", percent_encode(folder, false));
  return xml + fmt::format(
                   "<IsTruncated>{}</IsTruncated><NextContinuationToken>{}</NextContinuationToken>"
                   "</ListBucketResult>",
                   page.is_truncated, as_xml(page.next_token));
}

void read_page(std::string_view text) {
  const auto page = parse_list_page(text);
  if (!page) {
    SDP_ASSERT(page.error().kind == ErrorKind::retry);
    return;
  }
  SDP_ASSERT(!page->is_truncated || !page->next_token.empty());
  const auto again = parse_list_page(as_xml(*page));
  SDP_ASSERT(again.has_value());
  SDP_ASSERT(again->folders == page->folders && again->is_truncated == page->is_truncated);
  SDP_ASSERT(again->next_token == page->next_token);
  SDP_ASSERT(std::ranges::equal(again->objects, page->objects, [](const auto& one, const auto& other) {
    return one.key == other.key && one.bytes == other.bytes;
  }));
}

void read_complaint(std::string_view text) {
  const auto complaint = parse_complaint(text);
  if (!complaint) return;
  SDP_ASSERT(is_printable(complaint->code) && is_printable(complaint->message) &&
             is_printable(complaint->region));
}

}  // namespace
}  // namespace sdp::store::s3

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = sdp::fuzz::text_of(data, size);
  sdp::store::s3::read_page(input);
  sdp::store::s3::read_complaint(input);
  return 0;
}
