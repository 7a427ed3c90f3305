#include <fmt/core.h>

#include <chrono>
#include <ctime>

#include "base/check.h"
#include "event/decode.h"
#include "event/encode.h"
#include "simulate/event_source.h"
#include "simulate/oracle.h"
#include "simulate/oracle_file.h"

// Events per second of CPU time of one core, so that a busy machine does not tell: generated, generated and
// encoded, and all of it with the oracle and its file.

namespace sdp::simulate {
namespace {

enum class Work { generate, encode, oracle, decode };

std::string_view name_of(Profile profile) {
  return profile == Profile::seed ? "seed" : profile == Profile::realistic ? "realistic" : "listeners";
}

void measure(Profile profile, std::uint32_t users, Work work, std::string_view label) {
  constexpr std::uint64_t kEvents = 2'000'000;
  const SimulationSpec spec{.profile = profile,
                            .start = std::chrono::sys_days(std::chrono::year(2026) / 2 / 15),
                            .events = kEvents,
                            .users = users};
  const auto source = open_source(spec);
  SDP_ASSERT(source);
  event::ListeningEvent event;
  event::Decoder decoder;
  Oracle oracle;
  std::string json;
  std::uint64_t bytes = 0;
  std::uint64_t file_bytes = 0;
  const std::clock_t start = std::clock();
  while ((*source)->next(event)) {
    if (work == Work::generate) continue;
    json.clear();
    event::append_json(json, event);
    bytes += json.size();
    if (work == Work::oracle) oracle.add(event);
    if (work == Work::decode) SDP_ASSERT(decoder.decode(json).value());
  }
  if (work == Work::oracle) {
    const auto written = write_oracle(oracle, {}, {spec.start, spec.start}, [&](std::string_view text) {
      file_bytes += text.size();
      return Result<void>();
    });
    SDP_ASSERT(written);
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  fmt::print("{:<10} {:>8} users  {:<26} {:>6.2f} M events/s  {:>5.1f} bytes/event  {:>5.1f} in the oracle's file\n",
             name_of(profile), users, label, kEvents / seconds / 1e6,
             static_cast<double>(bytes) / kEvents, static_cast<double>(file_bytes) / kEvents);
}

}  // namespace
}  // namespace sdp::simulate

int main() {
  using namespace sdp::simulate;
  for (const auto& [profile, users] :
       {std::pair{Profile::seed, 20U}, {Profile::realistic, 1'000U}, {Profile::realistic, 100'000U}, {Profile::listeners, 1'000U}, {Profile::listeners, 100'000U}, {Profile::listeners, 10'000'000U}}) {
    measure(profile, users, Work::generate, "generate");
    measure(profile, users, Work::encode, "generate, encode");
    measure(profile, users, Work::oracle, "generate, encode, oracle");
    measure(profile, users, Work::decode, "generate, encode, decode");
  }
}
