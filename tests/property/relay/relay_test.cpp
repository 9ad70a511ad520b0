// Whoever listens through a relay hears what he would have heard without, and the relay's recording is what he heard.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/wire/loopback.hpp"
#include "relay/relay_exchange.hpp"
#include "synth/synthetic_exchange.hpp"
#include "tests/support/direct_upstream.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/synthetic_options.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 2> kSymbols{"MINA/GBP", "EUR/USD"};
constexpr Duration kLength = 6s;

std::uint64_t seeds() {
  const char* const text = std::getenv("KTAPE_SEEDS");
  return text == nullptr ? 8 : std::strtoull(text, nullptr, 10);
}

// What each client's end of the wire has seen, and what the relay has recorded.
struct History {
  std::array<std::vector<LoggedFrame>, 3> heard;
  std::vector<LoggedFrame> recorded;
};

std::string drawn_request(Random& random) {
  constexpr std::array<std::string_view, 4> kChannels{"book", "trade", "ticker", "ohlc"};
  switch (random.below(6)) {
    case 0:
      return R"({"method":"ping","req_id":7})";
    case 1:
      return "nonsense";
    default:
      break;
  }
  return fmt::format(R"({{"method":"{}","params":{{"channel":"{}","symbol":["{}"]}},"req_id":{}}})",
                     random.below(4) == 0 ? "unsubscribe" : "subscribe", kChannels[random.below(kChannels.size())],
                     kSymbols[random.below(kSymbols.size())], random.below(1000));
}

// Three clients that ask, go and come back, each at moments of its own.
History run(std::uint64_t seed, bool with_relay) {
  auto market = synthetic_options(seed, kLength, kSymbols);
  VirtualClock clients_clock(market.start);
  VirtualClock clock(market.start);
  const Timestamp start = market.start;
  const auto exchange = synth::SyntheticExchange::create(std::move(market), clock).value();
  FrameLog recorder;
  RelayOptions options;
  options.way = [&](ConnectionId number, const Endpoint& asked) {
    // The exchange knows each client by the same number in both runs: its path tells.
    const ConnectionId client{static_cast<std::uint32_t>(asked.target.back() - '0')};
    return RelayOptions::Way{std::make_unique<DirectUpstream>(clock, *exchange, number, client), asked};
  };
  RelayExchange relay(clock, recorder, std::move(options));
  Loopback loopback(with_relay ? static_cast<Exchange&>(relay) : *exchange, clients_clock, clock);

  Random random(seed);
  std::array<FrameLog, 3> logs;
  std::array<std::unique_ptr<Transport>, 3> transports;
  std::array<bool, 3> up{};
  for (std::uint32_t i = 0; i < 3; ++i) transports[i] = loopback.make_transport(ConnectionId{i + 1});
  for (Timestamp now = start; now < start + kLength;
       now += Duration{static_cast<std::int64_t>(random.below(250'000'000))}) {
    loopback.run_until(now);
    const auto i = static_cast<std::size_t>(random.below(3));
    const auto connections = logs[i].count(Direction::FromExchange, FrameKind::Opened);
    const auto ends = logs[i].count(Direction::FromExchange, FrameKind::Closed) +
                      logs[i].count(Direction::ToExchange, FrameKind::Closed);
    if (!up[i] && connections == ends) {
      up[i] = true;
      transports[i]->connect(Endpoint::parse(fmt::format("wss://ws.kraken.com/v2?client={}", i + 1)).value(), logs[i]);
    } else if (up[i] && random.below(12) == 0) {
      up[i] = false;
      transports[i]->close({4000, fmt::format("enough at {}", nanoseconds(now))});
    } else if (up[i]) {
      transports[i]->send(drawn_request(random));
    }
  }
  loopback.run_until(start + kLength + 1s);
  History out;
  for (std::size_t i = 0; i < 3; ++i) out.heard[i] = logs[i].frames;
  out.recorded = recorder.frames;
  return out;
}

// Without their connections: the recorder has numbers of its own.
using Wire = std::vector<std::pair<Timestamp, std::string>>;
Wire wire_of(const std::vector<LoggedFrame>& frames) {
  Wire out;
  for (const LoggedFrame& frame : frames) {
    out.emplace_back(frame.at,
                     fmt::format("{} {} {}", to_string(frame.direction), to_string(frame.kind), frame.payload));
  }
  return out;
}

TEST(Relay, IsNotNoticedByThoseWhoListenThroughIt) {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const History direct = run(seed, false);
    const History relayed = run(seed, true);
    std::size_t messages = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(wire_of(direct.heard[i]), wire_of(relayed.heard[i])) << "client " << i;
      messages += direct.heard[i].size();
    }
    EXPECT_GT(messages, 30U);
    if (HasFailure()) return;
  }
}

TEST(Relay, RecordsWhatThoseWhoListenThroughItSayAndHear) {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const History relayed = run(seed, true);
    Wire heard;
    for (const auto& client : relayed.heard) {
      const Wire wire = wire_of(client);
      heard.insert(heard.end(), wire.begin(), wire.end());
    }
    Wire recorded = wire_of(relayed.recorded);
    std::sort(heard.begin(), heard.end());
    std::sort(recorded.begin(), recorded.end());
    EXPECT_EQ(heard, recorded);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace ktape::test
