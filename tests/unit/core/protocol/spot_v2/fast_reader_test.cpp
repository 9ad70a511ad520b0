#include "core/protocol/spot_v2/fast_reader.hpp"

#include <string>

#include <gtest/gtest.h>

namespace ktape::spot_v2 {
namespace {

const std::string kBook =
    R"({"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":63004.9,"qty":0.01876947}],)"
    R"("asks":[],"checksum":2389935577,"timestamp":"2026-09-01T08:00:07.180204Z"}]})";

bool reads(std::string_view text) {
  FastReader reader;
  EventBatch batch;
  return reader.read(text, batch);
}

std::string with(std::string text, std::string_view old, std::string_view replacement) {
  const auto at = text.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return text.replace(at, old.size(), replacement);
}

TEST(SpotV2FastReader, TakesKrakensLayout) {
  EXPECT_TRUE(reads(kBook));
  EXPECT_TRUE(reads(R"({"channel":"heartbeat"})"));
  EXPECT_TRUE(reads(with(kBook, "update", "snapshot")));
  EXPECT_TRUE(reads(with(kBook, "63004.9", "-123456789012345678")));
  EXPECT_TRUE(reads(with(kBook, "63004.9", "0.00000000012345678")));
  EXPECT_TRUE(reads(with(kBook, "63004.9", "0")));
}

TEST(SpotV2FastReader, LeavesEveryOtherFormToTheReference) {
  for (const auto& text : {
           kBook + " ",
           " " + kBook,
           with(kBook, "\"type\":", "\"type\": "),
           with(kBook, "update", "delta"),
           with(kBook, "BTC/USD", "BTC\\/USD"),
           with(kBook, "BTC/USD", "\xc3\xa9"),
           with(kBook, "63004.9", "63004.9e0"),
           with(kBook, "63004.9", "063004.9"),
           with(kBook, "63004.9", "63004."),
           with(kBook, "63004.9", ".9"),
           with(kBook, "63004.9", "-"),
           with(kBook, "63004.9", "1234567890123456789"),
           with(kBook, "63004.9", "1.234567890123456789"),
           with(kBook, "63004.9", "\"63004.9\""),
           with(kBook, "2389935577", "4294967296"),
           with(kBook, "2389935577", "-1"),
           with(kBook, "2389935577", "1.0"),
           with(kBook, ".180204Z", "Z"),
           with(kBook, ".180204Z", ".18020Z"),
           with(kBook, ".180204Z", ".1802045Z"),
           with(kBook, ".180204Z", ".180204z"),
           with(kBook, "2026-09-01", "2026-02-30"),
           with(kBook, "08:00:07", "24:00:07"),
           with(kBook, R"(,"timestamp":"2026-09-01T08:00:07.180204Z")", ""),
           with(kBook, "\"asks\":[],", ""),
           with(kBook, "}]}", "},{}]}"),
           std::string(),
           std::string("{"),
       }) {
    EXPECT_FALSE(reads(text)) << text;
  }
}

TEST(SpotV2FastReader, NoPrefixOfAMessageIsAMessage) {
  for (std::size_t length = 0; length < kBook.size(); ++length) {
    const std::string copy = kBook.substr(0, length);  // of its own, so that a sanitizer sees a step too far
    EXPECT_FALSE(reads(copy)) << copy;
  }
}

TEST(SpotV2FastReader, ARememberedSecondIsNotTakenForAnother) {
  FastReader reader;
  EventBatch batch;
  for (const char* second : {"08:00:07", "08:00:08", "08:00:07", "08:01:07", "09:00:07"}) {
    batch.clear();
    ASSERT_TRUE(reader.read(with(kBook, "08:00:07", second), batch));
    const auto expected = parse_rfc3339(std::string("2026-09-01T") + second + ".180204Z").value();
    EXPECT_EQ(std::get<BookUpdate>(batch.events.front()).exchange_time, expected);
  }
}

}  // namespace
}  // namespace ktape::spot_v2
