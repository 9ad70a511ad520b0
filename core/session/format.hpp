#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.hpp"

// The container of a recording, byte by byte: see docs/format.md. Internal to core/session.
namespace ktape::format {

static_assert(std::endian::native == std::endian::little, "the format is little-endian, and read without swapping");

inline constexpr std::uint16_t kMajor = 1;
inline constexpr std::uint16_t kMinor = 0;            // of a file without anything that is newer
inline constexpr std::uint16_t kMinorWithExtras = 1;  // of one that may hold keyframes and annotations, or goes on

inline constexpr std::uint32_t kHeaderMagic = 0x184D2A5B;
inline constexpr std::uint32_t kRecordMagic = 0x184D2A5C;
inline constexpr std::uint32_t kBodyMagic = 0x184D2A5D;
inline constexpr std::uint32_t kFooterMagic = 0x184D2A5E;
inline constexpr std::string_view kGuard = "\x89KTAP\r\n\x1a";
inline constexpr std::string_view kFooterGuard = "KTAPEEND";

inline constexpr std::size_t kHeaderFixedBytes = 40;  // before the info message; the CRC comes after it
inline constexpr std::size_t kRecordHeaderBytes = 72;
inline constexpr std::size_t kFooterBytes = 32;
inline constexpr std::size_t kJournalEntryBytes = 32;
inline constexpr std::size_t kJournalFrameBytes = 20;
inline constexpr std::string_view kRingGuard = "\x89KTRING\n";
inline constexpr std::size_t kRingHeaderBytes = 4096;
inline constexpr std::size_t kRingEntryBytes = 48;

inline constexpr std::uint32_t kMaxPayloadBytes = 32U << 20;
inline constexpr std::uint32_t kMaxRawBytes = 64U << 20;
inline constexpr std::uint32_t kMaxStoredBytes =
    kMaxRawBytes + (1U << 20);  // zstd adds a little to what it cannot pack
inline constexpr std::uint32_t kMaxChunkFrames = 1U << 20;
inline constexpr std::uint32_t kMaxInfoBytes = 1U << 20;
inline constexpr std::uint32_t kLongDelta = 0xFFFFFFFF;

enum class RecordType : std::uint8_t {
  Chunk = 1,
  Gap = 2,
  Annotation = 3,
  Keyframe = 4,
  Index = 5,
  Seal = 6,
  Schema = 7
};
inline constexpr std::uint8_t kMustUnderstand = 0x80;

template <class T>
void store(char* at, T value) {
  std::memcpy(at, &value, sizeof value);
}
template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
template <class T>
void append(std::string& out, T value) {
  char bytes[sizeof value];
  store(bytes, value);
  out.append(bytes, sizeof value);
}

std::uint64_t sync_marker(std::uint64_t salt);
std::uint64_t journal_marker(std::uint64_t salt);
// The salt whose sync marker this is: with it the journal is found when the segment header is lost.
std::uint64_t salt_of(std::uint64_t sync_marker);
std::uint32_t ring_marker(std::uint64_t salt);

struct RecordHeader {
  std::uint64_t marker = 0;
  RecordType type = RecordType::Chunk;
  std::uint8_t flags = 0;
  std::uint32_t stored_length = 0;
  std::uint32_t raw_length = 0;
  std::uint32_t frames = 0;
  Timestamp min_at;
  Timestamp max_at;
  std::uint64_t first_sequence = 0;
  std::uint64_t previous_offset = 0;
  std::uint32_t body_crc = 0;

  friend bool operator==(const RecordHeader&, const RecordHeader&) = default;
};

std::array<char, kRecordHeaderBytes> encode(const RecordHeader& header);

// Nothing where magic, CRC or limits do not hold. `bytes` has at least kRecordHeaderBytes.
std::optional<RecordHeader> decode_record_header(std::string_view bytes);

// The whole segment header around the info message.
std::string encode_segment_header(std::uint64_t salt, std::string_view info, std::uint16_t minor = kMinor);

std::array<char, kFooterBytes> encode_footer(std::uint64_t seal_offset);
// The offset of the seal, if `bytes` (exactly kFooterBytes) is a footer.
std::optional<std::uint64_t> decode_footer(std::string_view bytes);

// A skippable frame around `content`.
std::string skippable(std::uint32_t magic, std::string_view content);

}  // namespace ktape::format
