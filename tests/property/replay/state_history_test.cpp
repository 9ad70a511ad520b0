// The state at any instant is the one that a replay up to there has.

#include "replay/state_history.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"
#include "replay/session_files.hpp"
#include "replay/state_text.hpp"
#include "replay/state_tracker.hpp"
#include "tests/support/places.hpp"
#include "tests/support/synthetic_recording.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;

StateOptions state_options() { return {.candle_intervals = {1min, 5min, 60min}}; }

// A replay, as far as somebody wants it, and the sum of what its clients told.
class ForwardReplay {
 public:
  ForwardReplay(std::unique_ptr<SessionReader> reader, ClientOptions options = {})
      : reader_(std::move(reader)),
        clock_(Timestamp::min()),
        state_(state_options()),
        sinks_(state_, clock_),
        clients_(
            parse_dialect(reader_->info().dialect).value_or(Dialect::SpotV2), clock_,
            [this](ConnectionId connection) -> EventSink& { return sinks_.of(connection); }, std::move(options)),
        player_(*reader_, clock_, clients_) {}

  const RecordedState& at(Timestamp at) {
    while (player_.next_at().value().value_or(Timestamp::max()) <= at) static_cast<void>(player_.step().value());
    clock_.advance_to(at);
    state_.stand_at(at);
    return state_;
  }
  const RecordedState* step() {
    if (!player_.step().value()) return nullptr;
    state_.stand_at(clock_.now());
    return &state_;
  }
  const RecordedClients& clients() const { return clients_; }

 private:
  std::unique_ptr<SessionReader> reader_;
  VirtualClock clock_;
  RecordedState state_;
  StateSinks sinks_;
  RecordedClients clients_;
  Player player_;
};

std::string as_json(const RecordedState& state) {
  std::string text;
  append_state_json(text, state);
  return text;
}

std::unique_ptr<StateHistory> history_of(const StateHistory::Open& open, StateHistoryOptions options) {
  options.state = state_options();
  auto history = StateHistory::build(open, std::move(options));
  EXPECT_TRUE(history.has_value()) << history.error().detail;
  return std::move(*history);
}

// Instants anywhere between the first and the last frame, in no order; and whether the two ways agree at each.
void expect_equal_states(const StateHistory::Open& open, std::uint64_t seed, std::size_t count,
                         StateHistoryOptions options = {}) {
  const auto history = history_of(open, std::move(options));
  Random random(seed);
  const auto span = static_cast<std::uint64_t>((history->last_at() - history->first_at()).count()) + 1;
  std::vector<Timestamp> instants;
  for (std::size_t i = 0; i < count; ++i) {
    instants.push_back(history->first_at() + Duration{static_cast<std::int64_t>(random.below(span))});
  }
  std::vector<Timestamp> ascending = instants;
  std::sort(ascending.begin(), ascending.end());
  std::map<Timestamp, std::string> hashes;
  ForwardReplay forward(open().value());
  for (const Timestamp at : ascending) hashes[at] = state_hash(forward.at(at));
  for (const Timestamp at : instants) {
    const auto state = history->at(at);
    ASSERT_TRUE(state.has_value()) << state.error().detail;
    if (state_hash(**state) == hashes[at]) continue;
    ForwardReplay again(open().value());
    ASSERT_EQ(as_json(again.at(at)), as_json(**state)) << "at " << format_rfc3339(at) << ", seed " << seed;
  }
}

// Two connections that open, fall silent, are cut, and come back, with a book that breaks in between.
std::string troubled_recording(std::uint64_t seed) {
  Random random(seed);
  auto frames = synthetic_frames(seed, 100s, ConnectionId{1});
  for (OwnedFrame& frame : synthetic_frames(seed + 1, 60s, ConnectionId{2}, 5s, 10)) frames.push_back(frame);
  for (OwnedFrame& frame : synthetic_frames(seed + 2, 90s, ConnectionId{1}, 130s)) frames.push_back(frame);
  sort_frames(frames);
  const Timestamp start = frames.front().at;
  const auto second = [&] { return start + Duration{static_cast<std::int64_t>(random.below(200)) * 1'000'000'000}; };
  const Timestamp silent = second();
  const Timestamp lossy = second();
  std::erase_if(frames, [&](const OwnedFrame& frame) {
    const bool data = frame.kind == FrameKind::Text && frame.direction == Direction::FromExchange;
    if (data && frame.at >= silent && frame.at < silent + 8s) return true;
    return data && frame.at >= lossy && frame.at < lossy + 20s && random.below(40) == 0;
  });
  return recording_of(frames);
}

StateHistory::Open in_memory(const std::string& recording) {
  return [&recording]() -> Result<std::unique_ptr<SessionReader>> {
    return SessionReader::open(std::make_unique<MemorySource>(recording));
  };
}

// KTAPE_SEEDS=1000 takes as many instants of each recording.
std::size_t instants_wanted() { return static_cast<std::size_t>(seeds_wanted(40)); }

TEST(StateHistoryProperty, IsTheStateOfAReplayAtAnyInstantOfASyntheticMarket) {
  const std::string recording = recording_of(synthetic_frames(1, 150s, ConnectionId{1}));
  expect_equal_states(in_memory(recording), 1, instants_wanted(), {.spacing = 200});
}

TEST(StateHistoryProperty, IsTheStateOfAReplayThroughOutagesSilenceAndBrokenBooks) {
  const std::uint64_t recordings = instants_wanted() >= 1000 ? 3 : 1;
  for (std::uint64_t seed = 1; seed <= recordings; ++seed) {
    const std::string recording = troubled_recording(seed);
    expect_equal_states(in_memory(recording), seed, instants_wanted(), {.spacing = 100});
  }
}

TEST(StateHistoryProperty, IsTheStateOfAReplayOfEveryDataSet) {
  for (const std::string name : {"decimals", "ten-minutes"}) {
    const auto open = [&] { return open_segment(test::in_source_tree("datasets/") + name + ".ktape"); };
    expect_equal_states(open, 1, instants_wanted());
  }
}

// A keyframe in the middle, as a merge leaves it: clients hear it where it stands, and after a seek no second time.
TEST(StateHistoryProperty, IsTheStateOfAReplayAcrossKeyframes) {
  const auto frames = synthetic_frames(9, 60s, ConnectionId{1});
  NewRecordingInMemory made;
  StateTracker tracker(Dialect::SpotV2);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i % 500 == 499) {
      std::vector<OwnedFrame> told;
      struct Keeping final : FrameSink {
        explicit Keeping(std::vector<OwnedFrame>& to) : out(to) {}
        void on_frame(const Frame& frame) override { out.emplace_back(frame); }
        std::vector<OwnedFrame>& out;
      } keeping(told);
      tracker.tell(frames[i].at, keeping);
      std::vector<Frame> views;
      for (const OwnedFrame& each : told) views.push_back(each.frame());
      made.writer->write_keyframe(views);
    }
    made.writer->on_frame(frames[i].frame());
    tracker.on_frame(frames[i].frame());
  }
  const std::string recording = made.finish();
  expect_equal_states(in_memory(recording), 9, instants_wanted(), {.spacing = 60});

  const auto reader = opened(recording);
  EXPECT_EQ(reader->seek_to_keyframe(frames[498].at), std::nullopt);
  EXPECT_EQ(reader->seek_to_keyframe(frames[600].at), frames[499].at);
  EXPECT_EQ(reader->next().value()->kind, FrameKind::Opened);
  EXPECT_TRUE(reader->in_keyframe());
}

// Dialects whose codecs remember what was said. Every message of the golden files, in any order, on connections that
// open and close; a state may begin anywhere.
TEST(StateHistoryProperty, IsTheStateOfAReplayInDialectsWithAMemory) {
  namespace fs = std::filesystem;
  for (const auto& [dialect, folder] : {std::pair("spot-v1", "spot_v1"), std::pair("futures-v1", "futures")}) {
    std::vector<std::string> messages;
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(test::in_source_tree("tests/golden/") + folder)) {
      if (entry.path().extension() == ".json") files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) {
      std::ifstream lines(file);
      for (std::string line; std::getline(lines, line);) {
        if (!line.empty()) messages.push_back(line);
      }
    }
    ASSERT_GT(messages.size(), 20U);
    const std::vector<std::string> requests{
        R"({"event":"subscribe","pair":["XBT/USD","ETH/USD"],"subscription":{"name":"book","depth":10},"reqid":3})",
        R"({"event":"unsubscribe","pair":["XBT/USD"],"subscription":{"name":"book","depth":10},"reqid":4})",
        R"({"event":"subscribe","feed":"book","product_ids":["PF_XBTUSD"]})",
        R"({"event":"subscribe","feed":"trade","product_ids":["PF_XBTUSD","PI_XBTUSD"]})",
        R"({"event":"unsubscribe","feed":"book","product_ids":["PF_XBTUSD"]})"};
    Random random(12);
    NewRecordingInMemory made;
    auto info = test_info();
    info.dialect = dialect;
    auto options = plain_options(16U << 10);
    options.extras = true;
    made.writer = SessionWriter::create(std::make_unique<MemorySink>(made.file), nullptr, info, options).value();
    OwnedFrame frame;
    frame.at = from_nanoseconds(1'788'249'600'000'000'000);
    for (int i = 0; i < 600; ++i) {
      frame.at += Duration{static_cast<std::int64_t>(random.below(700'000'000))};
      frame.connection = ConnectionId{static_cast<std::uint32_t>(1 + random.below(2))};
      frame.direction = Direction::FromExchange;
      frame.kind = FrameKind::Text;
      const std::uint64_t drawn = random.below(100);
      if (i < 2 || drawn < 3) {
        if (i < 2) frame.connection = ConnectionId{static_cast<std::uint32_t>(1 + i)};
        frame.kind = i >= 2 && drawn == 0 ? FrameKind::Closed : FrameKind::Opened;
        frame.payload = frame.kind == FrameKind::Closed ? "1001 gone" : "wss://kraken";
      } else if (drawn < 20) {
        frame.direction = Direction::ToExchange;
        frame.payload = requests[random.below(requests.size())];
      } else {
        frame.payload = messages[random.below(messages.size())];
      }
      made.writer->on_frame(frame.frame());
    }
    const std::string recording = made.finish();
    expect_equal_states(in_memory(recording), 13, instants_wanted(), {.spacing = 5});
  }
}

TEST(StateHistoryProperty, KeepsWithinItsMemoryAndIsStillRight) {
  const std::string recording = recording_of(synthetic_frames(3, 100s, ConnectionId{1}));
  const auto free = history_of(in_memory(recording), {.spacing = 50});
  const std::size_t half = free->stats().bytes / 2;
  const auto bounded = history_of(in_memory(recording), {.max_bytes = half, .spacing = 50});
  EXPECT_LE(bounded->stats().bytes, half);
  EXPECT_GT(bounded->stats().spacing, 50U);
  EXPECT_LT(bounded->stats().checkpoints, free->stats().checkpoints);
  expect_equal_states(in_memory(recording), 3, 20, {.max_bytes = half, .spacing = 50});
}

TEST(StateHistoryProperty, AStepBackUndoesAStepForward) {
  const std::string recording = troubled_recording(7);
  const auto history = history_of(in_memory(recording), {.spacing = 300});
  Random random(7);
  std::vector<std::uint64_t> places;
  for (std::size_t i = 0; i < instants_wanted(); ++i) places.push_back(2 + random.below(history->frames() - 2));
  std::map<std::uint64_t, std::string> hashes;
  for (const std::uint64_t frames : places) hashes[frames] = hashes[frames - 1] = "";
  ForwardReplay forward(in_memory(recording)().value());
  for (std::uint64_t frames = 1; const RecordedState* const state = forward.step(); ++frames) {
    const auto wanted = hashes.find(frames);
    if (wanted != hashes.end()) wanted->second = state_hash(*state);
  }
  for (const std::uint64_t frames : places) {
    EXPECT_EQ(state_hash(**history->after(frames)), hashes[frames]);
    EXPECT_EQ(state_hash(**history->back()), hashes[frames - 1]);
    EXPECT_EQ(history->position(), frames - 1);
    EXPECT_EQ(state_hash(**history->forward()), hashes[frames]);
  }
}

TEST(StateHistoryProperty, BooksStreamsAndConnectionsAreThoseOfTheClients) {
  const std::string recording = troubled_recording(11);
  ForwardReplay forward(in_memory(recording)().value());
  std::uint64_t steps = 0;
  std::uint64_t live_books = 0;
  while (const RecordedState* const state = forward.step()) {
    if (++steps % 97 != 0) continue;
    for (const auto& [id, entry] : forward.clients().all()) {
      const ConnectionState& ours = state->connections().at(id);
      EXPECT_EQ(ours.link == LinkState::Up, entry->client->connected());
      for (const auto& [symbol, book] : entry->client->books()) {
        const SymbolState& kept = ours.symbols.at(symbol);
        ASSERT_EQ(kept.book_state == BookState::Live, book.state() == BookState::Live) << symbol;
        if (book.state() != BookState::Live) continue;
        OrderBook view = kept.book.view();
        OrderBook theirs = book;
        EXPECT_EQ(view.spec().depth, theirs.spec().depth);
        EXPECT_EQ(view.bids().size(), theirs.bids().size());
        EXPECT_EQ(view.asks().size(), theirs.asks().size());
        ASSERT_EQ(view.checksum(), theirs.checksum());
        ++live_books;
      }
      std::size_t streams = 0;
      for (const auto& [key, stream] : entry->client->streams()) {
        const auto kept =
            ours.streams->find({std::string(to_string(key.channel)), key.symbol, key.depth, key.interval_minutes});
        ASSERT_NE(kept, ours.streams->end());
        EXPECT_EQ(kept->second.state, stream.state);
        EXPECT_EQ(kept->second.reason, stream.reason);
        ++streams;
      }
      EXPECT_EQ(streams, ours.streams ? ours.streams->size() : 0);
    }
  }
  EXPECT_GT(live_books, 20U);
}

// What is open just before a candle closes is what the client then tells.
class CandleWitness final : public EventSink {
 public:
  CandleWitness(const RecordedState& state, const Clock& clock) : state_(state), clock_(clock) {}
  void on_event(const Event& event) override {
    const auto* const candle = std::get_if<Candle>(&event);
    if (candle == nullptr || candle->source != CandleSource::Trades || candle->state == CandleState::Revised) return;
    if (candle->trades == 0) return;
    RecordedState before = state_;
    before.stand_at(clock_.now() - 1ns);
    const auto& symbols = before.connections().at(ConnectionId{1}).symbols;
    const auto open = before.open_candles(candle->symbol, symbols.find(candle->symbol)->second);
    const auto same = std::find_if(open.begin(), open.end(), [&](const Candle& each) {
      return each.interval == candle->interval && each.begin == candle->begin;
    });
    ASSERT_NE(same, open.end());
    EXPECT_EQ(same->trades, candle->trades);
    for (const auto& [ours, theirs] : {std::pair(same->open, candle->open), std::pair(same->high, candle->high),
                                       std::pair(same->low, candle->low), std::pair(same->close, candle->close),
                                       std::pair(same->volume, candle->volume), std::pair(same->vwap, candle->vwap)}) {
      EXPECT_TRUE(identical(ours, theirs)) << ours.text() << " " << theirs.text();
    }
    EXPECT_EQ(same->partial, candle->partial);
    EXPECT_EQ(same->suspect, candle->suspect);
    EXPECT_EQ(same->completed_by, candle->completed_by);
    ++seen;
  }
  std::uint64_t seen = 0;

 private:
  const RecordedState& state_;
  const Clock& clock_;
};

class Both final : public EventSink {
 public:
  Both(EventSink& first, EventSink& second) : first_(first), second_(second) {}
  void on_event(const Event& event) override {
    first_.on_event(event);
    second_.on_event(event);
  }

 private:
  EventSink& first_;
  EventSink& second_;
};

TEST(StateHistoryProperty, OpenCandlesAreThoseThatTheClientCloses) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    const std::string recording = recording_of(synthetic_frames(seed, 200s, ConnectionId{1}));
    VirtualClock clock(Timestamp::min());
    RecordedState state(state_options());
    StateSinks sinks(state, clock);
    CandleWitness witness(state, clock);
    Both both(witness, sinks.of(ConnectionId{1}));
    const auto reader = opened(recording);
    RecordedClients clients(Dialect::SpotV2, clock, [&](ConnectionId) -> EventSink& { return both; },
                            {.candles = {.intervals = state_options().candle_intervals}});
    Player player(*reader, clock, clients);
    while (player.step().value()) {
    }
    EXPECT_GE(witness.seen, 6U);
  }
}

TEST(StateHistory, RefusesInstantsOutsideOfTheRecording) {
  const std::string recording = recording_of(synthetic_frames(1, 5s, ConnectionId{1}));
  const auto history = history_of(in_memory(recording), {});
  EXPECT_TRUE(history->at(history->first_at()).has_value());
  EXPECT_TRUE(history->at(history->last_at()).has_value());
  const auto before = history->at(history->first_at() - 1ns);
  ASSERT_FALSE(before.has_value());
  EXPECT_EQ(before.error().code, Errc::InvalidArgument);
  EXPECT_NE(before.error().detail.find("outside of the recording"), std::string::npos);
  EXPECT_FALSE(history->at(history->last_at() + 1ns).has_value());
  EXPECT_FALSE(history->after(history->frames() + 1).has_value());
  ASSERT_TRUE(history->after(0).has_value());
  EXPECT_EQ(history->back().value(), nullptr);
}

}  // namespace
}  // namespace ktape::test
