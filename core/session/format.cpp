#include "core/session/format.hpp"

#include "core/base/crc.hpp"

namespace ktape::format {
namespace {

std::uint64_t splitmix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

// The x whose splitmix64(x) is given. Both factors are those above, inverted modulo 2^64.
std::uint64_t unmix64(std::uint64_t x) {
  x = (x ^ (x >> 31) ^ (x >> 62)) * 0x319642B2D24D8EC3U;
  x = (x ^ (x >> 27) ^ (x >> 54)) * 0x96DE1B173F119089U;
  x = x ^ (x >> 30) ^ (x >> 60);
  return x - 0x9E3779B97F4A7C15U;
}

}  // namespace

std::uint64_t salt_of(std::uint64_t marker) { return unmix64(marker); }
std::uint64_t sync_marker(std::uint64_t salt) { return splitmix64(salt); }
std::uint64_t journal_marker(std::uint64_t salt) { return splitmix64(~salt); }
std::uint32_t ring_marker(std::uint64_t salt) {
  // Never zero, which is what unwritten memory holds.
  return static_cast<std::uint32_t>(journal_marker(salt)) | 1U;
}

std::array<char, kRecordHeaderBytes> encode(const RecordHeader& header) {
  std::array<char, kRecordHeaderBytes> out{};
  char* const at = out.data();
  store(at, kRecordMagic);
  store(at + 4, static_cast<std::uint32_t>(kRecordHeaderBytes - 8));
  store(at + 8, header.marker);
  store(at + 16, header.type);
  store(at + 17, header.flags);
  store(at + 20, header.stored_length);
  store(at + 24, header.raw_length);
  store(at + 28, header.frames);
  store(at + 32, nanoseconds(header.min_at));
  store(at + 40, nanoseconds(header.max_at));
  store(at + 48, header.first_sequence);
  store(at + 56, header.previous_offset);
  store(at + 64, header.body_crc);
  store(at + 68, crc32c({at, 68}));
  return out;
}

std::optional<RecordHeader> decode_record_header(std::string_view bytes) {
  const char* const at = bytes.data();
  if (bytes.size() < kRecordHeaderBytes || load<std::uint32_t>(at) != kRecordMagic ||
      load<std::uint32_t>(at + 4) != kRecordHeaderBytes - 8 || load<std::uint32_t>(at + 68) != crc32c({at, 68})) {
    return std::nullopt;
  }
  RecordHeader header;
  header.marker = load<std::uint64_t>(at + 8);
  header.type = load<RecordType>(at + 16);
  header.flags = load<std::uint8_t>(at + 17);
  header.stored_length = load<std::uint32_t>(at + 20);
  header.raw_length = load<std::uint32_t>(at + 24);
  header.frames = load<std::uint32_t>(at + 28);
  header.min_at = from_nanoseconds(load<std::int64_t>(at + 32));
  header.max_at = from_nanoseconds(load<std::int64_t>(at + 40));
  header.first_sequence = load<std::uint64_t>(at + 48);
  header.previous_offset = load<std::uint64_t>(at + 56);
  header.body_crc = load<std::uint32_t>(at + 64);
  if (header.stored_length > kMaxStoredBytes || header.raw_length > kMaxRawBytes || header.frames > kMaxChunkFrames) {
    return std::nullopt;
  }
  return header;
}

std::string encode_segment_header(std::uint64_t salt, std::string_view info, std::uint16_t minor) {
  std::string out;
  append(out, kHeaderMagic);
  append(out, static_cast<std::uint32_t>(kHeaderFixedBytes - 8 + info.size() + 4));
  out += kGuard;
  append(out, kMajor);
  append(out, minor);
  append(out, std::uint32_t{0});  // must-understand flags
  append(out, std::uint32_t{0});  // may-ignore flags
  append(out, static_cast<std::uint32_t>(info.size()));
  append(out, salt);
  out += info;
  append(out, crc32c(out));
  return out;
}

std::array<char, kFooterBytes> encode_footer(std::uint64_t seal_offset) {
  std::array<char, kFooterBytes> out{};
  char* const at = out.data();
  store(at, kFooterMagic);
  store(at + 4, static_cast<std::uint32_t>(kFooterBytes - 8));
  std::memcpy(at + 8, kFooterGuard.data(), kFooterGuard.size());
  store(at + 16, seal_offset);
  store(at + 28, crc32c({at, 28}));
  return out;
}

std::optional<std::uint64_t> decode_footer(std::string_view bytes) {
  if (bytes.size() != kFooterBytes || load<std::uint32_t>(bytes.data()) != kFooterMagic ||
      load<std::uint32_t>(bytes.data() + 4) != kFooterBytes - 8 || bytes.substr(8, 8) != kFooterGuard ||
      load<std::uint32_t>(bytes.data() + 28) != crc32c(bytes.substr(0, 28))) {
    return std::nullopt;
  }
  return load<std::uint64_t>(bytes.data() + 16);
}

std::string skippable(std::uint32_t magic, std::string_view content) {
  std::string out;
  append(out, magic);
  append(out, static_cast<std::uint32_t>(content.size()));
  out += content;
  return out;
}

}  // namespace ktape::format
