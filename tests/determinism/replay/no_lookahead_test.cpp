// Nobody hears the future: no byte is delivered before its stamp, whatever stands behind it in the recording, and
// whatever a client tries.

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/wire/loopback.hpp"
#include "replay/playback_exchange.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"
#include "replay/session_files.hpp"
#include "tests/support/network.hpp"
#include "tests/support/places.hpp"
#include "tests/support/raw_peer.hpp"
#include "tests/support/recorded_run.hpp"
#include "tests/support/session_damage.hpp"
#include "tests/support/synthetic_recording.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;
using Frames = std::vector<OwnedFrame>;

class KeptSource final : public FrameSource {
 public:
  explicit KeptSource(const Frames& frames) : frames_(frames) {}
  Result<std::optional<Frame>> next() override {
    if (at_ == frames_.size()) return std::optional<Frame>();
    return std::optional(frames_[at_++].frame());
  }

 private:
  const Frames& frames_;
  std::size_t at_ = 0;
};

const std::vector<std::pair<std::string, Frames>>& data_sets() {
  static const auto all = [] {
    std::vector<std::pair<std::string, Frames>> sets;
    for (const std::string name : {"decimals", "ten-minutes"}) {
      sets.emplace_back(name, read_all(*open_segment(test::in_source_tree("datasets/") + name + ".ktape").value()));
    }
    sets.emplace_back("synthetic", synthetic_frames(5, 30s, ConnectionId{1}));
    return sets;
  }();
  return all;
}

bool is_from_exchange(const OwnedFrame& frame) {
  return frame.direction == Direction::FromExchange && frame.kind == FrameKind::Text;
}

// A client that asks what the recorded one asked, and holds each byte it hears against the recording.
class Watcher final : public FrameSink {
 public:
  Watcher(const Frames& frames, const Clock& clock) : clock_(clock) {
    for (const OwnedFrame& frame : frames) {
      if (is_from_exchange(frame)) earliest_.try_emplace(frame.payload, frame.at);
      if (frame.direction == Direction::ToExchange && frame.kind == FrameKind::Text) asked_.push_back(frame.payload);
    }
  }
  void speak_on(Transport& transport) { transport_ = &transport; }

  void on_frame(const Frame& frame) override {
    if (frame.at > clock_.now()) ++early;
    if (frame.kind == FrameKind::Opened && transport_ != nullptr) {
      for (const std::string& text : asked_) transport_->send(text);
    }
    closed = closed || frame.kind == FrameKind::Closed;
    if (frame.direction != Direction::FromExchange || frame.kind != FrameKind::Text) return;
    ++heard;
    const auto recorded = earliest_.find(std::string(frame.payload));
    if (recorded == earliest_.end()) return;
    ++recognised;
    if (recorded->second > clock_.now()) ++early;
  }

  std::uint64_t heard = 0;
  std::uint64_t recognised = 0;
  std::uint64_t early = 0;
  bool closed = false;

 private:
  const Clock& clock_;
  Transport* transport_ = nullptr;
  std::map<std::string, Timestamp> earliest_;
  std::vector<std::string> asked_;
};

std::unique_ptr<PlaybackExchange> playback_of(const Frames& frames, VirtualClock& clock) {
  return PlaybackExchange::create(
             clock,
             [&frames]() -> Result<std::unique_ptr<FrameSource>> { return std::make_unique<KeptSource>(frames); })
      .value();
}

TEST(NoLookahead, AReplayDeliversNothingBeforeItsStamp) {
  for (const auto& [name, frames] : data_sets()) {
    VirtualClock clock(Timestamp::min());
    KeptSource source(frames);
    Watcher watcher(frames, clock);
    Player player(source, clock, watcher);
    while (player.step().value()) {
    }
    EXPECT_EQ(watcher.early, 0U) << name;
    EXPECT_EQ(watcher.heard, watcher.recognised) << name;
    EXPECT_GT(watcher.heard, 100U) << name;
  }
}

TEST(NoLookahead, APlaybackDeliversNothingBeforeItsStamp) {
  for (const auto& [name, frames] : data_sets()) {
    VirtualClock client_clock(frames.front().at);
    VirtualClock exchange_clock(frames.front().at);
    const auto exchange = playback_of(frames, exchange_clock);
    Loopback loopback(*exchange, client_clock, exchange_clock);
    const auto transport = loopback.make_transport(ConnectionId{1});
    Watcher watcher(frames, client_clock);
    watcher.speak_on(*transport);
    transport->connect(Endpoint{}, watcher);
    loopback.run_until(frames.back().at);
    EXPECT_EQ(watcher.early, 0U) << name;
    EXPECT_GT(watcher.recognised, 100U) << name;
  }
}

TEST(NoLookahead, AServerInLockstepDeliversNothingBeforeItsStamp) {
  for (const auto& [name, frames] : data_sets()) {
    if (name == "ten-minutes" && seeds_wanted(1) < 1000) continue;  // half a minute of sockets: with KTAPE_SEEDS=1000
    for (const auto security : {ListenAddress::Security::Plain, ListenAddress::Security::Tls}) {
      VirtualClock exchange_clock(frames.front().at);
      const auto exchange = playback_of(frames, exchange_clock);
      LiveLoop loop(TimeSource::Server);
      MockServerOptions options;
      options.pace = ServerPace::Lockstep;
      options.patience = kPatience;
      options.listen = {{.security = security}};
      if (security == ListenAddress::Security::Tls) options.identity = test_identity();
      MockServer server(loop.context(), *exchange, exchange_clock, std::move(options));
      Endpoint endpoint = server.listen().value().front();
      endpoint.target = "/v2";
      WebSocketTransport transport(loop, ConnectionId{1}, Network::trusting());
      Watcher watcher(frames, loop.clock());
      watcher.speak_on(transport);
      transport.connect(endpoint, watcher);
      ASSERT_TRUE(loop.run_until([&] { return watcher.closed; }, kPatience)) << name;
      EXPECT_EQ(watcher.early, 0U) << name;
      EXPECT_GT(watcher.recognised, 100U) << name;
    }
  }
}

// ---- the future is poisoned
// ------------------------------------------------------------------------------------------------

// An event log with the instant of each line.
struct Log {
  std::string text;
  std::vector<std::pair<Timestamp, std::size_t>> ends;

  void add(Timestamp at, std::string_view line) {
    text += line;
    ends.emplace_back(at, text.size());
  }
  std::string_view until(Timestamp at) const {
    const auto later = std::upper_bound(ends.begin(), ends.end(), at,
                                        [](Timestamp wanted, const auto& end) { return wanted < end.first; });
    return std::string_view(text).substr(0, later == ends.begin() ? 0 : std::prev(later)->second);
  }
};

ClientOptions client_options() {
  ClientOptions options;
  options.endpoint = Endpoint::parse("wss://ws.kraken.com/v2").value();
  options.candles.intervals = {1s, 1min};
  return options;
}

Log replay(FrameSource& source) {
  VirtualClock clock(Timestamp::min());
  Log log;
  EventLog events(clock, [&](std::string_view line) { log.add(clock.now(), line); });
  RecordedClients clients(
      Dialect::SpotV2, clock, [&](ConnectionId connection) -> EventSink& { return events.of(connection); },
      client_options());
  Player player(source, clock, clients);
  while (player.step().value()) {
  }
  return log;
}

std::string garbage(Random& random, const Frames& frames) {
  std::string text;
  switch (random.below(5)) {
    case 0:
      for (auto left = random.below(300); left > 0; --left) text.push_back(static_cast<char>(' ' + random.below(95)));
      break;
    case 1:  // something true of another time
      text = frames[random.below(frames.size())].payload;
      break;
    case 2: {  // something true with a digit changed
      text = frames[random.below(frames.size())].payload;
      for (int tries = 0; tries < 20 && !text.empty(); ++tries) {
        char& byte = text[random.below(text.size())];
        if (byte >= '0' && byte <= '9') byte = static_cast<char>('0' + random.below(10));
      }
      break;
    }
    case 3:
      text = R"({"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":1e30,"qty":-5}]}]})";
      break;
    default:
      text = R"({"channel":"trade","type":"snapshot","data":[{}]})";
  }
  return text;
}

// Everything after `at` is garbage, told at other times, with connections that open and close in between.
Frames poisoned(const Frames& frames, Timestamp at, Random& random) {
  Frames out;
  Timestamp stamp = at;
  for (const OwnedFrame& frame : frames) {
    OwnedFrame& own = out.emplace_back(frame);
    if (frame.at <= at) continue;
    stamp += Duration{1 + static_cast<std::int64_t>(random.below(200'000'000))};
    own.at = stamp;
    own.payload = garbage(random, frames);
    if (random.below(100) == 0) own.kind = FrameKind::Closed;
    if (random.below(100) == 0) own.kind = FrameKind::Opened;
    if (random.below(20) == 0) own.connection = ConnectionId{9};
    if (out.size() > 200 && random.below(3) == 0) break;
  }
  return out;
}

Timestamp any_instant(const Frames& frames, Random& random) {
  // A stamp itself every other time: there the frames on both sides of the edge lie nearest.
  if (random.below(2) == 0) return frames[random.below(frames.size())].at;
  const auto span = static_cast<std::uint64_t>((frames.back().at - frames.front().at).count());
  return frames.front().at + Duration{static_cast<std::int64_t>(random.below(span))};
}

TEST(NoLookahead, TheHistoryOfAReplayDoesNotDependOnWhatFollows) {
  const Frames frames = synthetic_frames(3, 20s, ConnectionId{1}, {}, 10);
  KeptSource whole(frames);
  const Log truth = replay(whole);
  Random random(1);
  for (std::uint64_t i = 0; i < seeds_wanted(25); ++i) {
    const Timestamp at = any_instant(frames, random);
    const Frames changed = poisoned(frames, at, random);
    KeptSource source(changed);
    const Log log = replay(source);
    ASSERT_EQ(log.until(at), truth.until(at)) << "case " << i << ", at " << format_rfc3339(at);
  }
}

// Chunks whose frames are all of the future are damaged, or the file ends before them.
TEST(NoLookahead, TheHistoryOfAReplayDoesNotDependOnDamageThatFollows) {
  const Frames frames = synthetic_frames(4, 20s, ConnectionId{1}, {}, 10);
  NewRecordingInMemory made(1U << 20);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    made.writer->on_frame(frames[i].frame());
    if (i % 40 == 39) {
      ASSERT_TRUE(made.writer->flush().has_value());
    }
  }
  const std::string file = made.finish();
  const auto records = records_of(file);
  KeptSource whole(frames);
  const Log truth = replay(whole);
  Random random(2);
  for (std::uint64_t i = 0; i < seeds_wanted(25); ++i) {
    const Timestamp at = any_instant(frames, random);
    // The first record that holds nothing of what has happened by then.
    std::size_t frame = 0;
    std::string damaged = file;
    for (const RecordPlace& record : records) {
      if (record.type != format::RecordType::Chunk) continue;
      const bool future = frames[frame].at > at;
      frame += record.frames;
      if (!future) continue;
      if (random.below(8) == 0) {
        damaged.resize(record.begin + random.below(record.end - record.begin));
        break;
      }
      for (int bytes = 0; bytes < 8; ++bytes) {
        damaged[record.begin + random.below(record.end - record.begin)] = static_cast<char>(random.below(256));
      }
    }
    const auto reader = opened(damaged);
    const Log log = replay(*reader);
    ASSERT_EQ(log.until(at), truth.until(at)) << "case " << i << ", at " << format_rfc3339(at);
  }
}

// What is played to a client: the same. The exchange looks ahead for the answers to requests, and for nothing else; so
// the answers stay, and what the market does is garbage.
TEST(NoLookahead, WhatAPlaybackTellsDoesNotDependOnWhatFollows) {
  const Frames frames = synthetic_frames(6, 20s, ConnectionId{1}, {}, 10);
  const std::vector<std::string> symbols(kTwoSymbols.begin(), kTwoSymbols.end());
  const std::vector<Subscription> all{channel_of(Channel::Instrument), channel_of(Channel::Ticker, symbols),
                                      book_of(symbols, 10), channel_of(Channel::Trade, symbols), ohlc_of(symbols, 1)};
  const auto play = [&](const Frames& recording) {
    VirtualClock client_clock(frames.front().at);
    VirtualClock exchange_clock(frames.front().at);
    const auto exchange = playback_of(recording, exchange_clock);
    Loopback loopback(*exchange, client_clock, exchange_clock);
    const auto transport = loopback.make_transport(ConnectionId{1});
    Log log;
    EventLog events(client_clock, [&](std::string_view line) { log.add(client_clock.now(), line); });
    spot_v2::SpotV2Codec codec;
    auto options = client_options();
    options.reconnects = false;
    Client client(*transport, codec, client_clock, events.of(ConnectionId{1}), options);
    for (const Subscription& each : all) EXPECT_TRUE(client.subscribe(each).has_value());
    client.start();
    loopback.run_until(frames.back().at);
    return log;
  };
  const Log truth = play(frames);
  EXPECT_GT(truth.ends.size(), 300U);
  Random random(3);
  for (std::uint64_t i = 0; i < seeds_wanted(15); ++i) {
    const Timestamp at = any_instant(frames, random);
    Frames changed = frames;
    for (OwnedFrame& frame : changed) {
      const bool answers = frame.payload.find(R"("method")") != std::string::npos ||
                           frame.payload.find(R"("status")") != std::string::npos;
      if (frame.at > at && is_from_exchange(frame) && !answers) frame.payload = garbage(random, frames);
    }
    const Log log = play(changed);
    ASSERT_EQ(log.until(at), truth.until(at)) << "case " << i << ", at " << format_rfc3339(at);
  }
}

// ---- clients that try to read ahead
// ---------------------------------------------------------------------------------------

TEST(NoLookahead, ATimerSeesExactlyTheFramesBeforeIt) {
  const Frames& frames = data_sets().back().second;
  VirtualClock clock(Timestamp::min());
  std::uint64_t delivered = 0;
  struct Counter final : FrameSink {
    explicit Counter(std::uint64_t& number) : count(number) {}
    void on_frame(const Frame&) override { ++count; }
    std::uint64_t& count;
  } counter(delivered);
  Random random(4);
  std::vector<Timer> timers;
  std::uint64_t fired = 0;
  for (int i = 0; i < 2000; ++i) {
    const Timestamp at = any_instant(frames, random);
    timers.push_back(clock.at(at, [&, at](Timestamp) {
      ++fired;
      const auto before = std::count_if(frames.begin(), frames.end(), [&](const auto& each) { return each.at < at; });
      EXPECT_EQ(delivered, static_cast<std::uint64_t>(before));
    }));
  }
  KeptSource source(frames);
  Player player(source, clock, counter);
  while (player.step().value()) {
  }
  EXPECT_EQ(fired, 2000U);
}

// A bare socket that reads whatever there is to be read. `announced` is the time that the server stands at.
void expect_no_future(const Frames& frames, const std::string& received, Timestamp announced) {
  std::uint64_t past = 0;
  for (const OwnedFrame& frame : frames) {
    // What could have been said before as well is no news.
    const auto first = std::find_if(frames.begin(), frames.end(), [&](const OwnedFrame& each) {
      return is_from_exchange(each) && each.payload == frame.payload;
    });
    if (!is_from_exchange(frame)) continue;
    const bool there = received.find(frame.payload) != std::string::npos;
    if (first->at > announced) {
      EXPECT_FALSE(there) << "of " << format_rfc3339(frame.at) << " at " << format_rfc3339(announced);
    } else {
      past += there ? 1 : 0;
    }
  }
  EXPECT_GT(past, 20U);
}

// Turns until nothing has happened for many turns.
void run_dry(LiveLoop& loop) {
  for (int quiet = 0; quiet < 20;) quiet = loop.turn(1ms) ? 0 : quiet + 1;
}

TEST(NoLookahead, NothingOfTheFutureIsInTheSocketWhileAClientHoldsTheTime) {
  const Frames& frames = data_sets().back().second;
  VirtualClock exchange_clock(frames.front().at);
  const auto exchange = playback_of(frames, exchange_clock);
  LiveLoop loop(TimeSource::Server);
  MockServerOptions options;
  options.pace = ServerPace::Lockstep;
  options.patience = kPatience;
  MockServer server(loop.context(), *exchange, exchange_clock, std::move(options));
  RawPeer peer = RawPeer::connect(loop.context(), server.listen().value().front());
  peer.write(RawPeer::upgrade_request("/v2"));
  std::size_t seen = 0;
  bool asked = false;
  Timestamp announced;
  // Answers so many announcements of the time, then no more.
  for (int rounds = 0; rounds < 600;) {
    const auto announcement = [&] { return peer.received().find("ktape-time=", seen); };
    const auto has_come = [&] { return announcement() + 30 <= peer.received().size(); };
    ASSERT_TRUE(loop.run_until([&] { return announcement() != std::string::npos && has_come(); }, kPatience)) << rounds;
    seen = announcement() + 11;
    const std::string digits = peer.received().substr(seen, 19);
    announced = from_nanoseconds(std::stoll(digits));
    if (++rounds == 600) break;
    if (rounds > 1 && !std::exchange(asked, true)) {
      for (const OwnedFrame& frame : frames) {
        if (frame.direction == Direction::ToExchange && frame.kind == FrameKind::Text) {
          peer.write(RawPeer::client_frame(0x81, frame.payload));
        }
      }
    }
    peer.write(RawPeer::client_frame(0x8A, "ktape-time=" + digits));
  }
  run_dry(loop);
  EXPECT_LT(announced, frames.back().at);
  EXPECT_EQ(peer.received().find("ktape-time=", seen), std::string::npos) << "time stands until it is answered";
  expect_no_future(frames, peer.received(), announced);
}

TEST(NoLookahead, NothingOfTheFutureIsInTheSocketOfAServerThatIsMovedByHand) {
  const Frames& frames = data_sets().back().second;
  VirtualClock exchange_clock(frames.front().at);
  const auto exchange = playback_of(frames, exchange_clock);
  LiveLoop loop(TimeSource::System);
  MockServerOptions options;
  options.pace = ServerPace::Manual;
  MockServer server(loop.context(), *exchange, exchange_clock, std::move(options));
  RawPeer peer = RawPeer::connect(loop.context(), server.listen().value().front());
  peer.write(RawPeer::upgrade_request("/v2"));
  run_dry(loop);
  for (const OwnedFrame& frame : frames) {
    if (frame.direction == Direction::ToExchange && frame.kind == FrameKind::Text) {
      peer.write(RawPeer::client_frame(0x81, frame.payload));
    }
  }
  run_dry(loop);
  for (const Duration passed : {3s, 9s, 20s}) {
    server.advance_to(frames.front().at + passed);
    run_dry(loop);
    expect_no_future(frames, peer.received(), frames.front().at + passed);
  }
}

}  // namespace
}  // namespace ktape::test
