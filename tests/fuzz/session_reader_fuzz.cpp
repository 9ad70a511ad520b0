// No bytes may hurt the reader of recordings. The first two bytes of the input say where a journal begins in the rest;
// before it stands a file.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/session/format.hpp"
#include "tests/fuzz/session_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ktape;
  if (size < 2) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto length = format::load<std::uint16_t>(bytes.data());
  bytes.remove_prefix(2);
  const std::string_view file = bytes.substr(0, length);
  fuzz::exercise(file, bytes.substr(file.size()), file.size());
  return 0;
}
