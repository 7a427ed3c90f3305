#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <vector>

#include "base/check.h"
#include "event/decode.h"
#include "event/encode.h"
#include "simulate/event_source.h"
#include "simulate/oracle.h"
#include "simulate/oracle_file.h"

// Events per second of CPU time of one core, so that a busy machine tells little: generated, generated and
// encoded, and all of it with the oracle and its file. Medians of rounds, each of which goes through all
// mixes, so that what changes on the machine meanwhile changes all of them.

namespace sdp::simulate {
namespace {

constexpr std::size_t kRounds = 5;

enum class Work { generate, encode, oracle, decode };

struct Measurement {
  std::string_view mix;
  Profile profile;
  std::uint32_t users;
  Work work;
  std::string_view label;
  std::vector<double> rates{};
  double bytes = 0;
  double file_bytes = 0;
};

void measure(Measurement& measurement) {
  constexpr std::uint64_t kEvents = 2'000'000;
  const SimulationSpec spec{.profile = measurement.profile,
                            .start = std::chrono::sys_days(std::chrono::year(2026) / 2 / 15),
                            .events = kEvents,
                            .users = measurement.users};
  const Work work = measurement.work;
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
  measurement.rates.push_back(kEvents / seconds / 1e6);
  measurement.bytes = static_cast<double>(bytes) / kEvents;
  measurement.file_bytes = static_cast<double>(file_bytes) / kEvents;
}

}  // namespace
}  // namespace sdp::simulate

int main() {
  using namespace sdp::simulate;
  std::vector<Measurement> all;
  for (const auto& [work, label] : {std::pair{Work::generate, "generate"},
                                    {Work::encode, "generate, encode"},
                                    {Work::oracle, "generate, encode, oracle"},
                                    {Work::decode, "generate, encode, decode"}}) {
    all.push_back({"seed", Profile::seed, 20, work, label});
    for (const std::uint32_t users : {1'000U, 100'000U}) {
      all.push_back({"realistic", Profile::realistic, users, work, label});
      all.push_back({"listeners", Profile::listeners, users, work, label});
    }
    all.push_back({"listeners", Profile::listeners, 10'000'000, work, label});
  }
  for (std::size_t round = 0; round < kRounds; ++round) {
    for (Measurement& one : all) measure(one);
  }
  for (Measurement& one : all) {
    std::ranges::sort(one.rates);
    fmt::print(
        "{:<10} {:>8} users  {:<26} {:>6.2f} M events/s ({:.2f} to {:.2f})  {:>5.1f} bytes/event  {:>5.1f} "
        "in the "
        "oracle's file\n",
        one.mix, one.users, one.label, one.rates[kRounds / 2], one.rates.front(), one.rates.back(), one.bytes,
        one.file_bytes);
  }
}
