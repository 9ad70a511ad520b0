// Our own client against each fault: it notices, comes back, and knows the market again.

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/client/client.hpp"
#include "core/market/event_text.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "core/wire/loopback.hpp"
#include "faults/faulty_exchange.hpp"
#include "synth/synthetic_exchange.hpp"
#include "tests/support/synthetic_options.hpp"
#include "tests/support/synthetic_session.hpp"
#include "tests/support/troubled_markets.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;

// What tells that something was wrong.
class Diary final : public EventSink {
 public:
  explicit Diary(const Clock& clock) : clock_(clock) {}
  void on_event(const Event& event) override {
    if (std::holds_alternative<Heartbeat>(event) || std::holds_alternative<BookSnapshot>(event) ||
        std::holds_alternative<BookUpdate>(event) || std::holds_alternative<Trade>(event) ||
        std::holds_alternative<InstrumentUpdate>(event) || std::holds_alternative<StatusChange>(event)) {
      return;
    }
    std::string line = format_rfc3339(clock_.now(), 3).substr(17) + " ";
    append_event_text(line, {}, 0, event);
    lines.push_back(line);
  }
  std::vector<std::string> lines;

 private:
  const Clock& clock_;
};

bool same(const OrderBook* a, const OrderBook* b) {
  const auto equal = [](LevelsView x, LevelsView y) {
    return x.size() == y.size() && std::equal(x.begin(), x.end(), y.begin(), [](const auto& m, const auto& n) {
             return identical(m.price, n.price) && identical(m.quantity, n.quantity);
           });
  };
  return a != nullptr && b != nullptr && a->state() == BookState::Live && b->state() == BookState::Live &&
         equal(a->bids(), b->bids()) && equal(a->asks(), b->asks());
}

struct Case {
  const char* fault;
  const char* sign;  // in what the client tells of it; empty: it need not notice
};

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  std::string name(to_string(parse_fault(info.param.fault, "case").value().kind));
  return fmt::format("{}_{}", info.index, name);
}

// ---- Spot v2, against a client of the same market without faults

class SpotV2Recovery : public ::testing::TestWithParam<Case> {};

TEST_P(SpotV2Recovery, TheBookIsTheExchangesAgain) {
  constexpr std::array<std::string_view, 1> kSymbols{"EUR/USD"};
  auto market = test::synthetic_options(3, 3min, kSymbols);
  const Timestamp start = market.start;
  VirtualClock client_clock(start);
  VirtualClock exchange_clock(start);
  const auto exchange = synth::SyntheticExchange::create(std::move(market), exchange_clock).value();
  FaultPlan plan(exchange_clock, 1);
  FaultyExchange faulty(exchange_clock, *exchange, plan);
  static_cast<void>(plan.add(parse_fault(GetParam().fault, "case").value()).value());
  Loopback bad(faulty, client_clock, exchange_clock);
  Loopback good(*exchange, client_clock, exchange_clock);

  ClientOptions options;
  options.endpoint = Endpoint::parse("wss://ws.kraken.com/v2").value();
  options.reconnect = {.delay = 1s, .longest_delay = 4s};
  Diary diary(client_clock);
  Diary other_diary(client_clock);
  spot_v2::SpotV2Codec codec;
  spot_v2::SpotV2Codec other_codec;
  const auto transport = bad.make_transport(ConnectionId{1});
  const auto other_transport = good.make_transport(ConnectionId{2});
  Client client(*transport, codec, client_clock, diary, options);
  Client truth(*other_transport, other_codec, client_clock, other_diary, options);
  for (Client* each : {&client, &truth}) {
    for (const auto channel : {Channel::Instrument, Channel::Book, Channel::Trade}) {
      ASSERT_TRUE(each->subscribe(channel == Channel::Book         ? test::book_of({"EUR/USD"}, 10)
                                  : channel == Channel::Instrument ? test::channel_of(channel)
                                                                   : test::channel_of(channel, {"EUR/USD"})));
    }
    each->start();
  }
  // Two loopbacks on the same clocks: each small step lets both deliver.
  const auto run_for = [&](Duration span) {
    for (const Timestamp end = client_clock.now() + span; client_clock.now() < end;) {
      const Timestamp at = client_clock.now() + 10ms;
      bad.run_until(at);
      good.run_until(at);
    }
  };
  run_for(75s);
  const auto told = ::testing::PrintToString(diary.lines);
  EXPECT_GE(plan.list().front().acted, 1U) << told;
  EXPECT_THAT(told, HasSubstr(GetParam().sign));
  EXPECT_TRUE(client.connected()) << told;
  bool equal = false;
  for (int tries = 0; tries < 300 && !equal; ++tries) {
    equal = same(client.book("EUR/USD"), truth.book("EUR/USD"));
    if (!equal) run_for(20ms);
  }
  EXPECT_TRUE(equal) << told;
}

INSTANTIATE_TEST_SUITE_P(
    EachFault, SpotV2Recovery,
    ::testing::Values(Case{"{kind: wrong_checksum, after: 20, times: 3, from: 5s}", "checksum"},
                      Case{"{kind: drop, channel: book, from: 5s, times: 1}", "checksum"},
                      Case{"{kind: duplicate, channel: book, from: 5s, times: 5}", ""},
                      Case{"{kind: reorder, channel: book, from: 5s, times: 1}", "checksum"},
                      Case{"{kind: delay, delay: 2s, channel: book, from: 5s, times: 1}", "checksum"},
                      Case{"{kind: unknown_delete, from: 5s, times: 2}", ""},
                      Case{"{kind: crossed_book, from: 5s, times: 1}", "checksum"},
                      Case{"{kind: truncate, from: 5s, times: 3}", "unknown"},
                      Case{"{kind: corrupt, characters: 3, from: 5s, times: 5}", ""},
                      Case{"{kind: missing_heartbeat, from: 5s, until: 30s}", ""},
                      Case{"{kind: gap, channel: trade, messages: 2, from: 5s, times: 1}", "trade_gap"},
                      Case{"{kind: clock_ahead, by: 1h, from: 5s, until: 20s}", ""},
                      Case{"{kind: latency, latency: 300ms, jitter: 300ms, direction: both, until: 60s}", ""},
                      Case{"{kind: bandwidth, rate: 20, until: 60s}", ""}, Case{"{kind: slow_start, rate: 2}", ""},
                      Case{"{kind: slicer, average_size: 100, delay: 2ms, until: 60s}", ""},
                      Case{"{kind: stall, from: 5s, duration: 4s}", ""},
                      Case{"{kind: stall, from: 5s, duration: 20s, times: 1}", "link"},
                      Case{"{kind: half_open, from: 5s, until: 6s}", "link"},
                      Case{"{kind: timeout, timeout: 2s, from: 5s, until: 5500ms}", "link"},
                      Case{"{kind: reset_peer, from: 5s, times: 2}", "link"},
                      Case{"{kind: close, code: 1012, reason: restart, from: 5s, until: 20s}", "link"},
                      Case{"{kind: limit_data, bytes: 30000, times: 2}", "link"},
                      Case{"{kind: error_reply, error: 'EService:Unavailable', until: 3s}", "EService:Unavailable"},
                      Case{"{kind: rate_limit, requests: 1, per: 5s, until: 8s}", "Exceeded msg rate"}),
    name_of);

// ---- Spot v1 and Futures

const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();

template <class Market>
void recovers(Dialect dialect, const std::string& symbol, const Case& what) {
  VirtualClock client_clock(kStart);
  VirtualClock exchange_clock(kStart);
  Market market(exchange_clock, 5);
  FaultPlan plan(exchange_clock, 1);
  FaultyExchange faulty(exchange_clock, market, plan);
  static_cast<void>(plan.add(parse_fault(what.fault, "case").value()).value());
  Loopback loopback(faulty, client_clock, exchange_clock);
  ClientOptions options;
  options.endpoint = Endpoint::parse(public_url(dialect)).value();
  options.reconnect = {.delay = 1s, .longest_delay = 4s};
  Diary diary(client_clock);
  const auto codec = make_codec(dialect);
  const auto transport = loopback.make_transport(ConnectionId{1});
  Client client(*transport, *codec, client_clock, diary, options);
  Subscription book = test::book_of({symbol}, 10);
  if (dialect == Dialect::FuturesV1) {
    book.depth = 0;
    ASSERT_TRUE(client.subscribe(test::channel_of(Channel::Heartbeat)));
  }
  ASSERT_TRUE(client.subscribe(book));
  client.start();
  loopback.run_until(kStart + 75s);
  const auto told = ::testing::PrintToString(diary.lines);
  EXPECT_GE(plan.list().front().acted, 1U) << told;
  EXPECT_THAT(told, HasSubstr(what.sign));
  bool equal = false;
  for (int tries = 0; tries < 100 && !equal; ++tries) {
    equal = market.is_told_by(client);
    if (!equal) loopback.run_until(client_clock.now() + 50ms);
  }
  EXPECT_TRUE(equal) << told;
}

class SpotV1Recovery : public ::testing::TestWithParam<Case> {};

TEST_P(SpotV1Recovery, TheBookIsTheExchangesAgain) {
  recovers<test::SpotV1Market>(Dialect::SpotV1, "BTC/USD", GetParam());
}

INSTANTIATE_TEST_SUITE_P(EachFault, SpotV1Recovery,
                         ::testing::Values(Case{"{kind: wrong_checksum, after: 5, times: 1}", "checksum"},
                                           Case{"{kind: drop, channel: book, after: 5, times: 1}", "checksum"},
                                           Case{"{kind: unknown_delete, after: 5, times: 2}", ""},
                                           Case{"{kind: crossed_book, after: 5, times: 1}", "checksum"},
                                           Case{"{kind: half_open, from: 5s, until: 6s}", "link"},
                                           Case{"{kind: close, from: 5s, times: 1}", "link"},
                                           Case{"{kind: error_reply, error: 'EService:Unavailable', until: 3s}",
                                                "EService:Unavailable"}),
                         name_of);

class FuturesRecovery : public ::testing::TestWithParam<Case> {};

TEST_P(FuturesRecovery, TheBookIsTheExchangesAgain) {
  recovers<test::FuturesMarket>(Dialect::FuturesV1, "PF_XBTUSD", GetParam());
}

INSTANTIATE_TEST_SUITE_P(EachFault, FuturesRecovery,
                         ::testing::Values(Case{"{kind: wrong_checksum, after: 5, times: 1}", "book"},
                                           Case{"{kind: gap, channel: book, after: 5, times: 1}", "book"},
                                           Case{"{kind: unknown_delete, after: 5, times: 2}", ""},
                                           Case{"{kind: duplicate, channel: book, after: 5, times: 3}", ""},
                                           Case{"{kind: half_open, from: 5s, until: 6s}", "link"},
                                           Case{"{kind: reset_peer, from: 5s, times: 1}", "link"}),
                         name_of);

}  // namespace
}  // namespace ktape
