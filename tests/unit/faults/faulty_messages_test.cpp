#include <gmock/gmock.h>

#include "tests/support/faulty_market.hpp"

// What happens to messages, and what is said in their place, byte for byte.
namespace ktape {
namespace {

using namespace std::chrono_literals;
using test::FaultyMarket;
using test::Lines;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// ---- whatever they say

class FaultyMessages : public FaultyMarket {
 protected:
  void tell_all(std::string_view texts) {
    for (const char c : texts) tell(std::string(1, c));
  }
};

TEST_F(FaultyMessages, Drop) {
  add("kind: drop, after: 1, times: 2");
  connect();
  tell_all("abcde");
  EXPECT_THAT(heard(), ElementsAre("a", "d", "e"));
}

TEST_F(FaultyMessages, DropOfWhatTheClientSays) {
  add("kind: drop, direction: to_exchange, contains: b");
  connect();
  say("a");
  say("b");
  tell("b");
  EXPECT_THAT(arrived(), ElementsAre("a"));
  EXPECT_THAT(heard(), ElementsAre("b"));
}

TEST_F(FaultyMessages, DropWithAProbabilityThatIsTheSameEachTime) {
  add("kind: drop, probability: 1/2");
  connect();
  tell_all("abcdefghijklmnopqrstuvwxyz");
  std::string left;
  for (const std::string& one : heard()) left += one;
  EXPECT_GT(left.size(), 5U);
  EXPECT_LT(left.size(), 21U);
  VirtualClock other_clock(kStart);
  test::OpenExchange other_exchange(other_clock);
  FaultPlan other_plan(other_clock, 7);
  FaultyExchange other(other_clock, other_exchange, other_plan);
  test::FrameLog client;
  static_cast<void>(other_plan.add({.kind = faults::Drop{}, .when = {.probability = {1, 2}}}).value());
  other.attach(kOne, Endpoint::parse("wss://ws.kraken.com/v2").value(), client);
  for (char c = 'a'; c <= 'z'; ++c) other_exchange.send(kOne, std::string(1, c));
  std::string again;
  for (const auto& frame : client.frames) again += frame.payload;
  EXPECT_EQ(again, left);
}

TEST_F(FaultyMessages, Duplicate) {
  add("kind: duplicate, contains: a");
  add("kind: duplicate, contains: b, copies: 2, delay: 1s");
  connect();
  tell_all("abc");
  run_to(2s);
  EXPECT_THAT(heard(), ElementsAre("a", "a", "b", "c", "@1s b", "@1s b"));
}

TEST_F(FaultyMessages, Reorder) {
  add("kind: reorder, times: 1, after: 1, by: 2");
  connect();
  tell_all("abcdef");
  EXPECT_THAT(heard(), ElementsAre("a", "c", "d", "b", "e", "f"));
}

TEST_F(FaultyMessages, ReorderSwapsPairsAndLosesNone) {
  add("kind: reorder, within: 3s");
  connect();
  tell_all("abcde");
  EXPECT_THAT(heard(), ElementsAre("b", "a", "d", "c"));
  run_to(3s);
  EXPECT_THAT(heard(), ElementsAre("@3s e"));
  tell("f");
  tell(FrameKind::Closed, "1001 ended");
  EXPECT_THAT(heard(), ElementsAre("@3s f", "@3s closed 1001 ended")) << "an end comes last";
}

TEST_F(FaultyMessages, Delay) {
  add("kind: delay, delay: 1s, contains: a");
  connect();
  tell_all("ab");
  run_to(500ms);
  tell("c");
  run_to(2s);
  EXPECT_THAT(heard(), ElementsAre("b", "@500ms c", "@1s a"));
}

TEST_F(FaultyMessages, Truncate) {
  add("kind: truncate, bytes: 4, times: 1");
  add("kind: truncate, contains: half");
  connect();
  tell("äöü");
  tell("half of it");
  EXPECT_THAT(heard(), ElementsAre("äö", "half "));
  add("kind: truncate, bytes: 3");
  tell("äöü");
  EXPECT_THAT(heard(), ElementsAre("ä")) << "never half a character";
}

TEST_F(FaultyMessages, Corrupt) {
  add("kind: corrupt, characters: 2");
  connect();
  const std::string before = R"({"channel":"book","price":"ä"})";
  tell(before);
  const std::string after = heard().front();
  ASSERT_EQ(after.size(), before.size());
  int different = 0;
  for (std::size_t i = 0; i < after.size(); ++i) different += after[i] == before[i] ? 0 : 1;
  EXPECT_EQ(different, 2) << after;
  EXPECT_NE(after.find("ä"), std::string::npos) << "it stays UTF-8";
}

// ---- what the exchange says is wrong

constexpr std::string_view kV2Update =
    R"({"channel":"book","type":"update","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":0.00000000}],"asks":[{"price":3121.00,"qty":1.50000000}],"checksum":3176942565,"timestamp":"2026-09-01T08:00:07.180204Z"}]})";
constexpr std::string_view kV2Bids =
    R"({"channel":"book","type":"update","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":1.00000000}],"asks":[],"checksum":4294967295,"timestamp":"2026-09-01T08:00:07.180204Z"}]})";
constexpr std::string_view kLevel3Update =
    R"({"channel":"level3","type":"update","data":[{"checksum":168774601,"timestamp":"2026-09-01T08:00:08.250000004Z","symbol":"ETH/EUR","bids":[{"event":"add","order_id":"OAAAA4-BBBBB-CCCCC4","limit_price":3120.40,"order_qty":0.10000000,"timestamp":"2026-09-01T08:00:08.240000005Z"}],"asks":[]}]})";
constexpr std::string_view kV1Asks =
    R"([336,{"a":[["27120.00000","0.50000000","1693440000.123456"]],"c":"974947235"},"book-10","XBT/USD"])";
constexpr std::string_view kV1Bids =
    R"([336,{"b":[["27119.90000","0.50000000","1693440000.123456","r"]],"c":"974947235"},"book-10","XBT/USD"])";
constexpr std::string_view kV1Both =
    R"([336,{"a":[["27120.00000","0.00000000","1693440000.123456"]]},{"b":[["27119.90000","0.50000000","1693440000.123456"]],"c":"7"},"book-10","XBT/USD"])";
constexpr std::string_view kFuturesSell =
    R"({"feed":"book","product_id":"PF_XBTUSD","side":"sell","seq":326094134,"price":34892,"qty":6385,"timestamp":1612269825817})";
constexpr std::string_view kFuturesBuy =
    R"({"feed":"book","product_id":"PF_XBTUSD","side":"buy","seq":7,"price":34890.5,"qty":0.25,"timestamp":1612269825817})";

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
  std::string out(text);
  const std::size_t at = out.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return out.replace(at, what.size(), with);
}

class FaultyContent : public FaultyMarket {
 protected:
  // What becomes of `text`.
  Lines after(Dialect dialect, std::string_view text) {
    if (!clients.contains(at(dialect))) connect(dialect, at(dialect));
    tell(text, at(dialect));
    return heard(at(dialect));
  }
  static ConnectionId at(Dialect dialect) { return ConnectionId{1U + static_cast<unsigned>(dialect)}; }
};

TEST_F(FaultyContent, WrongChecksum) {
  add("kind: wrong_checksum");
  EXPECT_THAT(after(Dialect::SpotV2, kV2Update), ElementsAre(replaced(kV2Update, "3176942565", "3176942566")));
  EXPECT_THAT(after(Dialect::SpotV2, kV2Bids), ElementsAre(replaced(kV2Bids, "4294967295", "0")));
  EXPECT_THAT(after(Dialect::SpotV2, kLevel3Update), ElementsAre(replaced(kLevel3Update, "168774601", "168774602")));
  EXPECT_THAT(after(Dialect::SpotV1, kV1Asks), ElementsAre(replaced(kV1Asks, "974947235", "974947236")));
  EXPECT_THAT(after(Dialect::SpotV1, kV1Both), ElementsAre(replaced(kV1Both, R"("7")", R"("8")")));
  EXPECT_THAT(after(Dialect::FuturesV1, kFuturesSell), ElementsAre(replaced(kFuturesSell, "326094134", "326094135")));
  EXPECT_EQ(plan.list().front().seen, 6U);
  for (const std::string_view other :
       {R"({"channel":"heartbeat"})", R"({"channel":"trade","type":"update","data":[{"checksum":1}]})", "[", "{}", "",
        R"({"channel":"book","type":"update","data":[{"checksum":"1"}]})", R"({"channel":"book","data":7})"}) {
    EXPECT_THAT(after(Dialect::SpotV2, other), ElementsAre(other));
  }
  EXPECT_EQ(plan.list().front().seen, 6U) << "only what has a checksum is counted";
}

TEST_F(FaultyContent, UnknownDelete) {
  add("kind: unknown_delete");
  EXPECT_THAT(after(Dialect::SpotV2, kV2Update),
              ElementsAre(replaced(kV2Update, R"("qty":1.50000000})",
                                   R"("qty":1.50000000},{"price":9993121.00,"qty":0.00000000})")));
  EXPECT_THAT(
      after(Dialect::SpotV2, kV2Bids),
      ElementsAre(replaced(kV2Bids, R"("qty":1.00000000})", R"("qty":1.00000000},{"price":0.01,"qty":0.00000000})")));
  EXPECT_THAT(
      after(Dialect::SpotV2, kLevel3Update),
      ElementsAre(replaced(
          kLevel3Update, R"("timestamp":"2026-09-01T08:00:08.240000005Z"})",
          R"("timestamp":"2026-09-01T08:00:08.240000005Z"},{"event":"delete","order_id":"OFAULT-FAULT-FAULTY","limit_price":0.01,"order_qty":0.10000000,"timestamp":"2026-09-01T08:00:08.240000005Z"})")));
  EXPECT_THAT(after(Dialect::SpotV1, kV1Asks),
              ElementsAre(replaced(kV1Asks, R"("1693440000.123456"])",
                                   R"("1693440000.123456"],["99927120.00000","0.00000000","1693440000.123456"])")));
  EXPECT_THAT(after(Dialect::SpotV1, kV1Bids),
              ElementsAre(replaced(kV1Bids, R"("r"])", R"("r"],["0.00001","0.00000000","1693440000.123456"])")));
  EXPECT_THAT(
      after(Dialect::FuturesV1, kFuturesBuy),
      ElementsAre(
          kFuturesBuy,
          R"({"feed":"book","product_id":"PF_XBTUSD","side":"buy","seq":8,"price":0.1,"qty":0.00,"timestamp":1612269825817})"));
}

TEST_F(FaultyContent, CrossedBook) {
  add("kind: crossed_book");
  EXPECT_THAT(after(Dialect::SpotV2, kV2Update),
              ElementsAre(replaced(kV2Update, R"("qty":0.00000000})",
                                   R"("qty":0.00000000},{"price":3121.01,"qty":1.50000000})")));
  EXPECT_THAT(after(Dialect::SpotV2, kV2Bids),
              ElementsAre(replaced(kV2Bids, R"("asks":[])", R"("asks":[{"price":3120.54,"qty":1.00000000}])")));
  EXPECT_THAT(
      after(Dialect::SpotV2, kLevel3Update),
      ElementsAre(replaced(
          kLevel3Update, R"("asks":[])",
          R"("asks":[{"event":"add","order_id":"OFAULT-FAULT-FAULTY","limit_price":3120.39,"order_qty":0.10000000,"timestamp":"2026-09-01T08:00:08.240000005Z"}])")));
  EXPECT_THAT(
      after(Dialect::SpotV1, kV1Asks),
      ElementsAre(
          R"([336,{"a":[["27120.00000","0.50000000","1693440000.123456"]]},{"b":[["27120.00001","0.50000000","1693440000.123456"]],"c":"974947235"},"book-10","XBT/USD"])"));
  EXPECT_THAT(
      after(Dialect::SpotV1, kV1Bids),
      ElementsAre(
          R"([336,{"a":[["27119.89999","0.50000000","1693440000.123456"]]},{"b":[["27119.90000","0.50000000","1693440000.123456","r"]],"c":"974947235"},"book-10","XBT/USD"])"));
  EXPECT_THAT(
      after(Dialect::SpotV1, kV1Both),
      ElementsAre(replaced(kV1Both, R"("0.00000000","1693440000.123456"])",
                           R"("0.00000000","1693440000.123456"],["27119.89999","0.50000000","1693440000.123456"])")));
  const std::uint64_t seen = plan.list().front().seen;
  EXPECT_THAT(after(Dialect::FuturesV1, replaced(kFuturesBuy, "0.25", "0")),
              ElementsAre(replaced(kFuturesBuy, "0.25", "0")));
  EXPECT_EQ(plan.list().front().seen, seen) << "nothing there to cross";
}

TEST_F(FaultyContent, WhatIsPutIntoABookOfFuturesIsCountedFromThenOn) {
  add("kind: crossed_book, times: 1");
  EXPECT_THAT(
      after(Dialect::FuturesV1, kFuturesSell),
      ElementsAre(
          kFuturesSell,
          R"({"feed":"book","product_id":"PF_XBTUSD","side":"buy","seq":326094135,"price":34893,"qty":6385,"timestamp":1612269825817})"));
  EXPECT_THAT(after(Dialect::FuturesV1, replaced(kFuturesSell, "326094134", "326094135")),
              ElementsAre(replaced(kFuturesSell, "326094134", "326094136")));
  const std::string_view snapshot =
      R"({"feed":"book_snapshot","product_id":"PF_XBTUSD","timestamp":1612269825817,"seq":326094140,"tickSize":null,"bids":[],"asks":[]})";
  EXPECT_THAT(after(Dialect::FuturesV1, snapshot), ElementsAre(replaced(snapshot, "326094140", "326094141")));
  const std::string other = replaced(kFuturesSell, "PF_XBTUSD", "PF_ETHUSD");
  EXPECT_THAT(after(Dialect::FuturesV1, other), ElementsAre(other));
  plan.remove(plan.list().front().id);
  EXPECT_THAT(after(Dialect::FuturesV1, kFuturesBuy), ElementsAre(replaced(kFuturesBuy, R"("seq":7)", R"("seq":8)")));
}

TEST_F(FaultyContent, MissingHeartbeat) {
  add("kind: missing_heartbeat");
  EXPECT_THAT(after(Dialect::SpotV2, R"({"channel":"heartbeat"})"), IsEmpty());
  EXPECT_THAT(after(Dialect::SpotV1, R"({"event":"heartbeat"})"), IsEmpty());
  EXPECT_THAT(after(Dialect::FuturesV1, R"({"feed":"heartbeat","time":1612269825817})"), IsEmpty());
  EXPECT_THAT(after(Dialect::FuturesV1, R"({"event":"subscribed","feed":"heartbeat"})"),
              ElementsAre(R"({"event":"subscribed","feed":"heartbeat"})"));
  EXPECT_THAT(after(Dialect::SpotV2, kV2Update), ElementsAre(kV2Update));
}

TEST_F(FaultyContent, Gap) {
  add("kind: gap, messages: 2, after: 1, times: 1");
  const auto trade = [&](int id) {
    return after(Dialect::SpotV2,
                 fmt::format(R"({{"channel":"trade","type":"update","data":[{{"symbol":"ETH/EUR","trade_id":{}}}]}})",
                             id))
        .size();
  };
  EXPECT_THAT(after(Dialect::SpotV2, kV2Update), ElementsAre(kV2Update)) << "a book has no numbers";
  const std::string_view snapshot = R"({"channel":"trade","type":"snapshot","data":[]})";
  EXPECT_THAT(after(Dialect::SpotV2, snapshot), ElementsAre(snapshot));
  EXPECT_EQ(trade(1), 1U);
  EXPECT_EQ(trade(2), 0U);
  EXPECT_EQ(trade(3), 0U);
  EXPECT_EQ(trade(4), 1U);
}

TEST_F(FaultyContent, GapInSequences) {
  const auto lost = [&](Dialect dialect, std::string_view text) {
    const FaultId id = add("kind: gap, times: 1");
    const bool gone = after(dialect, text).empty();
    plan.remove(id);
    return gone;
  };
  EXPECT_TRUE(lost(Dialect::SpotV2, R"({"channel":"executions","type":"update","data":[],"sequence":2})"));
  EXPECT_FALSE(lost(Dialect::SpotV2, R"({"channel":"executions","type":"snapshot","data":[],"sequence":1})"));
  EXPECT_TRUE(lost(Dialect::SpotV1, R"([[],"openOrders",{"sequence":2}])"));
  EXPECT_FALSE(lost(Dialect::SpotV1, R"([[],"openOrders",{"sequence":1}])"));
  EXPECT_FALSE(lost(Dialect::SpotV1, R"([1,[["1.0","2.0","3.0","b","l",""]],"trade","XBT/USD"])"));
  EXPECT_TRUE(lost(Dialect::FuturesV1, kFuturesBuy));
  EXPECT_TRUE(lost(Dialect::FuturesV1, R"({"feed":"trade","product_id":"PF_XBTUSD","seq":2})"));
  EXPECT_FALSE(lost(Dialect::FuturesV1, R"({"feed":"fills_snapshot","fills":[]})"));
}

TEST_F(FaultyContent, ClockAhead) {
  add("kind: clock_ahead, by: 1m");
  EXPECT_THAT(after(Dialect::SpotV2, kV2Update),
              ElementsAre(replaced(kV2Update, "08:00:07.180204Z", "08:01:07.180204Z")));
  EXPECT_THAT(after(Dialect::SpotV2, kLevel3Update),
              ElementsAre(replaced(replaced(kLevel3Update, "08:00:08.250000004Z", "08:01:08.250000004Z"),
                                   "08:00:08.240000005Z", "08:01:08.240000005Z")));
  const std::string_view pong =
      R"({"method":"pong","time_in":"2026-09-01T23:59:59Z","time_out":"2026-09-01T23:59:59.000118Z"})";
  EXPECT_THAT(
      after(Dialect::SpotV2, pong),
      ElementsAre(R"({"method":"pong","time_in":"2026-09-02T00:00:59Z","time_out":"2026-09-02T00:00:59.000118Z"})"));
  EXPECT_THAT(after(Dialect::SpotV1, kV1Asks),
              ElementsAre(replaced(kV1Asks, "1693440000.123456", "1693440060.123456")));
  EXPECT_THAT(after(Dialect::FuturesV1, kFuturesBuy),
              ElementsAre(replaced(kFuturesBuy, "1612269825817", "1612269885817")));
  const std::string_view perpetual =
      R"({"feed":"ticker","time":1612269825817,"volume":1612269825817,"maturityTime":0})";
  EXPECT_THAT(after(Dialect::FuturesV1, perpetual), ElementsAre(replaced(perpetual, "1612269825817", "1612269885817")));
  EXPECT_THAT(after(Dialect::SpotV2, R"({"channel":"heartbeat"})"), ElementsAre(R"({"channel":"heartbeat"})"));
}

TEST_F(FaultyContent, ClockBehind) {
  add("kind: clock_ahead, by: -7s, symbol: ETH/EUR");
  EXPECT_THAT(after(Dialect::SpotV2, kV2Update),
              ElementsAre(replaced(kV2Update, "08:00:07.180204Z", "08:00:00.180204Z")));
}

TEST_F(FaultyContent, ChannelsAndSymbolsFitDataAndNotAcknowledgements) {
  add("kind: drop, channel: book, symbol: ETH/EUR");
  add("kind: drop, channel: book, symbol: XBT/USD");
  add("kind: drop, channel: trade, symbol: PF_XBTUSD");
  EXPECT_THAT(after(Dialect::SpotV2, kV2Update), IsEmpty());
  const std::string ack = R"({"method":"subscribe","result":{"channel":"book","symbol":"ETH/EUR"},"success":true})";
  EXPECT_THAT(after(Dialect::SpotV2, ack), ElementsAre(ack));
  EXPECT_THAT(after(Dialect::SpotV2, replaced(kV2Update, "ETH", "BTC")),
              ElementsAre(replaced(kV2Update, "ETH", "BTC")));
  EXPECT_THAT(after(Dialect::SpotV1, kV1Both), IsEmpty());
  EXPECT_THAT(after(Dialect::FuturesV1, kFuturesBuy), ElementsAre(kFuturesBuy));
  EXPECT_THAT(after(Dialect::FuturesV1, R"({"feed":"trade_snapshot","product_id":"PF_XBTUSD","trades":[]})"),
              IsEmpty());
}

// ---- what is asked is answered otherwise

class FaultyRequests : public FaultyMarket {
 protected:
  Lines answer(std::string_view request) {
    say(request);
    return heard();
  }
};

constexpr std::string_view kV2Subscribe =
    R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","ETH/USD"]},"req_id":17})";

TEST_F(FaultyRequests, ErrorReplyInV2) {
  add("kind: error_reply, error: 'EService:Unavailable', times: 2");
  connect();
  EXPECT_THAT(
      answer(kV2Subscribe),
      ElementsAre(
          R"({"error":"EService:Unavailable","method":"subscribe","req_id":17,"success":false,"symbol":"BTC/USD","time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})",
          R"({"error":"EService:Unavailable","method":"subscribe","req_id":17,"success":false,"symbol":"ETH/USD","time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})"));
  EXPECT_THAT(
      answer(R"({"method":"add_order","params":{"symbol":"BTC/USD","token":"T"}})"),
      ElementsAre(
          R"({"error":"EService:Unavailable","method":"add_order","success":false,"time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})"));
  EXPECT_THAT(arrived(), IsEmpty()) << "the exchange has heard nothing";
  EXPECT_THAT(answer(kV2Subscribe), IsEmpty());
  EXPECT_THAT(arrived(), ElementsAre(kV2Subscribe)) << "twice only";
}

TEST_F(FaultyRequests, ErrorReplyInV1) {
  add("kind: error_reply");
  connect(Dialect::SpotV1);
  EXPECT_THAT(
      answer(
          R"({"event":"subscribe","reqid":9,"pair":["XBT/USD","ETH/USD"],"subscription":{"name":"book","depth":25}})"),
      ElementsAre(
          R"({"errorMessage":"EGeneral:Internal error","event":"subscriptionStatus","pair":"XBT/USD","reqid":9,"status":"error","subscription":{"name":"book","depth":25}})",
          R"({"errorMessage":"EGeneral:Internal error","event":"subscriptionStatus","pair":"ETH/USD","reqid":9,"status":"error","subscription":{"name":"book","depth":25}})"));
  EXPECT_THAT(
      answer(R"({"event":"cancelAll","token":"T","reqid":3})"),
      ElementsAre(
          R"({"errorMessage":"EGeneral:Internal error","event":"cancelAllStatus","reqid":3,"status":"error"})"));
  EXPECT_THAT(answer(R"({"event":"dance"})"),
              ElementsAre(R"({"errorMessage":"EGeneral:Internal error","event":"error"})"));
  EXPECT_THAT(answer(R"({"event":"ping"})"), IsEmpty());
  EXPECT_THAT(arrived(), ElementsAre(R"({"event":"ping"})"));
}

TEST_F(FaultyRequests, AlertInFutures) {
  add("kind: error_reply, channel: book");
  connect(Dialect::FuturesV1);
  EXPECT_THAT(
      answer(R"({"event":"subscribe","feed":"book","product_ids":["PF_XBTUSD","PF_ETHUSD"]})"),
      ElementsAre(R"({"event":"alert","message":"Bad request"})", R"({"event":"alert","message":"Bad request"})"));
  EXPECT_THAT(answer(R"({"event":"subscribe","feed":"ticker","product_ids":["PF_XBTUSD"]})"), IsEmpty());
}

TEST_F(FaultyRequests, InvalidToken) {
  add("kind: invalid_token");
  connect(kOne, "wss://ws-auth.kraken.com/v2");
  EXPECT_THAT(
      answer(R"({"method":"subscribe","params":{"channel":"executions","token":"T"},"req_id":20})"),
      ElementsAre(
          R"({"channel":"executions","error":"ESession:Invalid session","method":"subscribe","req_id":20,"status":"error","success":false,"time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})"));
  EXPECT_THAT(
      answer(R"({"method":"cancel_all","params":{"token":"T"},"req_id":21})"),
      ElementsAre(
          R"({"error":"ESession:Invalid session","method":"cancel_all","req_id":21,"success":false,"time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})"));
  EXPECT_THAT(answer(R"({"method":"ping"})"), IsEmpty());
  EXPECT_THAT(arrived(), ElementsAre(R"({"method":"ping"})"));
}

TEST_F(FaultyRequests, InvalidTokenInV1AndFutures) {
  add("kind: invalid_token");
  connect(kOne, "wss://ws-auth.kraken.com");
  EXPECT_THAT(
      answer(R"({"event":"subscribe","subscription":{"name":"openOrders","token":"T"}})"),
      ElementsAre(
          R"({"errorMessage":"ESession:Invalid session","event":"subscriptionStatus","status":"error","subscription":{"name":"openOrders","token":"T"}})"));
  EXPECT_THAT(
      answer(R"({"event":"addOrder","token":"T","reqid":4})"),
      ElementsAre(
          R"({"errorMessage":"ESession:Invalid session","event":"addOrderStatus","reqid":4,"status":"error"})"));
  leave();
  connect(Dialect::FuturesV1);
  EXPECT_THAT(
      answer(R"({"event":"subscribe","feed":"fills","api_key":"k","original_challenge":"c","signed_challenge":"s"})"),
      ElementsAre(R"({"event":"alert","message":"Failed to subscribe to authenticated feed"})"));
}

TEST_F(FaultyRequests, RateLimit) {
  add("kind: rate_limit, requests: 2, per: 1s");
  connect();
  EXPECT_THAT(answer(kV2Subscribe), IsEmpty());
  run_to(500ms);
  EXPECT_THAT(answer(kV2Subscribe), IsEmpty());
  EXPECT_THAT(
      answer(kV2Subscribe),
      ElementsAre(
          R"(@500ms {"error":"Exceeded msg rate","method":"subscribe","req_id":17,"success":false,"time_in":"2026-09-01T08:00:00.500000Z","time_out":"2026-09-01T08:00:00.500000Z"})"));
  EXPECT_THAT(
      answer(R"({"method":"add_order","params":{"token":"T"}})"),
      ElementsAre(
          R"(@500ms {"error":"EOrder:Rate limit exceeded","method":"add_order","success":false,"time_in":"2026-09-01T08:00:00.500000Z","time_out":"2026-09-01T08:00:00.500000Z"})"));
  EXPECT_THAT(
      answer(R"({"method":"subscribe","params":{"channel":"level3","symbol":["YFI/USD"],"token":"T"}})"),
      ElementsAre(
          R"(@500ms {"channel":"level3","error":"Rate limit for snapshot requests exceeded, when trying to subscribe to YFI/USD level3 snapshot","method":"subscribe","status":"error","success":false,"time_in":"2026-09-01T08:00:00.500000Z","time_out":"2026-09-01T08:00:00.500000Z"})"));
  run_to(1s);
  EXPECT_THAT(answer(kV2Subscribe), IsEmpty()) << "the first is a second ago";
  EXPECT_EQ(arrived().size(), 3U);
}

TEST_F(FaultyRequests, RateLimitInV1AndFutures) {
  add("kind: rate_limit, requests: 0");
  connect(Dialect::SpotV1);
  EXPECT_THAT(answer(R"({"event":"subscribe","reqid":42,"pair":["XBT/USD"],"subscription":{"name":"trade"}})"),
              ElementsAre(R"({"errorMessage":"Exceeded msg rate","event":"error","reqid":42})"));
  leave();
  arrived();
  connect(Dialect::FuturesV1);
  EXPECT_THAT(answer(R"({"event":"subscribe","feed":"heartbeat"})"), ElementsAre("closed 1008 Exceeded msg rate"));
  EXPECT_THAT(arrived(), ElementsAre("closed 1008 Exceeded msg rate"));
}

TEST_F(FaultyRequests, DeadManSwitch) {
  const FaultId id = add("kind: dead_man_switch, timeout: 1s");
  connect();
  const std::string request =
      R"({"method":"cancel_all_orders_after","params":{"timeout":60,"token":"60"},"req_id":60})";
  say(request);
  EXPECT_THAT(arrived(), ElementsAre(replaced(request, R"("timeout":60)", R"("timeout":1)")));
  plan.remove(id);
  add("kind: dead_man_switch, timeout: 0s");
  say(request);
  EXPECT_THAT(arrived(), ElementsAre(replaced(request, R"("timeout":60)", R"("timeout":0)")));
  leave();
  arrived();
  connect(Dialect::SpotV1);
  say(R"({"event":"cancelAllOrdersAfter","token":"T","timeout":60})");
  say(R"({"event":"cancelAll","token":"T","timeout":60})");
  EXPECT_THAT(arrived(), ElementsAre(R"({"event":"cancelAllOrdersAfter","token":"T","timeout":0})",
                                     R"({"event":"cancelAll","token":"T","timeout":60})"));
}

TEST_F(FaultyRequests, AnswersTravelLikeAllMessages) {
  add("kind: error_reply");
  add("kind: latency, latency: 200ms");
  connect();
  tell("a");
  EXPECT_THAT(answer(R"({"method":"cancel_all","params":{"token":"T"}})"), IsEmpty());
  run_to(1s);
  EXPECT_THAT(
      heard(),
      ElementsAre(
          "@200ms a",
          R"(@200ms {"error":"EGeneral:Internal error","method":"cancel_all","success":false,"time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})"));
}

}  // namespace
}  // namespace ktape
