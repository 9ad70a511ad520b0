// The journal. The first byte chooses what is made right, so that changes get past the checksums: bit 0 the head of
// each entry, bit 1 the checksum of its frames, bit 2 a sequence that goes on.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/assert.hpp"
#include "core/session/journal.hpp"
#include "tests/fuzz/session_repair.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ktape;
  if (size == 0) return 0;
  static std::string journal;
  journal.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  fuzz::repair_journal(journal, data[0]);
  std::uint64_t sum = 0;
  static_cast<void>(read_journal(journal, fuzz::kSalt, [&](std::uint64_t sequence, const Frame& frame) {
    KTAPE_ASSERT(frame.payload.data() >= journal.data() &&
                     frame.payload.data() + frame.payload.size() <= journal.data() + journal.size(),
                 "a payload lies in the journal");
    for (const char c : frame.payload) sum += static_cast<unsigned char>(c);
    sum += sequence;
  }));
  volatile std::uint64_t keep = sum;
  static_cast<void>(keep);
  return 0;
}
