// Values of records: the encoder's judge and verify's, which share no code, agree on every text.

#include "base/check.h"
#include "fuzz/pieces.h"
#include "lake/line.h"
#include "verify/json_judge.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kBytesMax = 2000;
  static sdp::lake::LineEncoder encoder(kBytesMax);
  sdp::log::RecordView record;
  record.value = sdp::fuzz::text_of(data, size);
  std::string line;
  const auto code = encoder.append(line, record);
  const auto second = sdp::verify::judge(record.value, kBytesMax);
  SDP_ASSERT(code.has_value() == second.has_value());
  // A value may have several reasons, of which each names the first that it met.
  if (code) SDP_ASSERT(sdp::verify::is_true_reason(*code, record.value, kBytesMax));
  if (second) SDP_ASSERT(sdp::verify::is_true_reason(*second, record.value, kBytesMax));
  return 0;
}
