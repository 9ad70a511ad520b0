#include "recorder/file_sink.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

namespace ktape {
namespace {

// `call` again while signals interrupt it.
template <class Call>
auto uninterrupted(Call&& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

// A new name survives a power loss only when its folder has been synced too.
Result<void> sync_folder_of(const std::string& path, FileSystem& files) {
  std::string folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const int descriptor = uninterrupted([&] { return files.open_folder(folder); });
  if (descriptor < 0) return fail(Errc::Io, fmt::format("cannot open the folder {}: {}", folder, std::strerror(errno)));
  return FileHandle(descriptor, folder, files).sync();
}

}  // namespace

FileHandle::~FileHandle() { files_.close(descriptor_); }

Result<std::unique_ptr<FileHandle>> FileHandle::create(const std::string& path, FileSystem& files) {
  const int descriptor = uninterrupted([&] { return files.create(path); });
  if (descriptor < 0) return fail(Errc::Io, fmt::format("cannot create {}: {}", path, std::strerror(errno)));
  auto file = std::make_unique<FileHandle>(descriptor, path, files);
  if (auto done = sync_folder_of(path, files); !done) {
    static_cast<void>(file->remove());  // which is empty: nothing stands in the way of the next try
    return tl::unexpected(done.error());
  }
  return file;
}

Result<void> FileHandle::failed(std::string_view what) const {
  return fail(Errc::Io, fmt::format("cannot {} {}: {}", what, path_, std::strerror(errno)));
}

Result<void> FileHandle::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = uninterrupted([&] { return files_.write(descriptor_, bytes.data(), bytes.size()); });
    if (written < 0) return failed("write to");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> FileHandle::write_at(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = uninterrupted([&] { return files_.pwrite(descriptor_, bytes.data(), bytes.size(), offset); });
    if (written < 0) return failed("write to");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<void> FileHandle::sync() {
  if (uninterrupted([&] { return files_.sync(descriptor_); }) < 0) return failed("sync");
  return {};
}

Result<void> FileHandle::rename(const std::string& path) {
  if (uninterrupted([&] { return files_.rename(path_, path); }) < 0) return failed("rename");
  path_ = path;
  return sync_folder_of(path, files_);
}

Result<void> FileHandle::remove() {
  if (uninterrupted([&] { return files_.remove(path_); }) < 0 && errno != ENOENT) return failed("remove");
  return {};
}

Result<std::unique_ptr<FileSink>> FileSink::create(const std::string& path, FileSystem& files) {
  auto file = FileHandle::create(path, files);
  if (!file) return tl::unexpected(file.error());
  return std::unique_ptr<FileSink>(new FileSink(std::move(*file)));
}

Result<std::unique_ptr<FileJournal>> FileJournal::create(const std::string& recording, FileSystem& files) {
  auto file = FileHandle::create(journal_path(recording), files);
  if (!file) return tl::unexpected(file.error());
  return std::unique_ptr<FileJournal>(new FileJournal(std::move(*file)));
}

}  // namespace ktape
