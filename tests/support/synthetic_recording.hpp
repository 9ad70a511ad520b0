#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/client/client.hpp"
#include "core/market/event_text.hpp"
#include "core/protocol/spot_v2/classify.hpp"
#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"
#include "replay/recorded_clients.hpp"
#include "tests/support/session_fixture.hpp"
#include "tests/support/synthetic_session.hpp"

namespace ktape::test {

// How many seeds a proof takes: KTAPE_SEEDS, or what a Debug build does in seconds.
inline std::uint64_t seeds_wanted(std::uint64_t usual) {
  const char* const text = std::getenv("KTAPE_SEEDS");
  return text == nullptr ? usual : std::max<std::uint64_t>(1, std::strtoull(text, nullptr, 10));
}

class SpotV2Classes final : public FrameClassifier {
 public:
  FrameClass classify(const Frame& frame) override {
    if (frame.kind != FrameKind::Text) return {};
    const auto topic = spot_v2::classify(frame.payload);
    return {topic.channel, topic.symbol};
  }
};

class Nobody final : public EventSink {
 public:
  void on_event(const Event&) override {}
};

inline constexpr std::array<std::string_view, 2> kTwoSymbols{"BTC/USD", "XRP/USD"};

// Everything there is about two symbols, on one connection, from its opening to its end.
inline std::vector<OwnedFrame> synthetic_frames(std::uint64_t seed, Duration length, ConnectionId connection,
                                                Duration later = {}, int depth = 25) {
  const std::vector<std::string> symbols(kTwoSymbols.begin(), kTwoSymbols.end());
  std::vector<Subscription> all{channel_of(Channel::Instrument), channel_of(Channel::Ticker, symbols),
                                book_of(symbols, depth), channel_of(Channel::Trade, symbols), ohlc_of(symbols, 1)};
  auto options = synthetic_options(seed, length, kTwoSymbols);
  options.start += later;
  Nobody nobody;
  SyntheticSession session(std::move(options), all, nobody);
  session.run();
  std::vector<OwnedFrame> frames;
  for (const auto& crossed : session.crossed()) {
    OwnedFrame& frame = frames.emplace_back();
    frame.at = crossed.at;
    frame.connection = connection;
    frame.direction = crossed.direction;
    frame.kind = crossed.kind;
    frame.payload = crossed.payload;
  }
  return frames;
}

// By stamp; equal ones stay in their order.
inline void sort_frames(std::vector<OwnedFrame>& frames) {
  std::stable_sort(frames.begin(), frames.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
}

struct NewRecordingInMemory {
  MemoryFile file = memory_file();
  SpotV2Classes classes;
  std::unique_ptr<SessionWriter> writer;

  explicit NewRecordingInMemory(std::size_t chunk_bytes = 32U << 10) {
    auto options = plain_options(chunk_bytes);
    options.compression_level = 1;
    options.extras = true;
    options.classifier = &classes;
    auto info = test_info();
    info.dialect = "spot-v2";
    writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, info, options).value();
  }
  const std::string& finish() {
    EXPECT_TRUE(writer->finish().has_value());
    return *file;
  }
};

inline std::string recording_of(const std::vector<OwnedFrame>& frames, const std::vector<Gap>& gaps = {}) {
  NewRecordingInMemory made;
  for (const OwnedFrame& frame : frames) made.writer->on_frame(frame.frame());
  for (const Gap& gap : gaps) made.writer->note_gap(gap);
  return made.finish();
}

// What a replay tells of the market, line by line, and what went wrong on the way.
struct ReplayedMarket {
  std::vector<std::string> lines;  // books, trades, tickers, candles of the exchange
  std::uint64_t checksums_verified = 0;
  std::uint64_t checksums_failed = 0;
  std::uint64_t trade_gaps = 0;
  std::uint64_t keyframe_frames = 0;
  std::uint64_t unknown = 0;
};

struct ReplayWish {
  Timestamp from = Timestamp::min();  // lines before are not kept; nor are those of keyframes
  std::set<std::string, std::less<>> channels{};
  std::set<std::string, std::less<>> symbols{};
  std::set<ConnectionId> connections{};
};

class MarketLines final : public EventSink {
 public:
  MarketLines(const ReplayWish& wish, ConnectionId connection, const Clock& clock, const bool& keeps,
              ReplayedMarket& out)
      : wish_(wish), connection_(connection), clock_(clock), keeps_(keeps), out_(out) {}

  void on_event(const Event& event) override {
    if (std::holds_alternative<UnknownMessage>(event)) ++out_.unknown;
    if (!keeps_) return;
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) return keep("book", snapshot->symbol, event);
    if (const auto* update = std::get_if<BookUpdate>(&event)) return keep("book", update->symbol, event);
    if (const auto* trade = std::get_if<Trade>(&event)) return keep("trade", trade->symbol, event);
    if (const auto* ticker = std::get_if<Ticker>(&event)) return keep("ticker", ticker->symbol, event);
    if (const auto* candle = std::get_if<Candle>(&event)) return keep("ohlc", candle->symbol, event);
  }

 private:
  void keep(std::string_view channel, std::string_view symbol, const Event& event) {
    if (!wish_.channels.empty() && !wish_.channels.contains(channel)) return;
    if (!wish_.symbols.empty() && !wish_.symbols.contains(symbol)) return;
    if (!wish_.connections.empty() && !wish_.connections.contains(connection_)) return;
    append_event_text(out_.lines.emplace_back(), clock_.now(), static_cast<std::uint32_t>(connection_), event);
  }

  const ReplayWish& wish_;
  ConnectionId connection_;
  const Clock& clock_;
  const bool& keeps_;
  ReplayedMarket& out_;
};

// Plays a recording to one client for each of its connections.
inline ReplayedMarket replay_market(const std::string& recording, const ReplayWish& wish = {}) {
  ReplayedMarket out;
  bool keeps = false;
  VirtualClock clock(Timestamp{});
  std::vector<std::unique_ptr<MarketLines>> sinks;
  RecordedClients clients(
      Dialect::SpotV2, clock,
      [&](ConnectionId connection) -> EventSink& {
        return *sinks.emplace_back(std::make_unique<MarketLines>(wish, connection, clock, keeps, out));
      },
      {.ping_interval = std::chrono::hours(24), .silence_timeout = std::chrono::hours(24), .reconnects = false});
  const auto reader = opened(recording);
  while (const auto frame = reader->next().value()) {
    keeps = frame->at >= wish.from && !reader->in_keyframe();
    if (reader->in_keyframe()) ++out.keyframe_frames;
    clock.advance_to(std::max(clock.now(), frame->at));
    clients.on_frame(*frame);
  }
  for (const auto& [connection, entry] : clients.all()) {
    out.checksums_verified += entry->client->stats().checksums_verified;
    out.checksums_failed += entry->client->stats().checksums_failed;
    out.trade_gaps += entry->client->stats().trade_gaps;
  }
  return out;
}

}  // namespace ktape::test
