// A cut recording goes on exactly as the whole one did: at whatever instant it was cut, and whatever was left out of
// it.

#include "tools/cut.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/wire/loopback.hpp"
#include "replay/playback_exchange.hpp"
#include "tests/support/synthetic_recording.hpp"
#include "tools/split.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;

// Two connections at once, and a third life of the first after an outage.
std::string whole(std::uint64_t seed) {
  auto frames = synthetic_frames(seed, 20s, ConnectionId{1});
  for (auto& each : synthetic_frames(seed + 1000, 30s, ConnectionId{7}, 2s, 10)) frames.push_back(std::move(each));
  for (auto& each : synthetic_frames(seed + 2000, 12s, ConnectionId{1}, 24s)) frames.push_back(std::move(each));
  sort_frames(frames);
  return recording_of(frames);
}

std::string cut_of(const std::string& recording, const CutOptions& options, CutReport* report = nullptr) {
  NewRecordingInMemory made;
  const auto reader = opened(recording);
  const auto done = cut(*reader, *made.writer, options, Dialect::SpotV2, &made.classes);
  EXPECT_TRUE(done.has_value()) << done.error().detail;
  if (report != nullptr) *report = *done;
  return made.finish();
}

void expect_the_same(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  EXPECT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    ASSERT_EQ(a[i], b[i]) << "line " << i << " of " << a.size();
  }
}

CopySelection selection(std::uint64_t which) {
  CopySelection wanted;
  if (which % 4 == 1) wanted.channels = {"book", "trade"};
  if (which % 4 == 2) wanted.symbols = {"XRP/USD"};
  if (which % 4 == 3) wanted.connections = {ConnectionId{7}};
  if (which % 8 == 7) wanted.channels = {"ohlc", "ticker"};
  return wanted;
}

class CutRecording : public testing::TestWithParam<std::uint64_t> {};

TEST_P(CutRecording, GoesOnAsTheWholeOneDid) {
  const auto seed = GetParam();
  const auto recording = whole(seed);
  const auto reader = opened(recording);
  const auto summary = reader->summary().value();
  Random random(seed);
  std::size_t lines = 0;
  for (std::uint64_t i = 0; i < 8; ++i) {
    const auto from =
        *summary.first_at +
        Duration{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>((36s).count()) * 1'000'000'000U))};
    SCOPED_TRACE(fmt::format("seed {}, cut {} at {}", seed, i, format_rfc3339(from)));
    const CutOptions options{.from = from, .selection = selection(i)};
    const auto part = cut_of(recording, options);
    const ReplayWish wish{from, options.selection.channels, options.selection.symbols, options.selection.connections};
    const auto expected = replay_market(recording, wish);
    const auto told = replay_market(part, wish);
    expect_the_same(expected.lines, told.lines);
    EXPECT_EQ(told.checksums_failed, 0U);
    EXPECT_EQ(told.trade_gaps, 0U);
    EXPECT_EQ(told.unknown, 0U);
    EXPECT_TRUE(opened(part)->verify().value().empty());
    lines += told.lines.size();
  }
  EXPECT_GT(lines, 2000U);
}

TEST_P(CutRecording, CutAgainIsTheSameAsCutOnce) {
  const auto recording = whole(GetParam());
  const auto start = opened(recording)->summary().value().first_at.value();
  const auto once = cut_of(recording, {.from = start + 13s, .to = start + 25s});
  const auto twice = cut_of(cut_of(recording, {.from = start + 5s}), {.from = start + 13s, .to = start + 25s});
  EXPECT_EQ(read_all(*opened(once)), read_all(*opened(twice)));
  // From before its own beginning: all of it, keyframe included.
  EXPECT_EQ(read_all(*opened(once)), read_all(*opened(cut_of(once, {}))));
}

TEST_P(CutRecording, IsServedLikeAnyOther) {
  const auto recording = whole(GetParam());
  const auto start = opened(recording)->summary().value().first_at.value();
  const auto part = cut_of(recording, {.from = start + 9s, .selection = {.connections = {ConnectionId{7}}}});
  VirtualClock exchange_clock(start + 9s);
  VirtualClock client_clock(start + 9s);
  const auto exchange = PlaybackExchange::create(exchange_clock, [&]() -> Result<std::unique_ptr<FrameSource>> {
                          return std::unique_ptr<FrameSource>(opened(part));
                        }).value();
  Loopback loopback(*exchange, client_clock, exchange_clock);
  const auto line = loopback.make_transport(ConnectionId{1});
  const auto codec = make_codec(Dialect::SpotV2);
  Nobody nobody;
  Client client(*line, *codec, client_clock, nobody,
                {.endpoint = Endpoint::parse("wss://ws.kraken.com/v2").value(), .reconnects = false});
  const std::vector<std::string> symbols(kTwoSymbols.begin(), kTwoSymbols.end());
  client.subscribe(book_of(symbols, 10));
  client.subscribe(channel_of(Channel::Trade, symbols));
  client.start();
  loopback.run_until(start + 31s);
  EXPECT_GT(client.stats().checksums_verified, 50U);
  EXPECT_EQ(client.stats().checksums_failed, 0U);
  EXPECT_EQ(client.stats().trade_gaps, 0U);
  for (const std::string& symbol : symbols) {
    ASSERT_NE(client.book(symbol), nullptr);
    EXPECT_EQ(client.book(symbol)->state(), BookState::Live);
  }
}

TEST_P(CutRecording, InPartsTellsTogetherWhatTheWholeTold) {
  const auto recording = whole(GetParam());
  const auto expected = replay_market(recording);
  for (const auto by : {SplitBy::Time, SplitBy::Size}) {
    std::vector<std::unique_ptr<MemoryFile>> files;
    std::vector<std::unique_ptr<SpotV2Classes>> classes;
    const auto reader = opened(recording);
    SpotV2Classes own;
    const auto parts =
        split(*reader, {.by = by, .every = 10s, .bytes = 20'000}, Dialect::SpotV2, &own,
              [&](const PartName&) -> Result<std::unique_ptr<SessionWriter>> {
                auto options = plain_options(8U << 10);
                options.extras = true;
                const auto& file = *files.emplace_back(std::make_unique<MemoryFile>(memory_file()));
                return SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, test_info(), options);
              });
    ASSERT_TRUE(parts.has_value()) << parts.error().detail;
    ASSERT_GE(parts->size(), 3U);
    std::vector<std::string> lines;
    std::uint64_t frames = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
      const auto told = replay_market(**files[i]);
      EXPECT_EQ(told.checksums_failed, 0U);
      EXPECT_EQ(told.trade_gaps, 0U);
      EXPECT_EQ(told.keyframe_frames, (*parts)[i].keyframe_frames);
      lines.insert(lines.end(), told.lines.begin(), told.lines.end());
      frames += (*parts)[i].frames;
    }
    EXPECT_EQ(frames, reader->summary().value().frames);
    expect_the_same(expected.lines, lines);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, CutRecording, testing::Range<std::uint64_t>(1, 1 + seeds_wanted(2)));

}  // namespace
}  // namespace ktape::test
