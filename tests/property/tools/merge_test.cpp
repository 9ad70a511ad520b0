// Several recordings in one, and two of the same feed that become one without the holes of either.

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "tests/support/synthetic_recording.hpp"
#include "tools/dedupe.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;

struct Merged {
  std::string recording;
  DedupeReport report;
};

Merged dedupe_of(const std::string& a, const std::string& b) {
  NewRecordingInMemory made;
  const auto first = opened(a);
  const auto second = opened(b);
  auto done = dedupe({MergeInput{first.get(), "a"}, MergeInput{second.get(), "b"}}, *made.writer, Dialect::SpotV2, {});
  EXPECT_TRUE(done.has_value()) << done.error().detail;
  return {made.finish(), std::move(*done)};
}

// The payloads of each channel and symbol, in their order.
std::map<std::string, std::vector<std::string>> by_feed(const std::vector<OwnedFrame>& frames) {
  std::map<std::string, std::vector<std::string>> out;
  SpotV2Classes classes;
  for (const OwnedFrame& frame : frames) {
    if (frame.kind != FrameKind::Text || frame.direction != Direction::FromExchange) continue;
    const auto what = classes.classify(frame.frame());
    if (what.symbol.empty()) continue;
    out[fmt::format("{} {}", what.channel, what.symbol)].push_back(frame.payload);
  }
  return out;
}

// A hole: what one recorder did not get. Single messages and whole stretches.
struct Hole {
  std::size_t from = 0;
  std::size_t to = 0;
};

std::vector<Hole> seeded_holes(Random& random, std::size_t frames, std::size_t first) {
  std::vector<Hole> holes;
  std::size_t at = first;
  while (at < frames) {
    at += 1 + random.below(200);
    const std::size_t length = random.below(4) == 0 ? 1 + random.below(120) : 1 + random.below(4);
    if (at + length >= frames) break;
    holes.push_back({at, at + length});
    at += length + 1;
  }
  return holes;
}

std::vector<OwnedFrame> without(const std::vector<OwnedFrame>& frames, const std::vector<Hole>& holes) {
  std::vector<OwnedFrame> out;
  std::size_t hole = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    while (hole < holes.size() && holes[hole].to <= i) ++hole;
    if (hole < holes.size() && holes[hole].from <= i) continue;
    out.push_back(frames[i]);
  }
  return out;
}

class MergedRecording : public testing::TestWithParam<std::uint64_t> {};

TEST_P(MergedRecording, OfTwoWithHolesThatDoNotMeetIsTheOriginal) {
  const auto frames = synthetic_frames(GetParam(), 30s, ConnectionId{1});
  Random random(GetParam());
  // Holes of both in turn: each message is in at least one.
  const auto all = seeded_holes(random, frames.size(), 3);
  std::vector<Hole> of_a, of_b;
  for (const Hole& hole : all) (random.below(2) == 0 ? of_a : of_b).push_back(hole);
  ASSERT_GT(of_a.size() + of_b.size(), 10U);
  const auto merged = dedupe_of(recording_of(without(frames, of_a)), recording_of(without(frames, of_b)));
  const auto expected = by_feed(frames);
  const auto told = by_feed(read_all(*opened(merged.recording)));
  ASSERT_EQ(expected.size(), told.size());
  for (const auto& [feed, payloads] : expected) EXPECT_EQ(payloads, told.at(feed)) << feed;

  EXPECT_TRUE(merged.report.gaps.empty());
  EXPECT_EQ(merged.report.disagreements, 0U);
  EXPECT_GT(merged.report.from_one[0] + merged.report.from_one[1], 10U);
  const auto market = replay_market(merged.recording);
  EXPECT_EQ(market.lines, replay_market(recording_of(frames)).lines);
  EXPECT_EQ(market.checksums_failed, 0U);
  EXPECT_EQ(market.trade_gaps, 0U);
}

TEST_P(MergedRecording, HasAGapWhereBothHadOneAndSaysWhenExactly) {
  const auto frames = synthetic_frames(GetParam(), 30s, ConnectionId{1});
  const std::size_t middle = frames.size() / 2;
  const Hole both{middle, middle + 150};
  const Hole only_a{middle - 100, both.to};
  const Hole only_b{both.from, both.to + 100};
  const auto gap_of = [&](const Hole& hole) {
    return Gap{frames[hole.from].at, frames[hole.to].at, GapCause::Dropped, std::nullopt, std::nullopt, "test"};
  };
  const auto merged = dedupe_of(recording_of(without(frames, {only_a}), {gap_of(only_a)}),
                                recording_of(without(frames, {only_b}), {gap_of(only_b)}));
  ASSERT_EQ(merged.report.gaps.size(), 1U) << merged.report.gaps[1].detail;
  EXPECT_EQ(merged.report.gaps[0].from, frames[both.from].at);
  EXPECT_EQ(merged.report.gaps[0].to, frames[both.to].at);
  const auto gaps = opened(merged.recording)->gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].from, frames[both.from].at);
  EXPECT_EQ(by_feed(read_all(*opened(merged.recording))), by_feed(without(frames, {both})));
}

TEST_P(MergedRecording, NoticesAHoleInBothThatNeitherHasNoted) {
  const auto frames = synthetic_frames(GetParam(), 30s, ConnectionId{1});
  const std::size_t middle = frames.size() / 2;
  const Hole both{middle, middle + 150};
  const auto copy = recording_of(without(frames, {both}));
  const auto merged = dedupe_of(copy, copy);
  ASSERT_FALSE(merged.report.gaps.empty());
  for (const Gap& gap : merged.report.gaps) {
    EXPECT_LE(gap.from, frames[both.from].at);
    EXPECT_GE(gap.to, frames[both.to].at);
  }
}

// The same exchange, heard on two connections at different moments, each of which loses its own some time.
TEST_P(MergedRecording, IsOneConnectionThatStandsAsLongAsOneOfTheTwo) {
  const auto frames = synthetic_frames(GetParam(), 30s, ConnectionId{1});
  const Timestamp start = frames.front().at;
  auto second = frames;
  for (OwnedFrame& frame : second) {
    frame.at += 7ms;
    frame.connection = ConnectionId{4};
    // Not its own words: another connection, other times.
    if (frame.payload.starts_with(R"({"channel":"status")"))
      frame.payload.insert(frame.payload.size() - 3, R"(,"x":1)");
  }
  // The first is closed after ten seconds; it never comes back.
  std::vector<OwnedFrame> first;
  for (const OwnedFrame& frame : frames) {
    if (frame.at < start + 10s) first.push_back(frame);
  }
  first.push_back(first.back());
  first.back().kind = FrameKind::Closed;
  first.back().direction = Direction::FromExchange;
  first.back().payload = "1006 lost";
  const auto merged = dedupe_of(recording_of(first), recording_of(second));
  const auto told = read_all(*opened(merged.recording));
  for (std::size_t i = 0; i + 1 < told.size(); ++i) {
    ASSERT_NE(told[i].kind, FrameKind::Closed);
    ASSERT_EQ(told[i].connection, ConnectionId{1});
    ASSERT_LE(told[i].at, told[i + 1].at);
  }
  EXPECT_TRUE(merged.report.gaps.empty());
  const auto market = replay_market(merged.recording);
  EXPECT_EQ(market.lines.size(), replay_market(recording_of(frames)).lines.size());
  EXPECT_EQ(market.checksums_failed, 0U);
  EXPECT_EQ(market.trade_gaps, 0U);
  EXPECT_GT(merged.report.from_both, 100U);
  EXPECT_GT(merged.report.from_one[1], 100U);
}

TEST_P(MergedRecording, ReportsWhatTheTwoDisagreeAbout) {
  const auto frames = synthetic_frames(GetParam(), 30s, ConnectionId{1});
  auto second = frames;
  std::size_t changed = 0;
  for (OwnedFrame& frame : second) {
    const bool trade = frame.payload.starts_with(R"({"channel":"trade","type":"update")");
    if (!trade || changed > 0) continue;
    const auto side = frame.payload.find(R"("side":"buy")");
    if (side == std::string::npos) continue;
    frame.payload.replace(side, 12, R"("side":"sell")");
    ++changed;
  }
  ASSERT_EQ(changed, 1U);
  const auto merged = dedupe_of(recording_of(frames), recording_of(second));
  ASSERT_EQ(merged.report.disagreements, 1U);
  const Disagreement& one = merged.report.first_disagreements.front();
  EXPECT_TRUE(one.what.starts_with("trade ")) << one.what;
  EXPECT_TRUE(one.first.starts_with("buy ")) << one.first;
  EXPECT_TRUE(one.second.starts_with("sell ")) << one.second;
  EXPECT_EQ(by_feed(read_all(*opened(merged.recording))), by_feed(frames));
  bool noted = false;
  const auto notes = opened(merged.recording)->annotations();
  for (const Annotation& note : notes) {
    noted = noted || note.text.find(R"("note":"disagreement")") != std::string::npos;
  }
  EXPECT_TRUE(noted);
}

TEST_P(MergedRecording, ReportsABookUpdateThatDiffers) {
  const auto frames = synthetic_frames(GetParam(), 30s, ConnectionId{1});
  auto second = frames;
  bool changed = false;
  for (std::size_t i = second.size() / 2; i < second.size() && !changed; ++i) {
    auto& payload = second[i].payload;
    if (!payload.starts_with(R"({"channel":"book","type":"update")")) continue;
    const auto checksum = payload.find(R"("checksum":)") + 11;
    payload[checksum] = payload[checksum] == '1' ? '2' : '1';
    changed = true;
  }
  ASSERT_TRUE(changed);
  // The wrong one first: the checksum tells which one stays.
  const auto merged = dedupe_of(recording_of(second), recording_of(frames));
  EXPECT_EQ(merged.report.disagreements, 1U);
  EXPECT_EQ(by_feed(read_all(*opened(merged.recording))), by_feed(frames));
  EXPECT_EQ(replay_market(merged.recording).checksums_failed, 0U);
}

TEST_P(MergedRecording, NotesWhereEachFrameCameFrom) {
  const auto frames = synthetic_frames(GetParam(), 10s, ConnectionId{1});
  const std::size_t middle = frames.size() / 2;
  const auto merged =
      dedupe_of(recording_of(without(frames, {{middle, middle + 5}})), recording_of(without(frames, {{20, 27}})));
  std::string runs;
  const auto notes = opened(merged.recording)->annotations();
  for (const Annotation& note : notes) {
    if (note.text.starts_with(R"({"note":"frames")")) runs += note.text;
  }
  EXPECT_EQ(runs, fmt::format(R"({{"note":"frames","from":0,"runs":[[20,"AB"],[7,"A"],[{},"AB"],[5,"B"],[{},"AB"]]}})",
                              middle - 27, frames.size() - middle - 5));
}

TEST_P(MergedRecording, OfSeveralKeepsEveryFrameInTheOrderOfTime) {
  std::vector<std::vector<OwnedFrame>> parts;
  for (std::uint64_t i = 0; i < 3; ++i) {
    parts.push_back(synthetic_frames(GetParam() + i, 8s, ConnectionId{i == 2 ? 5U : 1U}, std::chrono::seconds(i)));
  }
  std::vector<std::unique_ptr<SessionReader>> readers;
  std::vector<MergeInput> inputs;
  for (const auto& part : parts) {
    readers.push_back(opened(recording_of(part)));
    inputs.push_back({readers.back().get(), fmt::format("{}.ktape", readers.size())});
  }
  NewRecordingInMemory made;
  const auto done = merge(inputs, *made.writer);
  ASSERT_TRUE(done.has_value()) << done.error().detail;
  const auto recording = made.finish();
  // By time, then by argument; the second input's connection has become 2, since 1 was taken.
  std::vector<OwnedFrame> expected;
  const std::uint32_t numbers[] = {1, 2, 5};
  for (std::size_t i = 0; i < 3; ++i) {
    for (OwnedFrame frame : parts[i]) {
      frame.connection = ConnectionId{numbers[i]};
      expected.push_back(std::move(frame));
    }
  }
  sort_frames(expected);
  EXPECT_EQ(read_all(*opened(recording)), expected);
  EXPECT_EQ(opened(recording)->annotations().size(), 3U);
  const auto market = replay_market(recording);
  EXPECT_EQ(market.checksums_failed, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, MergedRecording, testing::Range<std::uint64_t>(1, 1 + seeds_wanted(2)));

}  // namespace
}  // namespace ktape::test
