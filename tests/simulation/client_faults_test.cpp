#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/client/client.hpp"
#include "core/market/event_text.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "core/wire/loopback.hpp"
#include "synth/synthetic_exchange.hpp"
#include "tests/support/bad_line.hpp"
#include "tests/support/synthetic_options.hpp"
#include "tests/support/synthetic_session.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;

constexpr Duration kTrouble = 40s;
constexpr Duration kMarket = 4min;

// Follows every request from its frame to its answers.
class RequestLedger final : public EventSink, public FrameSink {
 public:
  void on_frame(const Frame& frame) override {
    if (frame.direction != Direction::ToExchange || frame.kind != FrameKind::Text) return;
    note(fmt::format("{} > {}", format_rfc3339(frame.at, 3), frame.payload));
    const auto request = codec_.decode_request(frame.payload);
    if (!request || request->method == Method::Ping) return;
    auto& owed = owed_[request->request_id];
    owed.insert(request->subscription.symbols.begin(), request->subscription.symbols.end());
    if (owed.empty()) owed.insert("");
  }
  void on_event(const Event& event) override {
    if (event.index() != Event(Heartbeat{}).index() && !std::holds_alternative<BookUpdate>(event) &&
        !std::holds_alternative<BookSnapshot>(event) && !std::holds_alternative<InstrumentUpdate>(event) &&
        !std::holds_alternative<Trade>(event)) {
      std::string line;
      append_event_text(line, {}, 0, event);
      note(std::move(line));
    }
    if (const auto* reply = std::get_if<Reply>(&event); reply != nullptr && reply->request_id) {
      const auto owed = owed_.find(*reply->request_id);
      if (owed == owed_.end()) return;
      owed->second.erase(std::string(reply->symbol));
      if (reply->symbol.empty() || owed->second.empty()) owed_.erase(owed);
    } else if (const auto* lost = std::get_if<RequestUnanswered>(&event)) {
      owed_.erase(lost->request_id);
    }
  }
  std::size_t open() const { return owed_.size(); }

  // What went before: the last of it.
  std::string recently() const {
    std::string text;
    for (const std::string& line : recent_) text += "  " + line + "\n";
    return text;
  }

 private:
  void note(std::string line) {
    recent_.push_back(std::move(line));
    if (recent_.size() > 80) recent_.pop_front();
  }

  spot_v2::SpotV2Codec codec_;
  std::map<std::int64_t, std::set<std::string>> owed_;
  std::deque<std::string> recent_;
};

class Silent final : public EventSink {
  void on_event(const Event&) override {}
};

bool same_levels(const OrderBook& a, const OrderBook& b) {
  const auto equal = [](LevelsView x, LevelsView y) {
    return x.size() == y.size() && std::equal(x.begin(), x.end(), y.begin(), [](const auto& m, const auto& n) {
             return identical(m.price, n.price) && identical(m.quantity, n.quantity);
           });
  };
  return a.state() == BookState::Live && b.state() == BookState::Live && equal(a.bids(), b.bids()) &&
         equal(a.asks(), b.asks());
}

// What is wrong at the end of one run; empty if nothing is.
std::string run(std::uint64_t seed) {
  constexpr std::array<std::string_view, 2> kSymbols{"MINA/GBP", "EUR/USD"};
  auto market = test::synthetic_options(seed, kMarket, kSymbols);
  const Timestamp start = market.start;
  VirtualClock client_clock(start);
  VirtualClock exchange_clock(start);
  const auto exchange = synth::SyntheticExchange::create(std::move(market), exchange_clock).value();
  test::BadLine line(*exchange, exchange_clock, seed, start + kTrouble);
  Loopback bad(line, client_clock, exchange_clock);
  Loopback good(*exchange, client_clock, exchange_clock);

  ClientOptions options;
  options.endpoint = Endpoint::parse("wss://ws.kraken.com/v2").value();
  options.reconnect = {.delay = 1s, .jitter = 500ms, .longest_delay = 8s};
  options.seed = seed;
  const std::array wanted{test::book_of({"MINA/GBP", "EUR/USD"}, 10),
                          test::channel_of(Channel::Trade, {"MINA/GBP", "EUR/USD"}),
                          test::channel_of(Channel::Instrument)};

  struct Side {
    spot_v2::SpotV2Codec codec;
    RequestLedger ledger;
    std::unique_ptr<Transport> transport;
    std::unique_ptr<Client> client;
  };
  std::array<Side, 3> sides;  // two over the bad line, each with troubles of its own; the third sees the truth
  for (std::size_t i = 0; i < sides.size(); ++i) {
    Side& side = sides[i];
    side.transport = (i == 2 ? good : bad).make_transport(ConnectionId{static_cast<std::uint32_t>(i + 1)});
    options.frames = &side.ledger;
    side.client = std::make_unique<Client>(*side.transport, side.codec, client_clock, side.ledger, options);
    for (const Subscription& each : wanted) {
      if (const auto done = side.client->subscribe(each); !done) return done.error().detail;
    }
    side.client->start();
  }

  const auto until = [&](Timestamp end) {
    // Two loopbacks on the same clocks: each small step lets both deliver.
    for (Timestamp at = client_clock.now(); at < end; at += 10ms) {
      bad.run_until(at);
      good.run_until(at);
    }
  };
  until(start + kTrouble + 100s);

  std::string all_wrong;
  for (std::size_t i = 0; i < 2; ++i) {
    std::string wrong;
    const Client& client = *sides[i].client;
    if (!client.connected()) wrong += fmt::format("client {} is not connected\n", i + 1);
    std::size_t live = 0;
    for (const auto& [key, stream] : client.streams()) {
      if (stream.state == StreamState::Live) ++live;
      const bool says_why = stream.state == StreamState::Live || !stream.reason.empty();
      if (stream.state != StreamState::Live && stream.state != StreamState::Dead) {
        wrong += fmt::format("client {}: {} {} is {}: {}\n", i + 1, to_string(key.channel), key.symbol,
                             to_string(stream.state), stream.reason);
      }
      if (!says_why) wrong += fmt::format("client {}: {} does not say why\n", i + 1, key.symbol);
    }
    if (client.streams().size() != 5) {
      wrong += fmt::format("client {} has {} streams\n", i + 1, client.streams().size());
    }
    if (live == 0) wrong += fmt::format("client {} has nothing live\n", i + 1);
    if (sides[i].ledger.open() != 0) {
      wrong += fmt::format("client {}: {} requests without an answer\n", i + 1, sides[i].ledger.open());
    }
    for (const std::string symbol : {"MINA/GBP", "EUR/USD"}) {
      const auto stream = client.streams().find({.channel = Channel::Book, .symbol = symbol, .depth = 10});
      if (stream != client.streams().end() && stream->second.state == StreamState::Dead) continue;  // and has said why
      bool equal = false;
      for (int tries = 0; tries < 500 && !equal; ++tries) {
        const OrderBook* ours = client.book(symbol);
        const OrderBook* truth = sides[2].client->book(symbol);
        equal = ours != nullptr && truth != nullptr && same_levels(*ours, *truth);
        if (!equal) until(client_clock.now() + 20ms);
      }
      if (!equal) wrong += fmt::format("client {}: the book of {} is not the exchange's\n", i + 1, symbol);
    }
    if (!wrong.empty()) all_wrong += wrong + "after\n" + sides[i].ledger.recently();
  }
  return all_wrong;
}

// KTAPE_SIMULATION_SEEDS=10000 runs as many; a failure prints its seed, and KTAPE_SIMULATION_FIRST=seed begins there.
TEST(ClientSimulation, ComesBackFromEveryTroubleOrSaysWhyNot) {
  const auto number = [](const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
  };
  const std::uint64_t first = number("KTAPE_SIMULATION_FIRST", 1);
  const std::uint64_t seeds = number("KTAPE_SIMULATION_SEEDS", 20);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const std::string wrong = run(seed);
    ASSERT_EQ(wrong, "") << "with KTAPE_SIMULATION_FIRST=" << seed;
  }
}

}  // namespace
}  // namespace ktape
