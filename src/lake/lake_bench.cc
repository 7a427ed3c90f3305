#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "lake/compression.h"
#include "lake/line.h"

// What one core does for one event of the usual size, in CPU time: `ninja lake_bench`, then run it.

namespace sdp::lake {
namespace {

constexpr std::size_t kEvents = 10'000;

/// Events of about 350 bytes, as the simulator makes them but for the values.
std::vector<std::string> events(std::string_view song) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < kEvents; ++i) {
    const std::string digits = std::to_string(10'000'000 + i * 7919);
    values.push_back(R"({"event_id":"00112233-4455-4677-8899-aabb)" + digits + R"(","event_type":"play",)" +
                     R"("user_id":"881dc191-47cf-4642-b4b2-9334)" + digits + R"(",)" +
                     R"("song_id":"74a42680-ff06-55cf-9f7b-426cd71bda2b","song_name":")" + std::string(song) +
                     R"(",)" + R"("artist_name":"The Weeknd","device_type":"mobile","country":"CA",)" +
                     R"("timestamp":"2026-02-15T17:52:36.123Z","session_id":"c162de85-8cfe-40c9-889e-6952)" +
                     digits + R"(","position_ms":0,"duration_ms":200040})");
  }
  return values;
}

log::RecordView record_of(const std::string& value, std::size_t offset) {
  return {.partition = 3,
          .offset = static_cast<log::Offset>(offset),
          .timestamp = UtcMillis(std::chrono::milliseconds(1771177956123)),
          .key = "881dc191-47cf-4642-b4b2-9334c488cd67",
          .value = value,
          .headers = {}};
}

void encode_all(LineEncoder& encoder, const std::vector<std::string>& values, std::string& out) {
  for (std::size_t i = 0; i < values.size(); ++i) encoder.append(out, record_of(values[i], i));
}

void count(benchmark::State& state, std::size_t bytes_each_round) {
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kEvents));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes_each_round));
}

void encode(benchmark::State& state, std::string_view song) {
  const auto values = events(song);
  LineEncoder encoder;
  std::string out;
  for (auto _ : state) {
    out.clear();
    encode_all(encoder, values, out);
    benchmark::DoNotOptimize(out.data());
  }
  std::size_t bytes = 0;
  for (const std::string& value : values) bytes += value.size();
  state.counters["bytes_an_event"] = static_cast<double>(bytes) / kEvents;
  count(state, bytes);
}
BENCHMARK_CAPTURE(encode, usual, "Blinding Lights")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode, judged_twice, "Blinding \\ud83d\\udca1")->Unit(benchmark::kMillisecond);

void decode(benchmark::State& state) {
  LineEncoder encoder;
  std::vector<std::string> lines;
  std::size_t bytes = 0;
  for (const std::string& value : events("Blinding Lights")) {
    std::string& line = lines.emplace_back();
    encoder.append(line, record_of(value, lines.size()));
    line.pop_back();
    bytes += line.size();
  }
  LineDecoder decoder;
  for (auto _ : state) {
    for (const std::string& line : lines) benchmark::DoNotOptimize(decoder.decode(line));
  }
  count(state, bytes);
}
BENCHMARK(decode)->Unit(benchmark::kMillisecond);

std::string body() {
  LineEncoder encoder;
  std::string out;
  encode_all(encoder, events("Blinding Lights"), out);
  return out;
}

void pack(benchmark::State& state, Compression compression) {
  const std::string lines = body();
  for (auto _ : state) benchmark::DoNotOptimize(compress(compression, lines));
  count(state, lines.size());
}
BENCHMARK_CAPTURE(pack, gzip, Compression::gzip)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(pack, zstd, Compression::zstd)->Unit(benchmark::kMillisecond);

void unpack(benchmark::State& state, Compression compression) {
  const std::string lines = body();
  const std::string packed = compress(compression, lines).value();
  for (auto _ : state) benchmark::DoNotOptimize(decompress(compression, packed, kObjectBytesMax));
  state.counters["times_smaller"] = static_cast<double>(lines.size()) / static_cast<double>(packed.size());
  count(state, lines.size());
}
BENCHMARK_CAPTURE(unpack, gzip, Compression::gzip)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(unpack, zstd, Compression::zstd)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sdp::lake

BENCHMARK_MAIN();
