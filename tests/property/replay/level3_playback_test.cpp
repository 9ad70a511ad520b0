// Clients of level3 that join at any moment and at any depth hold the book that the market shows them, and every
// checksum fits.
#include "replay/level3_playback.hpp"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "core/protocol/spot_v2/server_account.hpp"
#include "tests/support/level3_market.hpp"
#include "tests/support/tape.hpp"

namespace ktape {
namespace {

using std::chrono::milliseconds;

const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();
constexpr std::string_view kSymbol = "BTC/USD";

// A client that keeps its book as Kraken's rules want it.
class BookHolder final : public FrameSink, private EventSink {
 public:
  explicit BookHolder(int depth)
      : book(BookSpec{.symbol = std::string(kSymbol), .depth = depth, .price_places = {}, .quantity_places = {}}) {}

  void on_frame(const Frame& frame) override {
    if (frame.kind != FrameKind::Text) return;
    texts.emplace_back(frame.payload);
    codec_.decode(frame.payload, *this);
  }

  Level3Book book;
  std::vector<std::string> texts;
  int snapshots = 0;

 private:
  void on_event(const Event& event) override {
    if (const auto* snapshot = std::get_if<Level3Snapshot>(&event)) {
      ++snapshots;
      const auto done = book.reset(*snapshot);
      EXPECT_TRUE(done.has_value()) << done.error().detail;
    } else if (const auto* update = std::get_if<Level3Update>(&event)) {
      const auto done = book.apply(*update);
      EXPECT_TRUE(done.has_value()) << done.error().detail << "\n" << texts.back();
    }
  }

  spot_v2::SpotV2Codec codec_;
};

struct Recording {
  test::Tape tape;
  std::vector<std::string> updates;
  std::vector<std::string> windows;  // of bids and asks at depth 10, after each step
};

constexpr int kSteps = 120;
constexpr int kAgain = 60;  // at this step the recorded client hears a second snapshot

Recording record(std::uint64_t seed) {
  Recording out;
  constexpr int kDepth = 100;
  test::Level3Market market(seed, kDepth);
  for (int i = 0; i < 60; ++i) market.change();
  Level3Book book(BookSpec{.symbol = std::string(kSymbol), .depth = kDepth, .price_places = 1, .quantity_places = 8});
  const auto snapshot = [&](Timestamp at) {
    const auto bids = market.snapshot(true);
    const auto asks = market.snapshot(false);
    EXPECT_TRUE(book.reset({.symbol = kSymbol, .bids = bids, .asks = asks}).has_value());
    std::string text;
    spot_v2::append_level3(
        text, Level3Snapshot{
                  .symbol = kSymbol, .bids = bids, .asks = asks, .checksum = book.checksum(), .exchange_time = at});
    out.tape.hear(at, text);
  };
  const auto nearest = [&](bool bid) {
    auto all = market.window(bid);
    int levels = 0;
    std::size_t end = 0;
    for (; end < all.size(); ++end) {
      if (end == 0 || all[end].second.price != all[end - 1].second.price) ++levels;
      if (levels > 10) break;
    }
    all.resize(end);
    return test::show(all);
  };
  const auto window = [&] { return nearest(true) + "/\n" + nearest(false); };
  out.tape.add(kStart, FrameKind::Opened, "wss://ws-l3.kraken.com/v2");
  out.tape.hear(
      kStart,
      R"({"method":"subscribe","result":{"channel":"level3","snapshot":true,"symbol":"BTC/USD"},"success":true,"time_in":"2026-09-01T08:00:00.000000Z","time_out":"2026-09-01T08:00:00.000000Z"})");
  snapshot(kStart);
  out.windows.push_back(window());
  for (int step = 1; step <= kSteps; ++step) {
    const Timestamp at = kStart + milliseconds(step);
    const auto bids = market.window(true);
    const auto asks = market.window(false);
    market.change();
    if (step == kAgain) {
      snapshot(at);
    } else {
      const auto told_bids = market.told(true, bids);
      const auto told_asks = market.told(false, asks);
      EXPECT_TRUE(book.apply({.symbol = kSymbol, .bids = told_bids, .asks = told_asks}).has_value());
      std::string text;
      spot_v2::append_level3(text, Level3Update{.symbol = kSymbol,
                                                .bids = told_bids,
                                                .asks = told_asks,
                                                .checksum = book.checksum(),
                                                .exchange_time = at});
      out.tape.hear(at, text);
      out.updates.push_back(text);
    }
    out.windows.push_back(window());
  }
  return out;
}

std::string shown(const Level3Book& book) { return test::show(book.bids()) + "/\n" + test::show(book.asks()); }

TEST(Level3PlaybackProperty, GivesEveryLatecomerTheBookAtItsDepth) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    const Recording recording = record(seed);
    VirtualClock clock(kStart - milliseconds(1));
    Level3PlaybackOptions options;
    options.tokens = {.accepts = [](std::string_view token, ConnectionId) { return token == "good"; },
                      .hold = [](std::string_view, ConnectionId) {},
                      .release = [](ConnectionId) {}};
    options.depths = {{std::string(kSymbol), 100}};
    Level3Playback exchange(
        clock, [&] { return Result<std::unique_ptr<FrameSource>>(recording.tape.source()); }, options);
    Random random(seed);
    std::vector<std::unique_ptr<BookHolder>> clients;
    std::vector<int> depths;
    const auto join = [&] {
      const int depth = clients.empty() || random.below(2) == 0 ? 100 : 10;
      const ConnectionId id{static_cast<std::uint32_t>(clients.size() + 1)};
      clients.push_back(std::make_unique<BookHolder>(depth));
      depths.push_back(depth);
      exchange.attach(id, Endpoint::parse("wss://ws-l3.kraken.com/v2").value(), *clients.back());
      const std::string text = R"({"method":"subscribe","params":{"channel":"level3","symbol":["BTC/USD"],"depth":)" +
                               std::to_string(depth) + R"(,"token":"good"}})";
      exchange.on_frame({clock.now(), id, Direction::ToExchange, FrameKind::Text, text});
    };
    join();
    for (int step = 0; step <= kSteps; ++step) {
      clock.advance_to(kStart + milliseconds(step));
      if (step % 9 == 4) join();
      if (step == kSteps) break;  // there they are closed
      for (std::size_t i = 0; i < clients.size(); ++i) {
        SCOPED_TRACE("step " + std::to_string(step) + " client " + std::to_string(i));
        const BookHolder& client = *clients[i];
        ASSERT_EQ(client.book.state(), BookState::Live);
        ASSERT_EQ(client.snapshots, 1) << "never a second one";
        ASSERT_EQ(client.book.unknown_orders(), 0U);
        if (depths[i] == 10) {
          ASSERT_EQ(shown(client.book), recording.windows[static_cast<std::size_t>(step)]);
        }
      }
    }
    // Who asked for the recorded depth heard the recorded updates, byte for byte and in their order.
    std::size_t next = 0;
    for (const std::string& text : clients.front()->texts) {
      if (next < recording.updates.size() && text == recording.updates[next]) ++next;
    }
    EXPECT_EQ(next, recording.updates.size());
  }
}

}  // namespace
}  // namespace ktape
