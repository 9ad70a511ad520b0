#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "recorder/file_sink.hpp"
#include "replay/file_source.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape {
namespace {

namespace fs = std::filesystem;

// One recording of each version ever written, with its frames and gaps as text beside it. Recordings are never written
// anew: every later version must read them as they are. KTAPE_REWRITE_GOLDEN=1 writes the texts, and a recording of the
// present version if there is none yet.
const fs::path kFolder = KTAPE_SOURCE_DIR "/tests/golden/session";

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

void write_recording(const fs::path& path) {
  SessionWriterOptions options = plain_options(2'000);
  options.redaction = Redaction::Secrets;
  options.redaction_key.fill(1);
  auto writer = SessionWriter::create(FileSink::create(path).value(), nullptr, test_info(), options).value();
  for (const OwnedFrame& frame : one_of_everything()) writer->on_frame(frame.frame());
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
  for (const OwnedFrame& frame : read_all(**reader)) out += describe(frame) + "\n";
  for (const Gap& gap : (*reader)->gaps()) {
    out += "gap " + format_rfc3339(gap.from) + " " + format_rfc3339(gap.to) + " " + std::string(to_string(gap.cause)) +
           " " + gap.detail + "\n";
  }
  out += std::string(to_string((*reader)->state())) + "\n";
  EXPECT_TRUE((*reader)->verify().value().empty());
  return out;
}

TEST(SessionGolden, EveryVersionEverWrittenIsStillRead) {
  const bool rewrite = std::getenv("KTAPE_REWRITE_GOLDEN") != nullptr;
  if (rewrite && !fs::exists(kFolder / "v1.0.ktape")) write_recording(kFolder / "v1.0.ktape");
  std::size_t recordings = 0;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".ktape") continue;
    ++recordings;
    fs::path expected = entry.path();
    expected.replace_extension(".frames.txt");
    const std::string text = text_of(entry.path());
    if (rewrite) std::ofstream(expected, std::ios::binary) << text;
    EXPECT_EQ(text, read_file(expected)) << entry.path();
  }
  EXPECT_GE(recordings, 1U);
}

}  // namespace
}  // namespace ktape
