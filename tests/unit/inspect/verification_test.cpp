#include "inspect/verification.hpp"

#include <gmock/gmock.h>

#include "inspect/candle_comparison.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A conversation of one connection, a frame each second.
class Conversation {
 public:
  Conversation() { add(FrameKind::Opened, "wss://ws.kraken.com/v2"); }
  Conversation& hear(std::string text) { return add(FrameKind::Text, std::move(text)); }
  Conversation& say(std::string text) { return add(FrameKind::Text, std::move(text), Direction::ToExchange); }
  Conversation& trade(int id) {
    return hear(R"({"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":1.0,"qty":2.00,)"
                R"("ord_type":"limit","trade_id":)" +
                std::to_string(id) + R"(,"timestamp":"2026-01-01T00:00:00.000000Z"}]})");
  }

  Verification verify(const std::string& dialect = "spot-v2", VerifyOptions options = {}) const {
    const MemoryFile file = memory_file();
    SessionInfo info = test_info();
    info.dialect = dialect;
    auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, info, plain_options()).value();
    for (const OwnedFrame& frame : frames_) writer->on_frame(frame.frame());
    EXPECT_TRUE(writer->finish().has_value());
    return verify_recording(*opened(*file), options).value();
  }

 private:
  Conversation& add(FrameKind kind, std::string payload, Direction direction = Direction::FromExchange) {
    OwnedFrame& frame = frames_.emplace_back();
    frame.at = test_info().created_at + std::chrono::seconds(frames_.size());
    frame.connection = ConnectionId{1};
    frame.direction = direction;
    frame.kind = kind;
    frame.payload = std::move(payload);
    return *this;
  }

  std::vector<OwnedFrame> frames_;
};

TEST(Verification, SaysWhatItCouldNotCheck) {
  const Verification found = Conversation().hear(R"({"channel":"heartbeat"})").verify();
  EXPECT_EQ(found.verdict, Verdict::Sound);
  std::vector<std::string> names;
  for (const Check& check : found.checks) names.push_back(check.name);
  EXPECT_THAT(names, ElementsAre("storage", "messages", "book checksums", "trade ids", "sequence numbers", "candles",
                                 "secrets"));
  EXPECT_EQ(found.check(kCheckMessages).asked, 1U);
  EXPECT_EQ(found.check(kCheckBooks).not_checked, "no book was told with a checksum");
  EXPECT_EQ(found.check(kCheckTrades).not_checked, "no trade was told");
  EXPECT_EQ(found.check(kCheckSequences).not_checked, "no numbered message was told");
  EXPECT_THAT(found.check(kCheckCandles).not_checked, HasSubstr("no candle"));
  EXPECT_EQ(found.check(kCheckSecrets).asked, 2U);
}

TEST(Verification, FindsAHoleInTheTradeIds) {
  const Verification found = Conversation().trade(7).trade(8).trade(11).verify();
  EXPECT_EQ(found.verdict, Verdict::Incomplete);
  EXPECT_EQ(found.check(kCheckTrades).asked, 3U);
  EXPECT_EQ(found.check(kCheckTrades).failed, 1U);
  ASSERT_EQ(found.findings.size(), 1U);
  EXPECT_EQ(found.findings[0].what, "BTC/USD: trades 9 to 10 are missing");
  EXPECT_EQ(found.findings[0].frame, 4U);
  EXPECT_EQ(found.findings[0].at, test_info().created_at + 4s);
  EXPECT_EQ(found.findings[0].connection, ConnectionId{1});
}

TEST(Verification, SaysWhereTradesHaveNoIds) {
  const std::string trade = R"([321,[["57126.7","0.02","1616333924.737428","b","m",""]],"trade","XBT/USD"])";
  const Verification found = Conversation().hear(trade).hear(trade).verify("spot-v1");
  EXPECT_EQ(found.verdict, Verdict::Sound);
  EXPECT_EQ(found.trades, 2U);
  EXPECT_EQ(found.check(kCheckTrades).asked, 0U);
  EXPECT_EQ(found.check(kCheckTrades).not_checked, "the dialect tells none");
}

class FuturesBook : public ::testing::Test {
 protected:
  static Verification verify(std::initializer_list<int> updates) {
    Conversation conversation;
    conversation.hear(R"({"feed":"book_snapshot","product_id":"PF_XBTUSD","timestamp":1788249600100,"seq":41,)"
                      R"("tickSize":null,"bids":[{"price":34969.5,"qty":0.7}],"asks":[{"price":34970.0,"qty":2}]})");
    for (const int sequence : updates) {
      conversation.hear(R"({"feed":"book","product_id":"PF_XBTUSD","side":"sell","seq":)" + std::to_string(sequence) +
                        R"(,"price":34981.5,"qty":1,"timestamp":1788249600200})");
    }
    return conversation.verify("futures-v1");
  }
};

TEST_F(FuturesBook, IsCheckedByItsSequence) {
  const Verification found = verify({42, 43});
  EXPECT_EQ(found.verdict, Verdict::Sound);
  EXPECT_EQ(found.check(kCheckSequences).asked, 2U);
  EXPECT_EQ(found.check(kCheckSequences).failed, 0U);
  EXPECT_THAT(found.check(kCheckSequences).not_checked, IsEmpty());
}

TEST_F(FuturesBook, IsWrongWhereNumbersAreMissingThoughNothingWasLost) {
  const Verification found = verify({42, 44});
  EXPECT_EQ(found.verdict, Verdict::Wrong);
  EXPECT_EQ(found.check(kCheckSequences).asked, 2U);
  EXPECT_EQ(found.check(kCheckSequences).failed, 1U);
  ASSERT_EQ(found.findings.size(), 1U);
  EXPECT_THAT(found.findings[0].what, HasSubstr("PF_XBTUSD"));
}

TEST(Verification, FindsAHoleInAPrivateChannel) {
  const auto report = [](int sequence) {
    return R"({"channel":"executions","type":")" + std::string(sequence == 1 ? "snapshot" : "update") +
           R"(","data":[],"sequence":)" + std::to_string(sequence) + "}";
  };
  const Verification whole = Conversation().hear(report(1)).hear(report(2)).verify();
  EXPECT_EQ(whole.verdict, Verdict::Sound);
  EXPECT_EQ(whole.check(kCheckSequences).asked, 2U);
  const Verification found = Conversation().hear(report(1)).hear(report(4)).verify();
  EXPECT_EQ(found.verdict, Verdict::Incomplete);
  EXPECT_EQ(found.check(kCheckSequences).failed, 1U);
  ASSERT_EQ(found.findings.size(), 1U);
  EXPECT_EQ(found.findings[0].what, "executions: messages 2 to 3 are missing");
}

TEST(Verification, FindsAWrongBookChecksum) {
  const Verification found =
      Conversation()
          .hear(R"({"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":[{"price":1.0,"qty":2.0}],)"
                R"("asks":[{"price":1.5,"qty":2.0}],"checksum":17,"timestamp":"2026-01-01T00:00:00.000000Z"}]})")
          .verify();
  EXPECT_EQ(found.verdict, Verdict::Wrong);
  EXPECT_EQ(found.check(kCheckBooks).asked, 1U);
  EXPECT_EQ(found.check(kCheckBooks).failed, 1U);
  ASSERT_EQ(found.findings.size(), 1U);
  EXPECT_THAT(found.findings[0].what, HasSubstr("BTC/USD"));
}

TEST(Verification, FindsASecretAndDoesNotRepeatIt) {
  const Verification found =
      Conversation().say(R"({"method":"subscribe","params":{"channel":"executions","token":"hunter2"}})").verify();
  EXPECT_EQ(found.verdict, Verdict::Wrong);
  EXPECT_EQ(found.check(kCheckSecrets).failed, 1U);
  ASSERT_EQ(found.findings.size(), 1U);
  EXPECT_THAT(found.findings[0].what, HasSubstr("a secret of 7 bytes"));
  std::string json;
  append_verification_json(json, found);
  EXPECT_EQ(json.find("hunter2"), std::string::npos);
}

TEST(Verification, KnowsPseudonymsAndWhatOnlyLooksLikeOne) {
  const auto secrets = [](const std::string& token) {
    return Conversation().say(R"({"params":{"token":")" + token + R"("}})").verify().check(kCheckSecrets).failed;
  };
  EXPECT_EQ(secrets("ktape-redacted-0123456789ab"), 0U);
  EXPECT_EQ(secrets("ktape-redacted-0123456789abc"), 1U);
  EXPECT_EQ(secrets("ktape-redacted-0123456789aG"), 1U);
  EXPECT_EQ(secrets("ktape-redacted-"), 1U);
}

TEST(Verification, FindsWhatItDoesNotUnderstand) {
  const Verification found = Conversation().hear("I am no JSON").hear(R"({"channel":"rumours"})").verify();
  EXPECT_EQ(found.verdict, Verdict::Wrong);
  EXPECT_EQ(found.messages_unknown, 2U);
  ASSERT_EQ(found.findings.size(), 2U);
  EXPECT_THAT(found.findings[1].what, HasSubstr("rumours"));
}

TEST(Verification, KeepsTheFirstFindingsAndCountsTheOthers) {
  Conversation conversation;
  for (int i = 0; i < 5; ++i) conversation.hear("nonsense");
  const Verification found = conversation.verify("spot-v2", {.max_findings = 2, .progress = {}});
  EXPECT_EQ(found.findings.size(), 2U);
  EXPECT_EQ(found.findings_left_out, 3U);
}

TEST(Verification, ChecksBytesAndSecretsOfADialectThatNobodyDecodes) {
  const Verification found = Conversation().say(R"({"token":"hunter2"})").hear("[]").verify("carrier-pigeon-v1");
  for (const auto name : {kCheckMessages, kCheckBooks, kCheckTrades, kCheckSequences, kCheckCandles}) {
    EXPECT_EQ(found.check(name).not_checked, "messages of carrier-pigeon-v1 are not decoded by this version") << name;
  }
  EXPECT_EQ(found.check(kCheckStorage).asked, 1U);
  EXPECT_EQ(found.check(kCheckSecrets).failed, 1U);
  EXPECT_EQ(Conversation().hear("[]").verify("carrier-pigeon-v1").verdict, Verdict::Incomplete);
}

TEST(Verification, TellsDamageWithItsPlace) {
  std::vector<OwnedFrame> frames = seeded_frames(3, 2000);
  std::string bytes = recorded(frames, plain_options(1U << 16U));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  const Verification found = verify_recording(*opened(bytes)).value();
  EXPECT_EQ(found.state, SessionState::Damaged);
  EXPECT_EQ(found.check(kCheckStorage).failed, 1U);
  ASSERT_FALSE(found.gaps.empty());
}

// ---- candles told against candles built

class ComparedCandles : public ::testing::Test {
 protected:
  static Candle candle(CandleSource source, int minute, int trades, CandleState state) {
    const Decimal one = Decimal::from_units(10, 1);
    return {.symbol = "BTC/USD",
            .source = source,
            .state = state,
            .interval = 1min,
            .begin = from_nanoseconds(0) + std::chrono::minutes(minute),
            .open = one,
            .high = one,
            .low = one,
            .close = one,
            .volume = Decimal::from_units(trades, 0),
            .vwap = one,
            .trades = trades};
  }
  void told(int minute, int trades) {
    check.on_candle(candle(CandleSource::Exchange, minute, trades, CandleState::Open));
  }
  void built(int minute, int trades, CandleState state = CandleState::Closed) {
    check.on_candle(candle(CandleSource::Trades, minute, trades, state));
  }

  std::vector<std::string> differences;
  CandleComparison check{[this](const std::string& what) { differences.push_back(what); }};
};

TEST_F(ComparedCandles, AreComparedOnceTheExchangeHasGoneOn) {
  told(1, 1);
  told(1, 2);
  built(1, 2);
  EXPECT_EQ(check.compared(), 0U) << "a trade may still come";
  told(2, 1);
  EXPECT_EQ(check.compared(), 1U);
  told(3, 1);
  EXPECT_EQ(check.compared(), 1U) << "the second is not closed";
  built(2, 1);
  EXPECT_EQ(check.compared(), 2U);
  EXPECT_THAT(differences, IsEmpty());
}

TEST_F(ComparedCandles, TellWhatDiffers) {
  told(1, 3);
  built(1, 2);
  told(2, 1);
  EXPECT_EQ(check.failed(), 1U);
  EXPECT_THAT(differences, ElementsAre("BTC/USD: the candle of 1 min that begins at 1970-01-01T00:01:00Z: "
                                       "volume 3 told, 2 from trades, trades 3 told, 2 from trades"));
}

TEST_F(ComparedCandles, OfWhichAPartWasNotSeenAreNotCompared) {
  told(1, 3);
  built(1, 2, CandleState::Partial);
  told(2, 1);
  check.interrupted({});
  built(2, 2);
  told(3, 1);
  EXPECT_EQ(check.compared(), 0U);
  built(3, 1);
  told(4, 1);
  EXPECT_EQ(check.compared(), 1U);
}

TEST_F(ComparedCandles, ThatWereComparedAreNotComparedAgain) {
  told(1, 1);
  built(1, 1);
  told(2, 1);
  told(1, 1);
  built(1, 2, CandleState::Revised);
  EXPECT_EQ(check.compared(), 1U);
  EXPECT_EQ(check.failed(), 0U);
}

}  // namespace
}  // namespace ktape
