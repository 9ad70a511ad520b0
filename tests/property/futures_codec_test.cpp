#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/protocol/futures/codec.hpp"
#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/futures/server_encode.hpp"

namespace ktape::futures {
namespace {

// KTAPE_SEED=n runs another series than the usual one.
std::uint64_t base_seed() {
  const char* const chosen = std::getenv("KTAPE_SEED");
  return chosen == nullptr ? 20'260'901 : std::strtoull(chosen, nullptr, 10);
}

Decimal number(Random& random) {
  return Decimal::from_units(static_cast<Int128>(random.next() >> random.below(64)),
                             static_cast<int>(random.below(12)));
}
Timestamp time(Random& random) { return Timestamp{std::chrono::milliseconds{random.below(9'000'000'000'000)}}; }
std::string product(Random& random) { return fmt::format("PF_P{}USD", random.below(1000)); }
Side side(Random& random) { return random.below(2) == 0 ? Side::Buy : Side::Sell; }

std::vector<Level> levels(Random& random) {
  std::vector<Level> out(random.below(20));
  for (Level& level : out) level = {number(random), number(random)};
  return out;
}

// Writes each event that it hears as the exchange would.
struct Echo final : EventSink {
  void on_event(const Event& event) override {
    ++events;
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) append_book_snapshot(text, *snapshot);
    if (const auto* update = std::get_if<BookUpdate>(&event)) append_book(text, *update);
    if (const auto* trade = std::get_if<Trade>(&event)) append_trade(text, *trade);
    if (const auto* unknown = std::get_if<UnknownMessage>(&event)) text += unknown->what;
  }
  std::string text;
  int events = 0;
};

TEST(FuturesCodecProperty, WhatTheExchangeWritesIsReadAsItWasMeant) {
  FuturesCodec codec;
  for (std::uint64_t seed = base_seed(); seed < base_seed() + 3'000; ++seed) {
    Random random(seed);
    const std::string name = product(random);
    std::string text;
    const std::vector<Level> bids = levels(random);
    const std::vector<Level> asks = levels(random);
    switch (random.below(3)) {
      case 0:
        append_book_snapshot(
            text,
            {.symbol = name, .bids = bids, .asks = asks, .exchange_time = time(random), .sequence = random.next()});
        break;
      case 1: {
        const std::array level{Level{number(random), number(random)}};
        BookUpdate update{.symbol = name, .exchange_time = time(random), .sequence = random.next()};
        (side(random) == Side::Buy ? update.bids : update.asks) = level;
        append_book(text, update);
        break;
      }
      default:
        append_trade(text, {.symbol = name,
                            .side = side(random),
                            .price = number(random),
                            .quantity = number(random),
                            .trade_id = static_cast<std::int64_t>(random.next() >> 1U),
                            .exchange_time = time(random),
                            .kind = "fill",
                            .uid = "05af78ac-a774-478c-a50c-8b9c234e071e"});
    }
    Echo echo;
    codec.decode(text, echo);
    ASSERT_EQ(echo.text, text) << "KTAPE_SEED=" << seed;
    ASSERT_EQ(echo.events, 1);
  }
  EXPECT_EQ(codec.stats().unknown_fields, 0U);
}

TEST(FuturesCodecProperty, RequestsAreReadBackAsTheyWereWritten) {
  const FuturesCodec codec;
  constexpr std::array kChannels{Channel::Book,          Channel::Trade,
                                 Channel::Ticker,        Channel::TickerLite,
                                 Channel::Heartbeat,     Channel::OpenOrders,
                                 Channel::Fills,         Channel::OpenOrdersVerbose,
                                 Channel::OpenPositions, Channel::Balances,
                                 Channel::AccountLog,    Channel::AccountBalancesAndMargins,
                                 Channel::Notifications, Channel::DepositsWithdrawals};
  for (std::uint64_t seed = base_seed(); seed < base_seed() + 3'000; ++seed) {
    Random random(seed);
    Request request{.method = random.below(2) == 0 ? Method::Subscribe : Method::Unsubscribe};
    request.subscription.channel = kChannels[random.below(kChannels.size())];
    const Products products = find_feed(request.subscription.channel)->products;
    if (products != Products::None) {
      for (auto count = products == Products::Required ? 1 + random.below(4) : random.below(3); count > 0; --count) {
        request.subscription.symbols.push_back(product(random));
      }
    }
    if (is_private(request.subscription.channel)) {
      request.authorisation = {.token = {},
                               .api_key = fmt::format("key\"{}", random.next()),
                               .original_challenge = fmt::format("c{}", random.next()),
                               .signed_challenge = fmt::format("s/{}==", random.next())};
    }
    ASSERT_TRUE(codec.check(request)) << "KTAPE_SEED=" << seed;
    const auto read = codec.decode_request(codec.encode(request));
    ASSERT_TRUE(read.has_value()) << "KTAPE_SEED=" << seed << ": " << read.error().detail;
    EXPECT_EQ(read->method, request.method);
    EXPECT_EQ(read->subscription, request.subscription) << "KTAPE_SEED=" << seed;
    EXPECT_EQ(read->authorisation, request.authorisation);
  }
}

}  // namespace
}  // namespace ktape::futures
