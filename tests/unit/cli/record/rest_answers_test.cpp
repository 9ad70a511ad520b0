#include "cli/record/rest_answers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/frame_log.hpp"
#include "tests/support/scripted_rest.hpp"

namespace ktape::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kTime =
    R"({"error":[],"result":{"unixtime":1788249600,"rfc1123":"Tue,  1 Sep 26 08:00:00 +0000"}})";
constexpr std::string_view kUnknown = R"({"error":["EQuery:Unknown asset pair"]})";

class RestAnswersTest : public testing::Test {
 protected:
  void ask(RestWishes wishes) {
    answers.emplace(far_end, clock, frames, redactor, Endpoint::parse("wss://api.kraken.com").value(),
                    std::move(wishes), [this](const Error& error) { failures.push_back(error.detail); });
    answers->ask();
  }
  std::vector<std::string> targets() const {
    std::vector<std::string> out;
    for (const auto& seen : far_end.seen) out.push_back(seen.request.target);
    return out;
  }

  VirtualClock clock{Timestamp{} + std::chrono::hours(1)};
  test::ScriptedRest far_end{clock};
  test::FrameLog frames;
  Redactor redactor{RedactionKey{}};
  std::vector<std::string> failures;
  std::optional<RestAnswers> answers;
};

TEST_F(RestAnswersTest, AskForAllPairsFirstAndThenForEachSymbolAtThePaceOfKraken) {
  ask({.methods = {RestMethod::Ohlc, RestMethod::Depth, RestMethod::Time, RestMethod::Trades},
       .symbols = {"BTC/USD", "ETH/USD"},
       .ohlc_minutes = {1, 60}});
  EXPECT_EQ(answers->pending(), 9U);
  far_end.serve([](const net::HttpRequest&) { return test::json_answer(std::string(kUnknown)); });
  EXPECT_THAT(targets(),
              ElementsAre("/0/public/Time", "/0/public/Depth?pair=BTC%2FUSD&count=500",
                          "/0/public/Depth?pair=ETH%2FUSD&count=500", "/0/public/Trades?pair=BTC%2FUSD&count=1000",
                          "/0/public/Trades?pair=ETH%2FUSD&count=1000", "/0/public/OHLC?pair=BTC%2FUSD&interval=1",
                          "/0/public/OHLC?pair=BTC%2FUSD&interval=60", "/0/public/OHLC?pair=ETH%2FUSD&interval=1",
                          "/0/public/OHLC?pair=ETH%2FUSD&interval=60"));
  for (std::size_t i = 1; i < far_end.seen.size(); ++i) {
    EXPECT_GE(far_end.seen[i].at - far_end.seen[i - 1].at, std::chrono::seconds(1)) << i;
  }
  EXPECT_EQ(answers->pending(), 0U);
}

TEST_F(RestAnswersTest, AreKeptToTheByteAsFramesOfConnectionZero) {
  ask({.methods = {RestMethod::Time}, .symbols = {}, .ohlc_minutes = {}});
  far_end.answer_json(std::string(kTime));
  EXPECT_THAT(failures, IsEmpty());
  ASSERT_EQ(frames.frames.size(), 4U);
  EXPECT_EQ(frames.frames[0].payload, "https://api.kraken.com/0/public/Time");
  EXPECT_THAT(frames.frames[1].payload, HasSubstr("GET /0/public/Time HTTP/1.1\r\nHost: api.kraken.com\r\n"));
  EXPECT_TRUE(std::string_view(frames.frames[2].payload).ends_with("\r\n\r\n" + std::string(kTime)));
  for (const auto& frame : frames.frames) EXPECT_EQ(frame.connection, ConnectionId{0});
}

TEST_F(RestAnswersTest, AreKeptAndToldWhenTheyAreRefusals) {
  ask({.methods = {RestMethod::Depth}, .symbols = {"NO/SUCH"}, .ohlc_minutes = {}});
  far_end.answer_json(std::string(kUnknown));
  EXPECT_THAT(failures, ElementsAre("Depth: EQuery:Unknown asset pair"));
  EXPECT_EQ(frames.frames.size(), 4U);
}

TEST_F(RestAnswersTest, AreAskedForThreeTimesWhereNobodyAnswers) {
  ask({.methods = {RestMethod::Assets}, .symbols = {}, .ohlc_minutes = {}});
  far_end.serve([](const net::HttpRequest&) { return fail(Errc::Io, "connect: Connection refused"); });
  EXPECT_THAT(targets(), ElementsAre("/0/public/Assets", "/0/public/Assets", "/0/public/Assets"));
  EXPECT_THAT(failures, ElementsAre("Assets: connect: Connection refused"));
  EXPECT_THAT(frames.frames, IsEmpty());
}

}  // namespace
}  // namespace ktape::cli
