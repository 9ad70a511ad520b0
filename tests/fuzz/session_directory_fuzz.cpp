// Records whose checksums and markers are right whatever the fuzzer did to them, so that it reaches what stands behind
// those: chunks, gaps, index, seal, and following a file that grows. The input: flags (1 byte: 1 a footer after the
// seal, 2 and 4 see repair_journal()), how much of the file is there at first (1 byte, in 255ths), the length of the
// journal (2 bytes), the journal, the records without their zstd frames.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/session/format.hpp"
#include "tests/fuzz/session_fuzz.hpp"
#include "tests/fuzz/session_repair.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ktape;
  if (size < 4) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto journal_length = format::load<std::uint16_t>(bytes.data() + 2);
  bytes.remove_prefix(4);
  static std::string journal;
  journal = bytes.substr(0, journal_length);
  bytes.remove_prefix(journal.size());
  fuzz::repair_journal(journal, static_cast<std::uint8_t>(fuzz::kRepairHead | (data[0] & 6)));
  static std::string file;
  fuzz::repair_records(bytes, (data[0] & 1) != 0, file);
  fuzz::exercise(file, journal, file.size() * data[1] / 255);
  return 0;
}
