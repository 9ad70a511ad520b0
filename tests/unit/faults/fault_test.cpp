#include "faults/fault.hpp"

#include <gmock/gmock.h>

#include "core/base/virtual_clock.hpp"
#include "faults/fault_plan.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string error_of(std::string_view yaml) {
  const auto read = parse_faults(yaml, "faults.yaml");
  return read ? "none" : read.error().detail;
}

// Of one fault in one line.
std::string objection(const std::string& members) {
  const std::string error = error_of("- {" + members + "}");
  const std::string place = "faults.yaml:1: ";
  return error.starts_with(place) ? error.substr(place.size()) : error;
}

TEST(Faults, AreReadWithAllThatTheySay) {
  const auto read = parse_faults(R"(
faults:
  - name: lost update
    kind: drop
    connection: 2
    host: ws.kraken.com
    target: /v2
    dialect: spot-v2
    direction: from_exchange
    channel: book
    symbol: BTC/USD
    contains: '"type":"update"'
    since: opening
    from: 10s
    until: 1m
    after: 3
    times: 2
    probability: 1/10
  - {kind: latency, latency: 100ms, jitter: 20ms}
)",
                                 "faults.yaml");
  ASSERT_TRUE(read.has_value()) << read.error().detail;
  Fault lost{.name = "lost update", .kind = faults::Drop{}};
  lost.where = {.connection = 2,
                .host = "ws.kraken.com",
                .target = "/v2",
                .dialect = Dialect::SpotV2,
                .way = faults::Way::FromExchange,
                .channel = "book",
                .symbol = "BTC/USD",
                .contains = R"("type":"update")"};
  lost.when = {
      .since = FaultWhen::Since::Opening, .from = 10s, .until = 60s, .after = 3, .times = 2, .probability = {1, 10}};
  EXPECT_THAT(*read, ElementsAre(lost, Fault{.kind = faults::Latency{100ms, 20ms}}));
}

// One of every kind, with parameters that are not those it has anyway.
std::vector<Fault> one_of_each() {
  std::vector<Fault> all;
  for (faults::Kind kind : std::initializer_list<faults::Kind>{faults::Latency{100ms, 20ms},
                                                               faults::Bandwidth{{16}},
                                                               faults::SlowStart{{1}, 500ms, {64}},
                                                               faults::Slicer{{100}, {20}, 5ms},
                                                               faults::SlowClose{2s},
                                                               faults::Stall{3s},
                                                               faults::HalfOpen{},
                                                               faults::Timeout{4s},
                                                               faults::ResetPeer{5s},
                                                               faults::Close{4000, "a \"reason\", with: signs"},
                                                               faults::LimitData{{1000}},
                                                               faults::Drop{},
                                                               faults::Duplicate{2, 10ms},
                                                               faults::Reorder{3, 2s},
                                                               faults::Delay{250ms},
                                                               faults::Truncate{faults::ByteCount{10}},
                                                               faults::Corrupt{5},
                                                               faults::WrongChecksum{},
                                                               faults::UnknownDelete{},
                                                               faults::CrossedBook{},
                                                               faults::MissingHeartbeat{},
                                                               faults::Gap{2},
                                                               faults::ClockAhead{{-90s}},
                                                               faults::ErrorReply{"EService:Unavailable"},
                                                               faults::InvalidToken{},
                                                               faults::RateLimit{5, 2s},
                                                               faults::DeadManSwitch{7s},
                                                               faults::RefuseConnect{},
                                                               faults::HttpStatus{429, 30s, "slow down\n"},
                                                               faults::Tls{faults::TlsFailure::WrongName}}) {
    all.push_back({.name = std::string("my ") + std::string(to_string(kind)), .kind = std::move(kind)});
  }
  return all;
}

TEST(Faults, ArePrintedInALineThatReadsAsTheSame) {
  const auto all = one_of_each();
  EXPECT_EQ(all.size(), fault_kinds().size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(to_string(all[i].kind), fault_kinds()[i]);
    const std::string line = to_string(all[i]);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto again = parse_fault(line, "line");
    ASSERT_TRUE(again.has_value()) << line << ": " << again.error().detail;
    EXPECT_EQ(*again, all[i]) << line;
  }
  Fault all_places{.kind = faults::Stall{}};
  all_places.where = {.connection = 1,
                      .host = "h",
                      .target = "/",
                      .dialect = Dialect::SpotV1,
                      .way = faults::Way::Both,
                      .channel = "book",
                      .symbol = "XBT/USD",
                      .contains = "\"\\\n"};
  all_places.when = {
      .since = FaultWhen::Since::Opening, .from = 1s, .until = 2s, .after = 1, .times = 9, .probability = {1, 3}};
  EXPECT_EQ(
      to_string(all_places),
      R"({kind: stall, connection: 1, host: "h", target: "/", dialect: spot-v1, direction: both, channel: "book", )"
      R"(symbol: "XBT/USD", contains: "\"\\\n", since: opening, from: 1s, until: 2s, after: 1, times: 9, )"
      R"(probability: 1/3})");
  EXPECT_EQ(parse_fault(to_string(all_places), "line").value(), all_places);
}

TEST(Faults, AreRefusedWithFileLineAndKey) {
  EXPECT_EQ(error_of("- kind: drop\n  colour: red\n"),
            "faults.yaml:2: unknown key 'colour': drop has name, kind, connection, host, target, dialect, direction, "
            "channel, symbol, contains, since, from, until, after, times, probability");
  EXPECT_THAT(error_of("- kind: latency\n  latency: 1s\n  rate: 1\n"),
              HasSubstr("faults.yaml:3: unknown key 'rate': latency has latency, jitter, name, "));
  EXPECT_THAT(error_of("- kind: explode\n"),
              HasSubstr("faults.yaml:1: kind: 'explode' is not one of latency, bandwidth, "));
  EXPECT_EQ(error_of("- name: x\n"), "faults.yaml:1: kind: missing: every fault has one");
  EXPECT_EQ(error_of("- kind: drop\n  kind: drop\n"), "faults.yaml:2: kind: this key was there before");
  EXPECT_EQ(error_of("- drop\n"), "faults.yaml:1: a fault: a mapping with a kind expected, not a single value");
  EXPECT_EQ(error_of("drop\n"), "faults.yaml:1: a sequence of faults expected, not a single value");
  EXPECT_EQ(error_of("errors: []\n"), "faults.yaml:1: unknown key 'errors': 'faults' is the only one");
  EXPECT_EQ(error_of("faults: {}\n"), "faults.yaml:1: faults: a sequence expected, not a mapping");
  EXPECT_THAT(error_of("- [\n"), HasSubstr("faults.yaml:"));
  EXPECT_EQ(error_of("[]\n"), "none");
  EXPECT_THAT(read_faults(std::string("/nowhere/faults.yaml")).error().detail, HasSubstr("/nowhere/faults.yaml"));
  EXPECT_EQ(error_of("- kind: drop\n  after: -1\n"),
            "faults.yaml:2: after: a whole number from 0 to 18446744073709551615 expected, not '-1'");
  EXPECT_EQ(objection("kind: drop, from: soon"), "from: a time such as 250ms or 1m30s expected, not 'soon'");
  EXPECT_EQ(objection("kind: drop, dialect: v2"), "dialect: 'v2' is not one of spot-v2, spot-v1, futures-v1");
  EXPECT_EQ(objection("kind: drop, direction: up"), "direction: 'up' is not one of from_exchange, to_exchange, both");
  EXPECT_EQ(objection("kind: drop, since: birth"), "since: 'birth' is not one of start, opening");
  EXPECT_EQ(objection("kind: drop, probability: 0.1"), "probability: a fraction such as 1/10 expected, not '0.1'");
  EXPECT_EQ(objection("kind: drop, probability: 3/2"), "probability: 3/2 is not above 0 and up to 1");
  EXPECT_EQ(objection("kind: drop, connection: 0"),
            "connection: a whole number from 1 to 4294967295 expected, not '0'");
  EXPECT_EQ(objection("kind: tls, failure: weak"),
            "failure: 'weak' is not one of handshake, expired, wrong_name, untrusted");
  EXPECT_EQ(objection("kind: clock_ahead, by: much"), "by: whole seconds such as 5s or -5s expected, not 'much'");
}

TEST(Faults, RefuseParametersThatDoNothingOrTooMuch) {
  EXPECT_EQ(objection("kind: latency"), "latency: a time above zero expected: without it nothing goes wrong");
  EXPECT_EQ(objection("kind: latency, latency: 2000d"), "latency: 2000d is too long: 1000d at most");
  EXPECT_EQ(objection("kind: bandwidth"), "rate: a whole number from 1 to 10000000 expected, not 0");
  EXPECT_EQ(objection("kind: slow_start, rate: 10, full: 10"),
            "full: a rate above the one at the beginning (10) and up to 10000000 expected, not 10");
  EXPECT_EQ(objection("kind: slicer, average_size: 10, size_variation: 10, delay: 1s"),
            "size_variation: less than average_size (10) expected, not 10");
  EXPECT_EQ(objection("kind: close, code: 1006"), "code: 1006 says that no close frame came: that is kind reset_peer");
  EXPECT_EQ(objection("kind: close, code: 999"),
            "code: 999 may not be in a close frame: 1000 to 1003, 1005, 1007 to 1014, 3000 to 4999 may");
  EXPECT_EQ(objection("kind: close, code: 1005, reason: bye"), "reason: 1005 is a close frame without code and reason");
  EXPECT_EQ(objection("kind: close, reason: " + std::string(124, 'x')), "reason: 124 bytes, at most 123 are taken");
  EXPECT_EQ(objection("kind: delay"), "delay: a time above zero expected: without it nothing goes wrong");
  EXPECT_EQ(objection("kind: clock_ahead, by: 0s"), "by: a time expected, such as 5s or -5s");
  EXPECT_EQ(objection("kind: clock_ahead, by: 250ms"), "by: whole seconds such as 5s or -5s expected, not '250ms'");
  EXPECT_EQ(objection("kind: clock_ahead, by: -2000d"), "by: -172800000 s is too far: 1000d at most");
  EXPECT_EQ(objection("kind: dead_man_switch, timeout: 1500ms"),
            "timeout: 1s500ms is not in whole seconds, as the protocol has it");
  EXPECT_EQ(objection("kind: http_status, status: 101"), "status: a whole number from 200 to 599 expected, not 101");
  EXPECT_EQ(objection("kind: drop, times: 0"), "times: 0 times is never: leave the fault out, or disable it");
  EXPECT_EQ(objection("kind: drop, from: 2s, until: 2s"), "until: 2s is not after from (2s)");
  EXPECT_EQ(objection("kind: drop, name: \"a\\nb\""), "name: a control character in it");
}

TEST(Faults, RefuseWhatMakesNoSenseTogether) {
  EXPECT_THAT(objection("kind: drop, channel: candles"), HasSubstr("channel: 'candles' is no channel: book, trade, "));
  EXPECT_EQ(
      objection("kind: drop, dialect: spot-v1, channel: level3"),
      "channel: spot-v1 has no channel 'level3': book, trade, ticker, ohlc, spread, status, heartbeat, ownTrades, "
      "openOrders expected");
  EXPECT_EQ(objection("kind: wrong_checksum, channel: trade"),
            "channel: wrong_checksum is about books: book or level3 expected, not trade");
  EXPECT_EQ(objection("kind: crossed_book, direction: to_exchange"),
            "direction: crossed_book is about what the exchange says: from_exchange expected");
  EXPECT_EQ(objection("kind: missing_heartbeat, symbol: BTC/USD"),
            "symbol: a heartbeat is of the connection, and of no symbol");
  EXPECT_EQ(
      objection("kind: gap, dialect: spot-v2, channel: book"),
      "channel: messages of book in spot-v2 have no numbers that a gap could be seen by: kind drop leaves one out, "
      "and the checksum tells");
  EXPECT_EQ(objection("kind: gap, dialect: spot-v1, channel: trade"),
            "channel: messages of trade in spot-v1 have no numbers that a gap could be seen by");
  EXPECT_EQ(objection("kind: gap, dialect: futures-v1, channel: book"), "none");
  EXPECT_EQ(objection("kind: error_reply, direction: from_exchange"),
            "direction: error_reply is about what the client asks: to_exchange expected");
  EXPECT_EQ(objection("kind: invalid_token, channel: book"), "channel: book is public: nobody shows a token for it");
  EXPECT_EQ(objection("kind: dead_man_switch, dialect: futures-v1"),
            "dialect: the websocket of Futures has no dead man's switch: it is a REST call there");
  EXPECT_EQ(objection("kind: dead_man_switch, symbol: BTC/USD"),
            "symbol: the switch is the account's: it has no channel or symbol");
  EXPECT_EQ(objection("kind: slow_close, delay: 1s, channel: book"),
            "slow_close is about the end of a connection, which has no channel, symbol or text");
  EXPECT_EQ(objection("kind: slow_close, delay: 1s, direction: both"),
            "direction: a client that has gone waits for nothing: from_exchange expected");
  EXPECT_EQ(objection("kind: limit_data, bytes: 10, symbol: BTC/USD"),
            "limit_data counts everything that is said: no channel, symbol or text");
  EXPECT_THAT(objection("kind: close, direction: to_exchange"), HasSubstr("direction: close ends both directions"));
  EXPECT_EQ(objection("kind: close, direction: to_exchange, after: 3"), "none");
  EXPECT_EQ(objection("kind: refuse_connect, host: ws.kraken.com"),
            "host: a socket is all that there is yet: what a client wants is known at its upgrade (http_status)");
  EXPECT_EQ(objection("kind: http_status, host: ws.kraken.com"), "none");
  EXPECT_EQ(objection("kind: tls, channel: book"), "channel: before there is a connection there are no messages");
  EXPECT_EQ(objection("kind: http_status, on: rest, target: /0/private/"), "none");
  EXPECT_EQ(objection("kind: http_status, on: both, dialect: spot-v2"),
            "dialect: REST calls are of no websocket's dialect: host and target tell them apart");
  EXPECT_EQ(objection("kind: http_status, since: opening"),
            "since: this is before a connection opens: start is all that there is");
}

TEST(FaultPlan, TellsWhatItHasAndHowOftenItActed) {
  VirtualClock clock(parse_rfc3339("2026-09-01T08:00:00Z").value());
  FaultPlan plan(clock, 1);
  const auto busy =
      plan.add({.name = "busy", .kind = faults::HttpStatus{429}, .when = {.after = 1, .times = 2}}).value();
  const auto other = plan.add({.kind = faults::RefuseConnect{}, .where = {.connection = 2}}).value();
  EXPECT_NE(busy, other);
  EXPECT_THAT(plan.add({.kind = faults::Latency{}}).error().detail, HasSubstr("latency: "));

  std::vector<std::string> acts;
  plan.on_act([&](const FaultAct& act) { acts.push_back(act.text()); });
  const Endpoint endpoint = Endpoint::parse("wss://ws.kraken.com/v2").value();
  EXPECT_FALSE(plan.at_upgrade(endpoint)) << "the first passes";
  EXPECT_EQ(plan.at_upgrade(endpoint)->status, 429U);
  plan.disable(busy);
  EXPECT_FALSE(plan.at_upgrade(endpoint));
  plan.enable(busy);
  clock.advance_to(clock.now() + 1s);
  EXPECT_TRUE(plan.at_upgrade(endpoint));
  EXPECT_FALSE(plan.at_upgrade(endpoint)) << "twice at most";
  EXPECT_FALSE(plan.refuses_socket());
  EXPECT_TRUE(plan.refuses_socket());
  EXPECT_FALSE(plan.refuses_socket());
  EXPECT_FALSE(plan.at_handshake());
  EXPECT_THAT(
      acts,
      ElementsAre("fault 'busy' (http_status) on wss://ws.kraken.com/v2 at 2026-09-01T08:00:00.000000000Z, no. 1",
                  "fault 'busy' (http_status) on wss://ws.kraken.com/v2 at 2026-09-01T08:00:01.000000000Z, no. 2",
                  "fault 'refuse_connect' (refuse_connect) on a new socket at 2026-09-01T08:00:01.000000000Z, no. 1"));

  const auto all = plan.list();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, busy);
  EXPECT_EQ(all[0].seen, 4U);
  EXPECT_EQ(all[0].acted, 2U);
  EXPECT_TRUE(all[0].enabled);
  EXPECT_EQ(all[1].acted, 1U);
  EXPECT_TRUE(plan.remove(busy));
  EXPECT_FALSE(plan.remove(busy));
  EXPECT_FALSE(plan.enable(busy));
  EXPECT_FALSE(plan.find(busy));
  EXPECT_EQ(plan.find(other)->acted, 1U);
}

TEST(FaultPlan, KeepsToItsHoursAndPlaces) {
  VirtualClock clock(parse_rfc3339("2026-09-01T08:00:00Z").value());
  FaultPlan plan(clock, 1);
  static_cast<void>(
      plan.add({.kind = faults::HttpStatus{}, .where = {.host = "a"}, .when = {.from = 1s, .until = 2s}}).value());
  static_cast<void>(plan.add({.kind = faults::HttpStatus{429}, .where = {.dialect = Dialect::FuturesV1}}).value());
  const auto status = [&](std::string_view url) {
    const auto refusal = plan.at_upgrade(Endpoint::parse(url).value());
    return refusal ? refusal->status : 0;
  };
  EXPECT_EQ(status("wss://a/v2"), 0U);
  EXPECT_EQ(status("wss://b/ws/v1"), 429U);
  clock.advance_to(clock.now() + 1s);
  EXPECT_EQ(status("wss://a/v2"), 503U);
  EXPECT_EQ(status("wss://b/v2"), 0U);
  clock.advance_to(clock.now() + 1s);
  EXPECT_EQ(status("wss://a/v2"), 0U);
}

TEST(FaultPlan, TellsUpgradesFromCallsOfRest) {
  VirtualClock clock(parse_rfc3339("2026-09-01T08:00:00Z").value());
  FaultPlan plan(clock, 1);
  const auto add = [&](const std::string& yaml) {
    static_cast<void>(plan.add(parse_fault("{kind: http_status, " + yaml + "}", "test").value()).value());
  };
  add("status: 429, on: rest, target: /0/private/");
  add("status: 520, on: rest, target: /0/public/Time");
  add("status: 502, on: both, host: futures.kraken.com");
  const auto status = [&](std::string_view url, bool is_call) {
    const Endpoint endpoint = Endpoint::parse(url).value();
    const auto refusal = is_call ? plan.at_call(endpoint) : plan.at_upgrade(endpoint);
    return refusal ? refusal->status : 0;
  };
  EXPECT_EQ(status("wss://api.kraken.com/0/private/Balance", true), 429U);
  EXPECT_EQ(status("wss://api.kraken.com/0/private", true), 0U);
  EXPECT_EQ(status("wss://api.kraken.com/0/public/Time?x=1", true), 520U);
  EXPECT_EQ(status("wss://api.kraken.com/0/public/TimeX", true), 0U);
  EXPECT_EQ(status("wss://api.kraken.com/0/private/Balance", false), 0U) << "no upgrade is meant";
  EXPECT_EQ(status("wss://futures.kraken.com/ws/v1", false), 502U);
  EXPECT_EQ(status("wss://futures.kraken.com/derivatives/api/v3/tickers", true), 502U);
}

TEST(FaultPlan, DrawsTheSameForTheSameSeed) {
  const auto draw = [](std::uint64_t seed) {
    VirtualClock clock(Timestamp{});
    FaultPlan plan(clock, seed);
    static_cast<void>(plan.add({.kind = faults::RefuseConnect{}, .when = {.probability = {1, 3}}}).value());
    std::string drawn;
    for (int i = 0; i < 300; ++i) drawn += plan.refuses_socket() ? 'x' : '.';
    return drawn;
  };
  EXPECT_EQ(draw(1), draw(1));
  EXPECT_NE(draw(1), draw(2));
  const std::string one = draw(1);
  const auto refused = std::count(one.begin(), one.end(), 'x');
  EXPECT_GT(refused, 70);
  EXPECT_LT(refused, 130);
}

}  // namespace
}  // namespace ktape
