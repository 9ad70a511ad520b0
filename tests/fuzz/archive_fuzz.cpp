// Archives of others, of any format: guessed, or as the first byte chooses. Every frame is read to the end or to an
// error.
#include <cstddef>
#include <cstdint>
#include <string>

#include "import/archive.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  ktape::ArchiveOptions options;
  if (data[0] >= '0' && data[0] <= '3') options.format = static_cast<ktape::ArchiveFormat>(data[0] - '0');
  const auto archive = ktape::open_archive(text, options);
  if (!archive) return 0;
  for (;;) {
    const auto frame = (*archive)->next();
    if (!frame || !*frame) return 0;
  }
}
