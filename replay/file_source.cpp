#include "replay/file_source.hpp"

#include <cerrno>
#include <cstring>
#include <limits>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ktape {

Result<std::unique_ptr<FileSource>> FileSource::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    return fail(errno == ENOENT ? Errc::NotFound : Errc::Io,
                fmt::format("cannot open {}: {}", path, std::strerror(errno)));
  }
  std::unique_ptr<FileSource> source(new FileSource(descriptor, path));
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) {
    return fail(Errc::Io, fmt::format("cannot examine {}: {}", path, std::strerror(errno)));
  }
  if (!S_ISREG(status.st_mode)) return fail(Errc::InvalidArgument, fmt::format("{} is not a regular file", path));
  return source;
}

FileSource::~FileSource() { ::close(descriptor_); }

Result<std::uint64_t> FileSource::size() {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    return fail(Errc::Io, fmt::format("cannot examine {}: {}", path_, std::strerror(errno)));
  }
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::size_t> FileSource::read_at(std::uint64_t offset, std::span<char> out) {
  std::size_t done = 0;
  if (offset > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()) - out.size()) return done;
  while (done < out.size()) {
    const ssize_t got = ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Errc::Io, fmt::format("cannot read {}: {}", path_, std::strerror(errno)));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace ktape
