// No bytes may hurt the reader of recordings. The first byte of the input says what the rest is: a whole file, or what
// stands behind a checksum, which a fuzzer would hardly ever get right by itself.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/assert.hpp"
#include "core/base/crc.hpp"
#include "core/session/chunk_decoder.hpp"
#include "core/session/compression.hpp"
#include "core/session/format.hpp"
#include "core/session/journal.hpp"
#include "core/session/records.hpp"
#include "core/session/secret_finder.hpp"
#include "core/session/session_reader.hpp"
#include "tests/support/memory_bytes.hpp"

namespace ktape {
namespace {

void read_file(std::string_view bytes) {
  auto reader = SessionReader::open(std::make_unique<MemorySource>(std::string(bytes)),
                                    std::make_unique<MemorySource>(std::string(bytes.substr(bytes.size() / 2))));
  if (!reader) return;
  std::uint64_t sum = 0;
  while (true) {
    const auto frame = (*reader)->next();
    KTAPE_ASSERT(frame.has_value(), "memory never fails");
    if (!*frame) break;
    for (const char c : (*frame)->payload) sum += static_cast<unsigned char>(c);
  }
  static_cast<void>((*reader)->summary());
  static_cast<void>((*reader)->verify());
  static_cast<void>((*reader)->seek(from_nanoseconds(static_cast<std::int64_t>(sum))));
}

void decode_chunk(std::string_view bytes) {
  if (bytes.size() < 4) return;
  ChunkEntry entry;
  entry.frames = format::load<std::uint32_t>(bytes.data()) % format::kMaxChunkFrames;
  const std::string_view message = bytes.substr(4);
  std::string body;
  if (!Compressor(1).compress(message, body)) return;
  entry.raw_length = static_cast<std::uint32_t>(message.size());
  entry.stored_length = static_cast<std::uint32_t>(body.size());
  entry.body_crc = crc32c(body);
  ChunkDecoder decoder;
  const auto frames = decoder.decode(entry, body);
  if (!frames) return;
  KTAPE_ASSERT(frames->size() == entry.frames, "all frames or none");
  static_cast<void>(decoder.counts());
}

void read_entry(std::string_view body) {
  std::string entry;
  format::append(entry, format::journal_marker(1));
  format::append(entry, std::uint64_t{0});
  format::append(entry, body.empty() ? 0U : static_cast<std::uint32_t>(static_cast<unsigned char>(body.back())));
  format::append(entry, static_cast<std::uint32_t>(body.size()));
  format::append(entry, crc32c(body));
  format::append(entry, crc32c(entry));
  entry += body;
  static_cast<void>(read_journal(entry, 1, [](std::uint64_t, const Frame&) {}));
}

}  // namespace
}  // namespace ktape

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ktape;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'c':
      decode_chunk(bytes);
      break;
    case 'i':
      static_cast<void>(decode_info(bytes));
      break;
    case 'g':
      static_cast<void>(decode_gap(bytes));
      break;
    case 'x':
      static_cast<void>(decode_index(bytes));
      break;
    case 's':
      static_cast<void>(decode_seal(bytes));
      break;
    case 'j':
      read_entry(bytes);
      break;
    case 'r':
      static_cast<void>(find_secrets(bytes));
      break;
    default:
      read_file(bytes);
  }
  return 0;
}
