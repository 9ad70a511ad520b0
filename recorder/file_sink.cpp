#include "recorder/file_sink.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace ktape {
namespace {

Result<int> create_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) return fail(Errc::Io, fmt::format("cannot create {}: {}", path, std::strerror(errno)));
  return descriptor;
}

// A new name survives a power loss only when its folder has been synced too.
Result<void> sync_folder_of(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return fail(Errc::Io, fmt::format("cannot open the folder {}: {}", folder, std::strerror(errno)));
  return FileHandle(descriptor, folder).sync();
}

}  // namespace

FileHandle::~FileHandle() { ::close(descriptor_); }

Result<void> FileHandle::failed(std::string_view what) const {
  return fail(Errc::Io, fmt::format("cannot {} {}: {}", what, path_, std::strerror(errno)));
}

Result<void> FileHandle::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write to");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> FileHandle::write_at(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write to");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<void> FileHandle::sync() {
  while (::fdatasync(descriptor_) != 0) {
    if (errno != EINTR) return failed("sync");
  }
  return {};
}

Result<std::unique_ptr<FileSink>> FileSink::create(const std::string& path) {
  auto descriptor = create_file(path);
  if (!descriptor) return tl::unexpected(descriptor.error());
  std::unique_ptr<FileSink> sink(new FileSink(*descriptor, path));
  if (auto done = sync_folder_of(path); !done) return tl::unexpected(done.error());
  return sink;
}

Result<std::unique_ptr<FileJournal>> FileJournal::create(const std::string& recording) {
  const std::string path = path_for(recording);
  auto descriptor = create_file(path);
  if (!descriptor) return tl::unexpected(descriptor.error());
  std::unique_ptr<FileJournal> journal(new FileJournal(*descriptor, path));
  if (auto done = sync_folder_of(path); !done) return tl::unexpected(done.error());
  return journal;
}

Result<void> FileJournal::remove() {
  if (::unlink(file_.path().c_str()) != 0 && errno != ENOENT) {
    return fail(Errc::Io, fmt::format("cannot remove {}: {}", file_.path(), std::strerror(errno)));
  }
  return {};
}

}  // namespace ktape
