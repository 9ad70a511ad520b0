#include "recorder/mapped_journal.hpp"

#include <algorithm>
#include <cerrno>

namespace ktape {
namespace {

constexpr std::size_t kPage = 4096;

}  // namespace

Result<std::unique_ptr<MappedJournal>> MappedJournal::create(const std::string& path, std::size_t bytes,
                                                             FileSystem& files) {
  auto file = FileHandle::create(path, files);
  if (!file) return tl::unexpected(file.error());
  const auto give_up = [&](std::string_view what) {
    const Error error = (*file)->failed(what).error();
    static_cast<void>((*file)->remove());
    return tl::unexpected(error);
  };
  while (files.allocate((*file)->descriptor(), bytes) < 0) {
    if (errno != EINTR) return give_up("reserve room for");
  }
  char* const begin = files.map((*file)->descriptor(), bytes);
  if (begin == nullptr) return give_up("map");
  for (std::size_t offset = 0; offset < bytes; offset += kPage) begin[offset] = 0;
  return std::unique_ptr<MappedJournal>(new MappedJournal(std::move(*file), begin, bytes));
}

MappedJournal::~MappedJournal() { file_->files().unmap(begin_, bytes_); }

Result<void> MappedJournal::sync(std::size_t offset, std::size_t length) {
  const std::size_t first = offset / kPage * kPage;
  const std::size_t end = std::min(bytes_, offset + length);
  while (file_->files().sync_map(begin_ + first, end - first) < 0) {
    if (errno != EINTR) return file_->failed("sync");
  }
  return {};
}

}  // namespace ktape
