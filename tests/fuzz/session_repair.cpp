#include "tests/fuzz/session_repair.hpp"

#include <algorithm>
#include <vector>

#include "core/base/crc.hpp"
#include "core/session/format.hpp"
#include "core/session/records.hpp"
#include "tests/fuzz/raw_zstd.hpp"

namespace ktape::fuzz {
namespace {

// What stays wrong in a record: bits of byte 18 of its header.
constexpr std::uint8_t kLeaveBody = 1;
constexpr std::uint8_t kLeaveBodyCrc = 2;
constexpr std::uint8_t kLeaveHeaderCrc = 4;
constexpr std::uint8_t kLeaveRawLength = 8;
constexpr std::uint8_t kLeaveSequence = 16;
constexpr std::uint8_t kLeaveSeal = 32;

// The seal of what was written, with a few numbers changed: 3 bytes of `changes` say which, where, and how.
std::string seal_message(const std::vector<ChunkEntry>& chunks, std::string_view changes) {
  SealRecord seal;
  seal.chunks = chunks;
  seal.list.names.emplace_back();
  for (const ChunkEntry& chunk : chunks) seal.frames += chunk.frames;
  for (; changes.size() >= 3; changes.remove_prefix(3)) {
    const auto by = static_cast<std::uint8_t>(changes[2]);
    if ((changes[0] & 15) == 8) {
      seal.frames += by;
    } else if ((changes[0] & 15) == 9) {
      seal.gaps.push_back({from_nanoseconds(by), from_nanoseconds(0), GapCause::Dropped, by, std::nullopt, "x"});
    } else if (!seal.chunks.empty()) {
      ChunkEntry& chunk = seal.chunks[static_cast<std::uint8_t>(changes[1]) % seal.chunks.size()];
      switch (changes[0] & 15) {
        case 0:
          chunk.offset ^= by;
          break;
        case 1:
          chunk.stored_length ^= std::uint32_t{by} << (changes[1] & 16);
          break;
        case 2:
          chunk.raw_length ^= std::uint32_t{by} << (changes[1] & 16);
          break;
        case 3:
          chunk.frames ^= std::uint32_t{by} << (changes[1] & 16);
          break;
        case 4:
          chunk.first_sequence ^= std::uint64_t{by} << (changes[1] & 56);
          break;
        case 5:
          chunk.min_at = from_nanoseconds(nanoseconds(chunk.min_at) ^ (std::int64_t{by} << (changes[1] & 48)));
          break;
        case 6:
          chunk.max_at = from_nanoseconds(nanoseconds(chunk.max_at) ^ (std::int64_t{by} << (changes[1] & 48)));
          break;
        case 7:
          seal.chunks.pop_back();
          break;
        default:
          chunk.body_crc ^= by;
      }
    }
  }
  seal.chunk_crc_sha256 = chunk_crc_sha256(seal.chunks);
  return encode_seal(seal, format::kMinorWithExtras);
}

}  // namespace

void repair_journal(std::string& journal, std::uint8_t what) {
  std::uint64_t expected = 0;
  for (std::size_t at = 0; at + format::kJournalEntryBytes <= journal.size();) {
    char* const head = journal.data() + at;
    const std::size_t room = journal.size() - at - format::kJournalEntryBytes;
    auto length = format::load<std::uint32_t>(head + 20);
    if (length > room) length = static_cast<std::uint32_t>((what & kRepairHead) != 0 ? length % (room + 1) : room);
    const std::string_view body(head + format::kJournalEntryBytes, length);
    if ((what & kRepairBody) != 0) format::store(head + 24, crc32c(body));
    if ((what & kRepairHead) != 0) {
      format::store(head, format::journal_marker(kSalt));
      format::store(head + 20, length);
      if (at > 0 && (what & kRepairSequence) != 0) format::store(head + 8, expected);
      format::store(head + 28, crc32c({head, 28}));
    }
    expected = format::load<std::uint64_t>(head + 8) + format::load<std::uint32_t>(head + 16);
    at += format::kJournalEntryBytes + length;
  }
}

void repair_records(std::string_view input, bool footer, std::string& out) {
  // The message of a segment header in which every field has its default: one segment, one word, a null pointer.
  static const std::string kNoInfo{"\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16};
  out = format::encode_segment_header(kSalt, kNoInfo);
  std::vector<ChunkEntry> chunks;
  std::uint64_t sequence = 0;
  std::uint64_t previous = 0;
  std::string body;
  while (input.size() >= format::kRecordHeaderBytes) {
    std::string head(input.substr(0, format::kRecordHeaderBytes));
    input.remove_prefix(format::kRecordHeaderBytes);
    const auto leave = format::load<std::uint8_t>(head.data() + 18);
    const auto type = format::load<format::RecordType>(head.data() + 16);
    const auto length = std::min<std::size_t>(format::load<std::uint32_t>(head.data() + 20) & 0xFFFF, input.size());
    const std::string_view content = input.substr(0, length);
    input.remove_prefix(length);
    const bool sealed = type == format::RecordType::Seal && (leave & kLeaveSeal) == 0;
    const std::uint64_t offset = out.size();

    if ((leave & kLeaveBody) != 0) {
      body = content;
    } else {
      const std::string message = sealed ? seal_message(chunks, content) : std::string(content);
      body.clear();
      append_raw_zstd(body, message);
      if (type != format::RecordType::Chunk) body = format::skippable(format::kBodyMagic, body);
      if ((leave & kLeaveRawLength) == 0) format::store(head.data() + 24, static_cast<std::uint32_t>(message.size()));
    }
    format::store(head.data(), format::kRecordMagic);
    format::store(head.data() + 4, static_cast<std::uint32_t>(format::kRecordHeaderBytes - 8));
    format::store(head.data() + 8, format::sync_marker(kSalt));
    format::store(head.data() + 20, static_cast<std::uint32_t>(body.size()));
    format::store(head.data() + 56, previous);
    if ((leave & kLeaveSequence) == 0) format::store(head.data() + 48, sequence);
    if ((leave & kLeaveBodyCrc) == 0) format::store(head.data() + 64, crc32c(body));
    if ((leave & kLeaveHeaderCrc) == 0) format::store(head.data() + 68, crc32c({head.data(), 68}));
    out += head;
    out += body;
    previous = offset;
    if (const auto header = format::decode_record_header(head); header && type == format::RecordType::Chunk) {
      chunks.push_back({offset, header->stored_length, header->raw_length, header->frames, header->first_sequence,
                        header->min_at, header->max_at, header->body_crc});
      sequence = header->first_sequence + header->frames;
    }
    if (sealed && footer) {
      const auto end = format::encode_footer(offset);
      out.append(end.data(), end.size());
      break;
    }
  }
  out += input;  // a torn tail
}

}  // namespace ktape::fuzz
