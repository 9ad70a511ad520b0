#include "core/session/session_writer.hpp"

#include <gtest/gtest.h>

#include "core/session/format.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

using std::chrono::seconds;

Timestamp second(std::int64_t s) { return test_info().created_at + seconds{s}; }

OwnedFrame text_frame(std::int64_t s, std::string payload) {
  OwnedFrame frame;
  frame.at = second(s);
  frame.payload = std::move(payload);
  return frame;
}

TEST(SessionWriter, GivesEqualBytesForEqualFrames) {
  const auto frames = seeded_frames(7, 500);
  EXPECT_EQ(recorded(frames, plain_options(4096)), recorded(frames, plain_options(4096)));
}

TEST(SessionWriter, TellsAboutItselfInTheHeader) {
  const auto reader = opened(recorded({}));
  const SessionInfo& info = reader->info();
  EXPECT_EQ(info.session_id, test_info().session_id);
  EXPECT_EQ(info.salt, test_info().salt);
  EXPECT_EQ(info.created_at, test_info().created_at);
  EXPECT_EQ(info.monotonic_at, test_info().monotonic_at);
  EXPECT_EQ(info.writer, "ktape test");
  EXPECT_EQ(info.description, "seeded");
  EXPECT_EQ(info.redaction, "none");
  EXPECT_EQ(info.major, 1);
  EXPECT_EQ(info.minor, 0);
  EXPECT_EQ(reader->state(), SessionState::Sealed);
  EXPECT_TRUE(reader->complete());
  EXPECT_TRUE(read_all(*reader).empty());
}

TEST(SessionWriter, RefusesWhatMakesNoSense) {
  const auto error = [](SessionInfo info, SessionWriterOptions options) {
    auto writer = SessionWriter::create(std::make_unique<MemorySink>(memory_file()), nullptr, info, options);
    return writer ? "" : writer.error().detail;
  };
  const auto with = [](auto change) {
    SessionWriterOptions options = plain_options();
    change(options);
    return options;
  };
  SessionInfo nameless = test_info();
  nameless.session_id = "";
  EXPECT_EQ(error(nameless, plain_options()), "a session id has 1 to 64 bytes, not 0: ''");
  SessionInfo verbose = test_info();
  verbose.description.assign(100'000, 'x');
  EXPECT_NE(error(verbose, plain_options()).find("65536 bytes"), std::string::npos);
  EXPECT_NE(error(test_info(), with([](auto& o) { o.chunk_bytes = 0; })), "");
  EXPECT_NE(error(test_info(), with([](auto& o) { o.chunk_bytes = (16U << 20) + 1; })), "");
  EXPECT_NE(error(test_info(), with([](auto& o) { o.max_chunk_span = Duration{}; })), "");
  EXPECT_EQ(error(test_info(), with([](auto& o) { o.compression_level = 23; })), "zstd has no level 23");
  EXPECT_EQ(error(test_info(), with([](auto& o) { o.redaction = Redaction::Secrets; })),
            "redaction needs a random key, or must be switched off");
}

TEST(SessionWriter, EndsAChunkBySizeAndBySpan) {
  auto reader = opened(recorded({text_frame(0, std::string(600, 'a')), text_frame(1, std::string(600, 'b')),
                                 text_frame(2, "c"), text_frame(62, "d")},
                                plain_options(1000)));
  const auto sizes = [&] {
    std::vector<std::size_t> all;
    for (auto chunk = reader->next_chunk(); chunk && !chunk->empty(); chunk = reader->next_chunk()) {
      all.push_back(chunk->size());
    }
    return all;
  }();
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 1, 1}));
}

TEST(SessionWriter, RedactsBeforeAnythingIsWritten) {
  const MemoryFile file = memory_file();
  const MemoryFile journal = memory_file();
  SessionWriterOptions options;
  options.compression_level = 1;
  options.redaction_key.fill(7);
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), std::make_unique<MemoryJournal>(journal),
                                      test_info(), options)
                    .value();
  writer->on_frame(text_frame(0, R"({"method":"subscribe","params":{"token":"SECRETSECRET"}})").frame());
  ASSERT_TRUE(writer->commit());
  EXPECT_EQ(journal->find("SECRETSECRET"), std::string::npos);
  EXPECT_NE(journal->find(R"("token":"ktape-redacted-)"), std::string::npos);
  ASSERT_TRUE(writer->finish());
  auto reader = opened(*file);
  EXPECT_EQ(reader->info().redaction, kRedactionPolicy);
  const auto frames = read_all(*reader);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].payload, R"({"method":"subscribe","params":{"token":")" +
                                   Redactor(options.redaction_key).pseudonym("SECRETSECRET") + R"("}})");
}

TEST(SessionWriter, CommitsWithOneWriteAndNoneWithoutFrames) {
  const MemoryFile file = memory_file();
  auto journal = std::make_unique<MemoryJournal>(memory_file());
  const MemoryJournal& watched = *journal;
  auto writer =
      SessionWriter::create(std::make_unique<MemorySink>(file), std::move(journal), test_info(), plain_options())
          .value();
  ASSERT_TRUE(writer->commit());
  EXPECT_EQ(watched.writes, 0);
  for (int i = 0; i < 10; ++i) writer->on_frame(text_frame(i, "x").frame());
  ASSERT_TRUE(writer->commit());
  ASSERT_TRUE(writer->commit());
  EXPECT_EQ(watched.writes, 1);
  ASSERT_TRUE(writer->sync());
  EXPECT_EQ(watched.writes, 1);
  ASSERT_TRUE(writer->finish());
  EXPECT_TRUE(watched.removed);
}

TEST(SessionWriter, StoresTheOpenChunkWhenItIsDestroyed) {
  const MemoryFile file = memory_file();
  SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, test_info(), plain_options())
      .value()
      ->on_frame(text_frame(0, "kept").frame());
  auto reader = opened(*file);
  EXPECT_EQ(reader->state(), SessionState::Open);
  EXPECT_FALSE(reader->complete());
  EXPECT_EQ(read_all(*reader), (std::vector{text_frame(0, "kept")}));
}

TEST(SessionWriter, TurnsAnOversizedPayloadIntoAGap) {
  const std::string huge(format::kMaxPayloadBytes + 1, 'x');
  auto reader = opened(recorded({text_frame(0, "before"), text_frame(1, huge), text_frame(2, "after")}));
  EXPECT_EQ(read_all(*reader), (std::vector{text_frame(0, "before"), text_frame(2, "after")}));
  const auto gaps = reader->gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].cause, GapCause::Dropped);
  EXPECT_EQ(gaps[0].frames, 1U);
  EXPECT_EQ(gaps[0].from, second(1));
  EXPECT_EQ(gaps[0].connection, ConnectionId{0});
  EXPECT_EQ(gaps[0].detail, "a payload of 33554433 bytes is beyond the limit of 33554432");
}

TEST(SessionWriter, NotesTheOutageWhenAConnectionReopens) {
  OwnedFrame opened_frame = text_frame(0, "wss://ws.kraken.com/v2");
  opened_frame.kind = FrameKind::Opened;
  OwnedFrame closed = text_frame(5, "1006 reset by peer");
  closed.kind = FrameKind::Closed;
  OwnedFrame failed = text_frame(6, "1006 connection refused");
  failed.kind = FrameKind::Closed;
  OwnedFrame reopened = opened_frame;
  reopened.at = second(9);
  auto reader = opened(recorded({opened_frame, closed, failed, reopened}));
  EXPECT_EQ(read_all(*reader).size(), 4U);
  EXPECT_EQ(reader->gaps(), (std::vector{Gap{second(5), second(9), GapCause::Disconnected, std::nullopt,
                                             ConnectionId{0}, "1006 reset by peer"}}));
  EXPECT_EQ(reader->state(), SessionState::Sealed);
  EXPECT_TRUE(reader->complete());
}

TEST(SessionWriter, TakesTheTimeBetweenTwoRequestsForNoOutage) {
  OwnedFrame asked = text_frame(0, "https://api.kraken.com/0/public/Time");
  asked.kind = FrameKind::Opened;
  OwnedFrame answered = text_frame(0, "1000");
  answered.kind = FrameKind::Closed;
  OwnedFrame asked_again = asked;
  asked_again.at = second(9);
  auto reader = opened(recorded({asked, answered, asked_again}));
  EXPECT_EQ(read_all(*reader).size(), 3U);
  EXPECT_TRUE(reader->gaps().empty());
}

TEST(SessionWriter, KeepsGapsThatItIsTold) {
  const MemoryFile file = memory_file();
  auto writer =
      SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, test_info(), plain_options()).value();
  const Gap gap{second(1), second(2), GapCause::Crash, 17, std::nullopt, "power"};
  writer->on_frame(text_frame(0, "a").frame());
  writer->note_gap(gap);
  EXPECT_EQ(opened(*file)->gaps(), std::vector{gap});  // by hopping
  ASSERT_TRUE(writer->finish());
  EXPECT_EQ(opened(*file)->gaps(), std::vector{gap});  // from the seal
}

class FirstWordClassifier final : public FrameClassifier {
 public:
  FrameClass classify(const Frame& frame) override {
    return {frame.payload.substr(0, frame.payload.find(' ')), frame.payload.substr(frame.payload.find(' ') + 1)};
  }
};

TEST(SessionWriter, CountsStreamsByWhatTheClassifierSays) {
  FirstWordClassifier classifier;
  SessionWriterOptions options = plain_options(64);
  options.classifier = &classifier;
  std::vector<OwnedFrame> frames;
  for (int i = 0; i < 300; ++i) frames.push_back(text_frame(i, i % 3 == 0 ? "book BTC/USD" : "trade ETH/USD"));
  const auto expect = [](SessionReader& reader) {
    const auto summary = reader.summary().value();
    EXPECT_EQ(summary.frames, 300U);
    ASSERT_EQ(summary.streams.size(), 2U);
    EXPECT_EQ(summary.streams[0],
              (StreamCount{ConnectionId{0}, Direction::FromExchange, FrameKind::Text, "book", "BTC/USD", 100, 1200}));
    EXPECT_EQ(summary.streams[1],
              (StreamCount{ConnectionId{0}, Direction::FromExchange, FrameKind::Text, "trade", "ETH/USD", 200, 2600}));
    EXPECT_EQ(summary.payload_bytes, 3800U);
    EXPECT_EQ(summary.first_at, second(0));
    EXPECT_EQ(summary.last_at, second(299));
  };
  const std::string sealed = recorded(frames, options);
  expect(*opened(sealed));
  // Without the seal: what index blocks do not cover is counted in the chunks.
  const MemoryFile file = memory_file();
  {
    auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, test_info(), options).value();
    for (const OwnedFrame& frame : frames) writer->on_frame(frame.frame());
  }
  expect(*opened(*file));
}

TEST(SessionWriter, SticksToTheFirstFailureAndLosesNothingCommitted) {
  const auto frames = seeded_frames(3, 60);
  for (std::uint64_t passes = 0;; ++passes) {
    const MemoryFile file = memory_file();
    const MemoryFile journal = memory_file();
    const SharedFailurePlan plan = fail_after(passes);
    auto writer =
        SessionWriter::create(std::make_unique<MemorySink>(file, plan), std::make_unique<MemoryJournal>(journal, plan),
                              test_info(), plain_options(600));
    if (!writer) {
      EXPECT_EQ(passes, 0U);
      EXPECT_EQ(writer.error().detail, "the disk is full");
      continue;
    }
    std::size_t committed = 0;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      (*writer)->on_frame(frames[i].frame());
      if (i % 4 == 3 && (*writer)->commit()) committed = i + 1;
    }
    const auto finished = (*writer)->finish();
    if (finished) {
      EXPECT_GT(passes, 20U);
      EXPECT_EQ(read_all(*opened(*file)), frames);
      break;
    }
    EXPECT_EQ((*writer)->status().error().detail, "the disk is full");
    EXPECT_EQ((*writer)->commit().error().detail, "the disk is full");
    writer->reset();
    const auto read = read_all(*opened(*file, *journal));
    ASSERT_GE(read.size(), committed) << "after " << passes << " operations";
    ASSERT_EQ(read, std::vector(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(read.size())));
  }
}

}  // namespace
}  // namespace ktape
