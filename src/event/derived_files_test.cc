#include "event/derived_files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "event/decode.h"
#include "event/fields.h"
#include "event/schema.h"

namespace sdp::event {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The whole file with the derived text in it; empty when the file lacks the lines around it.
std::string with_text(const std::string& committed, const DerivedFile& derived) {
  if (derived.begin.empty()) return derived.text;
  const auto begin = committed.find(derived.begin);
  const auto end = committed.find(derived.end);
  if (begin == std::string::npos || end == std::string::npos) return "";
  return committed.substr(0, begin + derived.begin.size()) + derived.text + committed.substr(end);
}

TEST(DerivedFiles, CommittedCopiesAreWhatTheTableGives) {
  const char* source = std::getenv("SDP_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "set SDP_SOURCE_DIR to the top folder, or run through ctest";
  const bool write = std::getenv("SDP_WRITE_DERIVED_FILES") != nullptr;
  for (const DerivedFile& derived : derived_files()) {
    const std::string path = std::string(source) + "/" + std::string(derived.path);
    const std::string committed = read(path);
    const std::string wanted = with_text(committed, derived);
    ASSERT_FALSE(wanted.empty()) << path << " lacks the line " << derived.begin;
    if (write) std::ofstream(path) << wanted;
    EXPECT_EQ(write ? wanted : committed, wanted)
        << path << " is not what src/event/fields.h gives: run this test with SDP_WRITE_DERIVED_FILES=1";
  }
}

TEST(DerivedFiles, TheExampleOfEveryFieldIsValid) {
  std::string json;
  for (const Field& field : kFields) {
    json += (json.empty() ? "{\"" : ",\"") + std::string(field.name) + "\":" + example_json(field);
  }
  const auto verdict = Decoder().decode(json + "}");
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->has_value()) << verdict->error().front().field;
}

}  // namespace
}  // namespace sdp::event
