#include "import/archive.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "tests/support/temporary_folder.hpp"

namespace ktape {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// "time connection direction kind payload", time in nanoseconds.
std::vector<std::string> lines_of(Archive& archive) {
  std::vector<std::string> lines;
  while (const auto frame = archive.next().value()) {
    lines.push_back(fmt::format("{} {} {} {} {}", nanoseconds(frame->at), static_cast<std::uint32_t>(frame->connection),
                                frame->direction == Direction::FromExchange ? '<' : '>', to_string(frame->kind),
                                frame->payload));
  }
  return lines;
}

std::unique_ptr<Archive> open(std::string text, const ArchiveOptions& options = {}) {
  auto archive = open_archive(std::move(text), options);
  EXPECT_TRUE(archive.has_value()) << archive.error().detail;
  return std::move(*archive);
}

std::string error_of(std::string text) {
  auto archive = open_archive(std::move(text));
  if (!archive) return archive.error().detail;
  for (;;) {
    const auto frame = (*archive)->next();
    if (!frame) return frame.error().detail;
    if (!*frame) return "no error";
  }
}

TEST(Cbcap, ReadsMessagesByTheirLength) {
  const auto archive =
      open("CBCAP1 kraken BTC/USD 1785641750000000000\n1785641750000000001 3\n{}\n\n1785641750000000002 2\n[]\n");
  EXPECT_EQ(archive->format(), ArchiveFormat::Cbcap);
  EXPECT_EQ(archive->notes(), "CBCAP1 kraken BTC/USD 1785641750000000000");
  EXPECT_THAT(lines_of(*archive), ElementsAre("1785641750000000001 1 < text {}\n", "1785641750000000002 1 < text []"));
}

TEST(Cbcap, PutsASteadyClockOnTheTimeOfDay) {
  const auto archive = open("CBCAP1 kraken BTC/USD 1785552832000000000\n200000000000 2\n{}\n200000000500 2\n{}\n");
  EXPECT_THAT(lines_of(*archive), ElementsAre("1785552832000000000 1 < text {}", "1785552832000000500 1 < text {}"));
}

TEST(Cbcap, NamesThePlaceOfAnError) {
  EXPECT_THAT(error_of("CBCAP1 kraken\n"), HasSubstr("the first line must be"));
  EXPECT_THAT(error_of("CBCAP1 kraken X 1\nabc 3\n{}\n"), HasSubstr("at byte 18"));
  EXPECT_THAT(error_of("CBCAP1 kraken X 1\n5 30\n{}\n"), HasSubstr("a message of 30 bytes is cut after 3"));
  EXPECT_THAT(error_of("CBCAP1 kraken X 1\n5 99999999999\n{}\n"), HasSubstr("beyond 16 MiB"));
  EXPECT_THAT(error_of("CBCAP1 kraken X 1\n5 2\n{}{}\n"), HasSubstr("no newline after the message"));
}

TEST(Cryptofeed, ReadsReceivedSentOpenedAndRestLines) {
  const auto archive = open(
      "configuration: {\"a\":1}\n"
      "https://api.kraken.com/0/public/AssetPairs -> 1618678132.358447: {\"error\":[]}\n"
      "wss://ws.kraken.com <-> 1618678132.368463\n"
      "wss://ws.kraken.com <- 1618678132.83097: {\"event\":\"subscribe\"}\n"
      "1618678132.9348202: [1,[],\"trade\",\"A/B\"]\n");
  EXPECT_EQ(archive->format(), ArchiveFormat::Cryptofeed);
  EXPECT_EQ(archive->dialect(), Dialect::SpotV1);
  EXPECT_EQ(archive->notes(), "configuration: {\"a\":1}");
  EXPECT_THAT(lines_of(*archive), ElementsAre("1618678132358447000 1 < text {\"error\":[]}",
                                              "1618678132368463000 2 < opened wss://ws.kraken.com",
                                              "1618678132830970000 2 > text {\"event\":\"subscribe\"}",
                                              "1618678132934820200 2 < text [1,[],\"trade\",\"A/B\"]"));
}

TEST(Cryptofeed, NamesTheLineOfAnError) {
  EXPECT_THAT(error_of("wss://h <-> 1.0\n1.0 {}\n"), HasSubstr("line 2: '<time>: <text>' expected"));
  EXPECT_THAT(error_of("wss://h <-> soon\n"), HasSubstr("line 1: a time in unix seconds expected, found 'soon'"));
  EXPECT_THAT(error_of("wss://h => 1.0: x\n"), HasSubstr("found '=>'"));
}

TEST(JsonLines, ReadsWhatCatPrints) {
  const auto archive = open(
      "{\"at\":17,\"connection\":3,\"direction\":\"to_exchange\",\"kind\":\"text\",\"payload\":\"{\\\"method\\\":"
      "\\\"ping\\\"}\"}\n"
      "{\"at\":18,\"connection\":3,\"direction\":\"from_exchange\",\"kind\":\"closed\",\"payload\":\"1001 end\"}\n");
  EXPECT_EQ(archive->format(), ArchiveFormat::JsonLines);
  EXPECT_EQ(archive->dialect(), Dialect::SpotV2);
  EXPECT_TRUE(archive->has_receive_times());
  EXPECT_THAT(lines_of(*archive), ElementsAre("17 3 > text {\"method\":\"ping\"}", "18 3 < closed 1001 end"));
}

TEST(JsonLines, IsNotTakenForAnotherFormatForTheUrlInIt) {
  const auto archive =
      open(R"({"at":17,"connection":1,"direction":"from_exchange","kind":"opened","payload":"wss://ws.kraken.com/v2"})"
           "\n");
  EXPECT_EQ(archive->format(), ArchiveFormat::JsonLines);
}

TEST(JsonLines, TakesTheExchangesTimesWhereNobodyNotedTheReceiveTimes) {
  const auto archive = open(
      "{\"channel\":\"heartbeat\"}\n"
      "{\"channel\":\"trade\",\"type\":\"update\",\"data\":[{\"symbol\":\"A/"
      "B\",\"side\":\"buy\",\"price\":1.0,\"qty\":1.0,"
      "\"ord_type\":\"limit\",\"trade_id\":1,\"timestamp\":\"1970-01-01T00:00:02.000000Z\"}]}\n"
      "{\"channel\":\"heartbeat\"}\n");
  EXPECT_FALSE(archive->has_receive_times());
  const auto lines = lines_of(*archive);
  ASSERT_EQ(lines.size(), 3U);
  for (const auto& line : lines) EXPECT_THAT(line, testing::StartsWith("2000000000 1 < text"));
}

TEST(JsonLines, SpacesFramesThatTellNoTime) {
  const auto archive = open("[1,{},\"book-10\",\"A/B\"]\n[1,{},\"book-10\",\"A/B\"]\n");
  EXPECT_EQ(archive->dialect(), Dialect::SpotV1);
  EXPECT_THAT(lines_of(*archive),
              ElementsAre("0 1 < text [1,{},\"book-10\",\"A/B\"]", "1000 1 < text [1,{},\"book-10\",\"A/B\"]"));
}

TEST(JsonLines, NamesTheLineOfAnError) {
  EXPECT_THAT(error_of("{\"a\":1}\n{\"a\":}\n"), HasSubstr("JSON lines: line 2"));
}

TEST(Json, ReadsOneMessageAListAndInitWithUpdates) {
  EXPECT_THAT(lines_of(*open("{\n \"channel\": \"heartbeat\"\n}")),
              ElementsAre("0 1 < text {\"channel\":\"heartbeat\"}"));
  EXPECT_THAT(lines_of(*open("[\n {\"event\": \"heartbeat\"},\n [1, \"x\"]\n]")),
              ElementsAre("0 1 < text {\"event\":\"heartbeat\"}", "1000 1 < text [1,\"x\"]"));
  EXPECT_THAT(
      lines_of(*open(
          "{\n\"init\": {\"channel\":\"heartbeat\"},\n\"updates\": [ {\"channel\": \"heartbeat\", \"n\": 4.00} ]\n}")),
      ElementsAre("0 1 < text {\"channel\":\"heartbeat\"}", "1000 1 < text {\"channel\":\"heartbeat\",\"n\":4.00}"));
}

TEST(Archive, TellsTheDialectsApart) {
  EXPECT_EQ(open("{\"feed\":\"book\",\"product_id\":\"PI_XBTUSD\"}\n")->dialect(), Dialect::FuturesV1);
  EXPECT_EQ(open("{\"event\":\"heartbeat\"}\n")->dialect(), Dialect::SpotV1);
  EXPECT_EQ(open("{\"channel\":\"heartbeat\"}\n")->dialect(), Dialect::SpotV2);
  EXPECT_EQ(open("{\"channel\":\"heartbeat\"}\n", {.dialect = Dialect::SpotV1})->dialect(), Dialect::SpotV1);
}

TEST(Archive, RefusesAnEmptyOne) { EXPECT_EQ(error_of(" \n"), "the archive is empty"); }

TEST(ReadArchiveFile, UnpacksZstdAndSaysWhenItIsCut) {
  const TemporaryFolder folder;
  const std::string text = "{\"channel\":\"heartbeat\"}\n";
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  const auto write = [&](const std::string& name, const std::string& bytes) {
    const std::string path = folder.file(name);
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fclose(file);
    return path;
  };
  EXPECT_EQ(read_archive_file(write("plain", text)).value(), text);
  EXPECT_EQ(read_archive_file(write("packed", packed)).value(), text);
  const auto cut = read_archive_file(write("cut", packed.substr(0, packed.size() - 4)));
  ASSERT_FALSE(cut.has_value());
  EXPECT_THAT(cut.error().detail, HasSubstr("the zstd data is cut"));
  EXPECT_THAT(read_archive_file(folder.file("missing")).error().detail, HasSubstr("No such file"));
}

}  // namespace
}  // namespace ktape
