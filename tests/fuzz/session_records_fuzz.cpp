// The Cap'n Proto messages inside records: the first byte says which one the rest is. No zstd and no checksum stands
// before them, since a fuzzer would hardly ever get those right by itself.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/assert.hpp"
#include "core/base/crc.hpp"
#include "core/session/chunk_decoder.hpp"
#include "core/session/records.hpp"
#include "tests/fuzz/raw_zstd.hpp"

namespace ktape {
namespace {

void decode_chunk(std::string_view bytes) {
  if (bytes.size() < 4) return;
  const std::string_view message = bytes.substr(4);
  static std::string body;
  body.clear();
  fuzz::append_raw_zstd(body, message);
  ChunkEntry entry;
  entry.frames = format::load<std::uint32_t>(bytes.data()) % format::kMaxChunkFrames;
  entry.raw_length = static_cast<std::uint32_t>(message.size());
  entry.stored_length = static_cast<std::uint32_t>(body.size());
  entry.body_crc = crc32c(body);
  static ChunkDecoder decoder;
  const auto frames = decoder.decode(entry, body);
  if (!frames) return;
  KTAPE_ASSERT(frames->size() == entry.frames, "all frames or none");
  static_cast<void>(decoder.counts());
}

}  // namespace
}  // namespace ktape

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ktape;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
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
    default:
      decode_chunk(bytes);
  }
  return 0;
}
