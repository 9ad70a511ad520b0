#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "recorder/file_sink.hpp"
#include "replay/file_source.hpp"
#include "tests/support/places.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

namespace fs = std::filesystem;

// One recording of each version ever written, with its frames and gaps as text beside it. Recordings are never written
// anew: every later version must read them as they are. KTAPE_REWRITE_GOLDEN=1 writes the texts, and a recording of
// each version that this program writes if there is none yet.
const fs::path kFolder = test::in_source_tree("tests/golden/session");

constexpr std::string_view kVersions[] = {"1.0", "1.1"};

std::vector<OwnedFrame> one_of_everything() {
  std::vector<OwnedFrame> frames;
  const auto add = [&](std::int64_t milliseconds, Direction direction, FrameKind kind, std::string payload) {
    OwnedFrame& frame = frames.emplace_back();
    frame.at = test_info().created_at + std::chrono::milliseconds{milliseconds};
    frame.connection = ConnectionId{7};
    frame.direction = direction;
    frame.kind = kind;
    frame.payload = std::move(payload);
  };
  using enum Direction;
  add(0, FromExchange, FrameKind::Opened, "wss://ws.kraken.com/v2");
  add(1, ToExchange, FrameKind::Text, R"({"method":"subscribe","params":{"channel":"trade","token":"top secret"}})");
  add(2, FromExchange, FrameKind::Text, R"({"method":"subscribe","success":true})");
  add(9'500, FromExchange, FrameKind::Ping, "after a long silence");
  add(9'501, ToExchange, FrameKind::Pong, "after a long silence");
  add(9'502, FromExchange, FrameKind::Binary, std::string("\x00\xff\n\xc3\x28", 5));
  add(9'503, FromExchange, FrameKind::Closed, "1006 connection reset");
  add(12'000, FromExchange, FrameKind::Opened, "wss://ws.kraken.com/v2");
  for (OwnedFrame& frame : seeded_frames(2026, 40)) frames.push_back(std::move(frame));
  return frames;
}

// With everything that its version knows.
void write_recording(const fs::path& path, bool extras) {
  SessionWriterOptions options = plain_options(2'000);
  options.extras = extras;
  options.redaction = Redaction::Secrets;
  options.redaction_key.fill(1);
  SessionInfo info = test_info();
  if (extras) {
    info.segment = 2;
    info.first_sequence = 1'000;
  }
  auto writer = SessionWriter::create(FileSink::create(path).value(), nullptr, info, options).value();
  const auto frames = one_of_everything();
  const auto keyframe = [&] {
    if (!extras) return;
    const std::vector<Frame> made{frames[0].frame(), frames[1].frame()};
    writer->write_keyframe(made);
  };
  if (extras) writer->annotate({info.created_at, ConnectionId{7}, "checksum_mismatch", "BTC/USD: 1 instead of 2"});
  keyframe();
  for (const OwnedFrame& frame : frames) {
    if (&frame == &frames[20]) keyframe();
    writer->on_frame(frame.frame());
  }
  if (extras) writer->annotate({info.created_at, std::nullopt, "note", ""});
  ASSERT_TRUE(writer->finish());
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string text_of(const fs::path& path) {
  auto reader = SessionReader::open(FileSource::open(path).value());
  EXPECT_TRUE(reader.has_value()) << reader.error().detail;
  const SessionInfo& info = (*reader)->info();
  std::string out = "format " + std::to_string(info.major) + "." + std::to_string(info.minor) + ", session " +
                    info.session_id + ", created " + format_rfc3339(info.created_at) + ", writer " + info.writer +
                    ", redaction " + info.redaction + "\n";
  if (info.segment > 0) {
    out += "segment " + std::to_string(info.segment) + " from frame " + std::to_string(info.first_sequence) + "\n";
  }
  while (const auto frame = (*reader)->next().value()) {
    out += ((*reader)->in_keyframe() ? "keyframe: " : "") + describe(OwnedFrame(*frame)) + "\n";
  }
  for (const Gap& gap : (*reader)->gaps()) {
    out += "gap " + format_rfc3339(gap.from) + " " + format_rfc3339(gap.to) + " " + std::string(to_string(gap.cause)) +
           " " + gap.detail + "\n";
  }
  for (const Annotation& note : (*reader)->annotations()) {
    out += "annotation " + format_rfc3339(note.at) + " " +
           (note.connection ? std::to_string(static_cast<std::uint32_t>(*note.connection)) : "-") + " " + note.name +
           " " + note.text + "\n";
  }
  out += std::string(to_string((*reader)->state())) + "\n";
  EXPECT_TRUE((*reader)->verify().value().empty());
  return out;
}

TEST(SessionGolden, EveryVersionEverWrittenIsStillRead) {
  const bool rewrite = std::getenv("KTAPE_REWRITE_GOLDEN") != nullptr;
  if (rewrite && !fs::exists(kFolder / "v1.0.ktape")) write_recording(kFolder / "v1.0.ktape", false);
  if (rewrite && !fs::exists(kFolder / "v1.1.ktape")) write_recording(kFolder / "v1.1.ktape", true);
  std::size_t recordings = 0;
  ASSERT_TRUE(fs::is_directory(kFolder)) << "the recordings of all versions belong to the repository: " << kFolder;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".ktape") continue;
    ++recordings;
    fs::path expected = entry.path();
    expected.replace_extension(".frames.txt");
    const std::string text = text_of(entry.path());
    if (rewrite) std::ofstream(expected, std::ios::binary) << text;
    EXPECT_EQ(text, read_file(expected)) << entry.path();
  }
  EXPECT_GE(recordings, std::size(kVersions)) << "a recording in " << kFolder << " is gone";
}

// A version is added to the list when it is first written, and never taken off again.
TEST(SessionGolden, NoRecordingIsMissing) {
  for (const std::string_view version : kVersions) {
    const fs::path recording = kFolder / fmt::format("v{}.ktape", version);
    EXPECT_TRUE(fs::is_regular_file(recording)) << recording << " must stay readable, and so must be there";
    EXPECT_TRUE(fs::is_regular_file(kFolder / fmt::format("v{}.frames.txt", version)))
        << "KTAPE_REWRITE_GOLDEN=1 writes it";
    if (!fs::is_regular_file(recording)) continue;
    const auto reader = SessionReader::open(FileSource::open(recording).value());
    ASSERT_TRUE(reader.has_value()) << reader.error().detail;
    EXPECT_EQ(fmt::format("{}.{}", (*reader)->info().major, (*reader)->info().minor), version) << recording;
  }
}

TEST(SessionGolden, TheVersionThatIsWrittenNowHasARecording) {
  const std::string written = recorded(one_of_everything());
  const auto reader = opened(written);
  const std::string version = fmt::format("{}.{}", reader->info().major, reader->info().minor);
  EXPECT_NE(std::find(std::begin(kVersions), std::end(kVersions), version), std::end(kVersions))
      << "version " << version << " is new: add it to kVersions and write its recording with KTAPE_REWRITE_GOLDEN=1";
}

}  // namespace
}  // namespace ktape
