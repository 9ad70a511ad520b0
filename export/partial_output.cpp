#include "export/partial_output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ktape {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBufferBytes = std::size_t{256} << 10U;
constexpr unsigned kAnyone = 0666;  // what the umask leaves of it

tl::unexpected<Error> io_error(std::string_view what, const std::string& path) {
  return fail(Errc::Io, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

Result<void> sync_path(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return io_error("open", path);
  const bool synced = ::fsync(descriptor) == 0;
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return synced ? Result<void>() : io_error("sync", path);
}

// rename() that does not replace; where the file system cannot promise that, a look beforehand has to do.
bool rename_new(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(to, ignored))) {
    errno = EEXIST;
    return false;
  }
  return std::rename(from.c_str(), to.c_str()) == 0;
}

}  // namespace

PartialOutput::PartialOutput(std::string path, Kind kind)
    : path_(std::move(path)), partial_(path_ + ".partial"), kind_(kind) {}

PartialOutput::PartialOutput(PartialOutput&& other) noexcept
    : path_(std::move(other.path_)),
      partial_(std::move(other.partial_)),
      kind_(other.kind_),
      exists_(std::exchange(other.exists_, false)) {}

Result<PartialOutput> PartialOutput::create(const std::string& path, Kind kind) {
  std::string name = path;
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  PartialOutput output(std::move(name), kind);
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(output.path_, ignored))) {
    errno = EEXIST;
    return io_error("create", output.path_);
  }
  if (kind == Kind::Folder) {
    output.exists_ = ::mkdir(output.partial_.c_str(), 0777) == 0;
  } else {
    const int descriptor = ::open(output.partial_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kAnyone);
    output.exists_ = descriptor >= 0;
    if (descriptor >= 0) ::close(descriptor);
  }
  if (output.exists_) return output;
  if (errno == EEXIST) {
    return fail(Errc::Io, fmt::format("{} exists: another export is writing it, or one was interrupted; remove it then",
                                      output.partial_));
  }
  return io_error("create", output.path_);
}

PartialOutput::~PartialOutput() {
  if (!exists_) return;
  std::error_code ignored;
  fs::remove_all(partial_, ignored);
}

Result<void> PartialOutput::publish() {
  if (kind_ == Kind::Folder) {
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(partial_, failed)) {
      if (auto done = sync_path(entry.path().string()); !done) return done;
    }
  }
  if (auto done = sync_path(partial_); !done) return done;
  if (!rename_new(partial_, path_)) return io_error("create", path_);
  exists_ = false;
  return {};
}

Result<BufferedFile> BufferedFile::create(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, kAnyone);
  if (descriptor < 0) return io_error("create", path);
  return BufferedFile(descriptor, path);
}

BufferedFile::BufferedFile(BufferedFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      buffer_(std::move(other.buffer_)),
      status_(std::move(other.status_)) {}

BufferedFile::~BufferedFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void BufferedFile::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
}

void BufferedFile::flush() {
  std::string_view left = buffer_;
  while (!left.empty() && status_) {
    const ssize_t written = ::write(descriptor_, left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      status_ = io_error("write", path_);
    }
  }
  buffer_.clear();
}

Result<void> BufferedFile::close() {
  flush();
  if (::close(std::exchange(descriptor_, -1)) != 0 && status_) status_ = io_error("close", path_);
  return status_;
}

}  // namespace ktape
