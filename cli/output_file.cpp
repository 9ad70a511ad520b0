#include "cli/output_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

namespace ktape::cli {

Result<void> write_whole_file(const std::string& path, std::string_view text) {
  const std::string aside = path + ".part";
  std::FILE* const file = std::fopen(aside.c_str(), "wb");
  const bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = file != nullptr && std::fclose(file) == 0;
  if (!written || !closed || std::rename(aside.c_str(), path.c_str()) != 0) {
    return fail(Errc::Io, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }
  return {};
}

}  // namespace ktape::cli
