#include "tests/support/session_fixture.hpp"

#include <ostream>

#include <fmt/format.h>

#include "core/base/assert.hpp"

namespace ktape {

std::string describe(const OwnedFrame& frame) {
  std::string out = fmt::format("{} {} {} {} ", format_rfc3339(frame.at), static_cast<std::uint32_t>(frame.connection),
                                to_string(frame.direction), to_string(frame.kind));
  for (const char c : frame.payload) {
    if (c >= ' ' && c < 0x7f && c != '\\') {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

void PrintTo(const OwnedFrame& frame, std::ostream* out) { *out << describe(frame).substr(0, 300); }

std::uint64_t SeededNumbers::next() {
  std::uint64_t x = state_ += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

std::vector<OwnedFrame> seeded_frames(std::uint64_t seed, std::size_t count) {
  SeededNumbers random(seed);
  std::vector<OwnedFrame> frames;
  Timestamp at = from_nanoseconds(1'767'225'600'000'000'000 + static_cast<std::int64_t>(random.below(1'000'000'000)));
  for (std::size_t i = 0; i < count; ++i) {
    switch (random.below(40)) {
      case 0:
        at += std::chrono::milliseconds{4290 + random.below(10'000)};
        break;
      case 1:
        at -= Duration{static_cast<std::int64_t>(random.below(1'000'000'000))};
        break;
      default:
        at += Duration{static_cast<std::int64_t>(random.below(2'000'000))};
    }
    OwnedFrame frame;
    frame.at = at;
    frame.connection = ConnectionId{static_cast<std::uint32_t>(random.below(5) * 0x20000001)};
    frame.direction = random.below(4) == 0 ? Direction::ToExchange : Direction::FromExchange;
    constexpr FrameKind kKinds[] = {FrameKind::Text, FrameKind::Text, FrameKind::Text,  FrameKind::Binary,
                                    FrameKind::Ping, FrameKind::Pong, FrameKind::Closed};
    frame.kind = kKinds[random.below(std::size(kKinds))];
    const std::uint64_t length = random.below(8) == 0 ? 0 : random.below(random.below(20) == 0 ? 5'000 : 200);
    const bool text = frame.kind == FrameKind::Text && random.below(10) != 0;
    for (std::uint64_t j = 0; j < length; ++j) {
      frame.payload += static_cast<char>(text ? ' ' + random.below(95) : random.below(256));
    }
    frames.push_back(std::move(frame));
  }
  return frames;
}

SessionInfo test_info() {
  SessionInfo info;
  info.session_id = "00112233445566778899aabbccddeeff";
  info.salt = 0x0123456789abcdef;
  info.created_at = from_nanoseconds(1'767'225'600'000'000'000);
  info.monotonic_at = std::chrono::seconds{12};
  info.writer = "ktape test";
  info.description = "seeded";
  return info;
}

SessionWriterOptions plain_options(std::size_t chunk_bytes) {
  SessionWriterOptions options;
  options.compression_level = 1;
  options.chunk_bytes = chunk_bytes;
  options.redaction = Redaction::None;
  return options;
}

std::string recorded(const std::vector<OwnedFrame>& frames, SessionWriterOptions options) {
  const MemoryFile file = memory_file();
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, test_info(), options);
  KTAPE_ASSERT(writer.has_value(), "memory never fails");
  for (const OwnedFrame& frame : frames) (*writer)->on_frame(frame.frame());
  KTAPE_ASSERT((*writer)->finish().has_value(), "memory never fails");
  return *file;
}

std::unique_ptr<SessionReader> opened(std::string bytes, std::optional<std::string> journal) {
  std::unique_ptr<ByteSource> journal_source;
  if (journal) journal_source = std::make_unique<MemorySource>(std::move(*journal));
  auto reader = SessionReader::open(std::make_unique<MemorySource>(std::move(bytes)), std::move(journal_source));
  KTAPE_ASSERT(reader.has_value(), "the test gives a recording that can be opened");
  return std::move(*reader);
}

std::vector<OwnedFrame> read_all(SessionReader& reader) {
  std::vector<OwnedFrame> frames;
  while (true) {
    const auto frame = reader.next();
    KTAPE_ASSERT(frame.has_value(), "memory never fails");
    if (!*frame) return frames;
    frames.emplace_back(**frame);
  }
}

}  // namespace ktape
