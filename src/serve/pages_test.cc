#include "serve/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "base/utc_time.h"
#include "os/files.h"
#include "serve/gzip.h"
#include "site/asset.h"
#include "site/publications.h"
#include "support/publication.h"
#include "support/temporary_folder.h"

namespace sdp::serve {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

std::string unpacked(std::string_view packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string text(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

class PagesTest : public testing::Test {
 protected:
  Response get(std::string target, std::string encoding = {}, std::string tag = {}) {
    Request request;
    request.method = "GET";
    request.target = std::move(target);
    request.host = "localhost:1";
    request.accept_encoding = std::move(encoding);
    request.if_none_match = std::move(tag);
    std::optional<Response> answer;
    pages_.answer(request, [&answer](Response response) { answer = std::move(response); });
    return answer.value();
  }
  /// All of an answer, however it is sent.
  static std::string text_of(const Response& response) {
    if (!response.pieces) return std::string(response.bytes());
    std::string text;
    for (;;) {
      const std::string piece = response.pieces->next().value();
      EXPECT_LE(piece.size(), http::Pieces::kBytesMax + 1024);
      if (piece.empty()) return text;
      text += piece;
    }
  }
  static std::string header(const Response& response, std::string_view name) {
    for (const auto& [one, value] : response.headers) {
      if (one == name) return value;
    }
    return {};
  }
  fs::path publish() {
    clock_.advance(std::chrono::milliseconds(1));
    return support::publish_snapshot(root_, clock_);
  }

  support::TemporaryFolder temporary_;
  fs::path root_ = temporary_.path() / "published";
  base::ManualClock clock_{*base::parse_iso("2026-02-15T17:52:36.123Z")};
  Pages pages_{
      Access::make({.ip = "127.0.0.1", .port = 1}, {}).value(),
      {.published = {root_}, .nothing_yet = "Nothing yet. Run: x", .how_to_move = "Run: y"},
      [](const std::function<void(std::string)>& reply) { reply("sdp.receive(\"services\", {});\n"); },
      nullptr,
      clock_};
};

TEST_F(PagesTest, TheStartPageIsTheIndex) {
  const Response response = get("/");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.bytes(), site::find_asset("index.html")->bytes);
  EXPECT_EQ(header(response, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(get("/?song=1").bytes(), response.bytes());
  EXPECT_EQ(get("/index.html").bytes(), response.bytes());
}

TEST_F(PagesTest, WhereNobodyLooksAtLogAndLakeItIsSaidHow) {
  const Response response = get("/live/status");
  EXPECT_EQ(response.status, 404U);
  EXPECT_EQ(response.bytes(), "Run: y\n");
  EXPECT_THAT(std::string(get("/data/current.js").bytes()),
              HasSubstr(R"("moves":{"on":false,"how":"Run: y"})"));
}

TEST_F(PagesTest, EveryAnswerHasTheHeadersThatKeepPagesToThemselves) {
  publish();
  for (const char* target :
       {"/", "/nothing", "/data/current.js", "/data/services.js", "/data/x/y.js", "/live/status", "x"}) {
    const Response response = get(target);
    EXPECT_THAT(header(response, "Content-Security-Policy"), HasSubstr("default-src 'none'")) << target;
    EXPECT_THAT(header(response, "Content-Security-Policy"), HasSubstr("frame-ancestors 'none'")) << target;
    EXPECT_THAT(header(response, "Content-Security-Policy"), Not(HasSubstr("unsafe"))) << target;
    EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff") << target;
    EXPECT_EQ(header(response, "Referrer-Policy"), "no-referrer") << target;
    EXPECT_EQ(header(response, "Cross-Origin-Resource-Policy"), "same-origin") << target;
    EXPECT_NE(header(response, "Cache-Control"), "") << target;
  }
}

TEST_F(PagesTest, APageIsSentAgainOnlyWhenItChanged) {
  const std::string tag = header(get("/"), "ETag");
  ASSERT_NE(tag, "");
  const Response again = get("/", {}, tag);
  EXPECT_EQ(again.status, 304U);
  EXPECT_EQ(again.bytes(), "");
  EXPECT_EQ(get("/", {}, "\"other\"").status, 200U);
}

TEST_F(PagesTest, WhatIsLongIsCompressedForThoseWhoTakeIt) {
  for (const site::Asset& asset : site::assets()) {
    const Response packed = get("/" + std::string(asset.name), "br, gzip");
    const bool short_form = !asset.gzip.empty();
    EXPECT_EQ(header(packed, "Content-Encoding"), short_form ? "gzip" : "") << asset.name;
    EXPECT_EQ(packed.bytes(), short_form ? asset.gzip : asset.bytes) << asset.name;
    EXPECT_EQ(get("/" + std::string(asset.name)).bytes(), asset.bytes);
  }
}

TEST_F(PagesTest, NothingYetSaysWhatToRun) {
  const Response response = get("/data/current.js");
  EXPECT_EQ(response.status, 200U);
  EXPECT_THAT(response.body, HasSubstr("\"publications\":[],\"message\":\"Nothing yet. Run: x\""));
  EXPECT_EQ(header(response, "Cache-Control"), "no-cache");
}

TEST_F(PagesTest, APublicationIsSeenWhenItIsThere) {
  EXPECT_THAT(get("/data/current.js").body, HasSubstr("\"publications\":[]"));
  const fs::path first = publish();
  EXPECT_THAT(get("/data/current.js").body, HasSubstr(first.filename().string()));
  const fs::path second = publish();
  EXPECT_THAT(get("/data/current.js").body, HasSubstr(second.filename().string()));
  EXPECT_THAT(get("/data/current.js").body, HasSubstr("\"message\":null"));
}

TEST_F(PagesTest, WhatIsPublishedNeverChangesButForItsProof) {
  const fs::path folder = publish();
  const std::string base = "/data/" + folder.filename().string();
  const Response snapshot = get(base + "/snapshot.js");
  EXPECT_EQ(snapshot.pieces->size, site::read_part(folder, "snapshot").value()->size());
  EXPECT_EQ(text_of(snapshot), site::read_part(folder, "snapshot").value());
  EXPECT_THAT(header(snapshot, "Cache-Control"), HasSubstr("immutable"));
  EXPECT_EQ(header(snapshot, "Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_THAT(header(get(base + "/mart_top_songs.js"), "Cache-Control"), HasSubstr("immutable"));
  EXPECT_EQ(header(get(base + "/proof.js"), "Cache-Control"), "no-cache");
}

TEST_F(PagesTest, APublicationThatIsGoneIsNotFound) {
  const std::string id = publish().filename();
  publish();
  EXPECT_EQ(get("/data/" + id + "/snapshot.js").status, 200U);
  publish();
  const Response gone = get("/data/" + id + "/snapshot.js");
  EXPECT_EQ(gone.status, 404U);
  EXPECT_THAT(gone.body, HasSubstr("replaced by a newer one"));
}

TEST_F(PagesTest, ADamagedFileIsNamedAndTheServerGoesOn) {
  const fs::path folder = publish();
  support::spoil(folder / "mart_top_songs.json", "{\"version\": 1,");
  const std::string current = get("/data/current.js").body;
  EXPECT_THAT(current, HasSubstr("mart_top_songs.json"));
  EXPECT_THAT(current, HasSubstr("spotify-pipeline publish"));
  EXPECT_EQ(get("/data/" + folder.filename().string() + "/mart_top_songs.js").status, 500U);
  EXPECT_EQ(get("/").status, 200U);
}

TEST_F(PagesTest, NothingButWhatIsThereHasAName) {
  const std::string id = publish().filename();
  support::spoil(temporary_.path() / "secret.json", "{}");
  const std::string folder = "/data/" + id;
  const std::vector<std::string> targets = {"/nothing",
                                            "//index.html",
                                            "/../index.html",
                                            "/%2e%2e/x",
                                            "/index.html/",
                                            "/data/",
                                            "/data",
                                            folder,
                                            folder + "/",
                                            folder + "/snapshot.json",
                                            folder + "/report.js",
                                            folder + "/../../secret.js",
                                            "/data/../secret.js",
                                            "/data/current/snapshot.js",
                                            folder + "/%73napshot.js",
                                            folder + "/mart_../../../secret.js",
                                            "/dbt/index.html",
                                            "/dbt/",
                                            "/.draft",
                                            "/etc/passwd"};
  for (const std::string& target : targets) EXPECT_EQ(get(target).status, 404U) << target;
  EXPECT_EQ(get("http://localhost:1/").status, 400U);
  EXPECT_EQ(get("").status, 400U);
  EXPECT_EQ(get("*").status, 400U);
}

TEST_F(PagesTest, TheReportHasItsOwnStylesAndNoScript) {
  const fs::path folder = publish();
  const std::string target = "/data/" + folder.filename().string() + "/report.html";
  EXPECT_EQ(get(target).status, 404U);
  ASSERT_TRUE(publish::add_to_publication(folder, "report.html", "<html>"));
  const Response response = get(target);
  EXPECT_EQ(text_of(response), "<html>");
  EXPECT_EQ(header(response, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(header(response, "Cache-Control"), "no-cache");
  EXPECT_THAT(header(response, "Content-Security-Policy"),
              HasSubstr("default-src 'none'; style-src 'unsafe-inline'"));
  EXPECT_THAT(header(response, "Content-Security-Policy"), Not(HasSubstr("script-src")));
}

TEST_F(PagesTest, DbtsPageRunsAsItIsAndReachesNothing) {
  fs::create_directories(root_ / "dbt");
  support::spoil(root_ / "dbt/index.html", "<html>" + std::string(4096, ' '));
  const Response response = get("/dbt/index.html", "gzip");
  EXPECT_EQ(unpacked(text_of(response)), "<html>" + std::string(4096, ' '));
  EXPECT_THAT(header(response, "Content-Security-Policy"),
              HasSubstr("default-src 'none'; script-src 'unsafe-inline'"));
  EXPECT_THAT(get("/data/current.js").body, HasSubstr("\"dbt_docs\":\"dbt/index.html\""));
}

TEST_F(PagesTest, APublishedFileIsSentAgainOnlyWhenItChanged) {
  const fs::path folder = publish();
  const std::string base = "/data/" + folder.filename().string();
  const std::string tag = header(get(base + "/mart_top_songs.js"), "ETag");
  ASSERT_NE(tag, "");
  const Response again = get(base + "/mart_top_songs.js", {}, tag);
  EXPECT_EQ(again.status, 304U);
  EXPECT_FALSE(again.pieces);
  EXPECT_EQ(header(again, "ETag"), tag);
  const std::string unproved = header(get(base + "/proof.js"), "ETag");
  ASSERT_TRUE(publish::add_to_publication(
      folder, "proof.json",
      fmt::format(R"({{"version": 1, "snapshot": "{}"}})", folder.filename().string())));
  EXPECT_EQ(get(base + "/proof.js", {}, unproved).status, 200U);
}

TEST_F(PagesTest, ALargeMartIsSentInPiecesAlsoWhenItIsPacked) {
  const fs::path folder = publish();
  const std::string id = folder.filename();
  std::string rows;
  while (rows.size() < 10 * http::Pieces::kBytesMax) rows += fmt::format("[{}],", rows.size() * 7919);
  support::spoil(folder / "mart_top_songs.json",
                 fmt::format(R"({{"version": 1, "snapshot": "{}", "rows": [{}[0]]}})", id, rows));
  const std::string whole = site::read_part(folder, "mart_top_songs").value().value();
  const Response plain = get("/data/" + id + "/mart_top_songs.js");
  EXPECT_EQ(plain.pieces->size, whole.size());
  EXPECT_EQ(text_of(plain), whole);
  const Response packed = get("/data/" + id + "/mart_top_songs.js", "gzip");
  EXPECT_EQ(packed.pieces->size, std::nullopt);
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_NE(header(packed, "ETag"), header(plain, "ETag"));
  EXPECT_EQ(unpacked(text_of(packed)), whole);
}

TEST_F(PagesTest, APublicationThatIsRemovedWhileItIsSentIsSentToItsEnd) {
  const fs::path folder = publish();
  const std::string whole = site::read_part(folder, "mart_top_songs").value().value();
  const Response answer = get("/data/" + folder.filename().string() + "/mart_top_songs.js");
  fs::remove_all(folder);
  EXPECT_EQ(text_of(answer), whole);
}

TEST_F(PagesTest, ServicesAreAskedByWhoMayAsk) {
  EXPECT_THAT(get("/data/services.js").body, HasSubstr("services"));
  Request request;
  request.target = "/data/services.js";
  request.host = "evil.example";
  unsigned status = 0;
  pages_.answer(request, [&status](const Response& response) { status = response.status; });
  EXPECT_EQ(status, 421U);
}

TEST(Gzip, IsUnpackedToWhatItWas) {
  std::string text;
  for (int at = 0; at < 10'000; ++at) text += std::to_string(at * 7919);
  EXPECT_EQ(unpacked(gzip(text)), text);
  EXPECT_EQ(unpacked(gzip("")), "");
  EXPECT_LT(gzip(text).size(), text.size());
}

TEST(AcceptEncoding, SaysWhetherGzipIsTaken) {
  for (const char* accepted : {"gzip", "br, gzip", "gzip;q=0.5", "deflate,gzip;q=1.0", "*", "gzip ; q=0.001"})
    EXPECT_TRUE(accepts_gzip(accepted)) << accepted;
  for (const char* accepted : {"", "br", "gzip;q=0", "gzip; q=0.000", "identity", "xgzip"})
    EXPECT_FALSE(accepts_gzip(accepted)) << accepted;
}

}  // namespace
}  // namespace sdp::serve
