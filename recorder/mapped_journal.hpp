#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "core/base/result.hpp"
#include "recorder/file_sink.hpp"

namespace ktape {

// A file in memory, for a journal ring: the kernel keeps what was written to it, whatever becomes of the process.
class MappedJournal {
 public:
  // The room is reserved on the disk, since a write to mapped memory cannot report a full one, and every page is
  // touched once, so that the first lap through the ring waits for none. Leaves no file behind if it fails.
  static Result<std::unique_ptr<MappedJournal>> create(const std::string& path, std::size_t bytes,
                                                       FileSystem& files = system_files());
  ~MappedJournal();
  MappedJournal(const MappedJournal&) = delete;
  MappedJournal& operator=(const MappedJournal&) = delete;

  std::span<char> memory() const { return {begin_, bytes_}; }

  // Returns when these bytes survive a power loss.
  Result<void> sync(std::size_t offset, std::size_t length);

  Result<void> rename(const std::string& path) { return file_->rename(path); }
  Result<void> remove() { return file_->remove(); }

 private:
  MappedJournal(std::unique_ptr<FileHandle> file, char* begin, std::size_t bytes)
      : file_(std::move(file)), begin_(begin), bytes_(bytes) {}

  std::unique_ptr<FileHandle> file_;
  char* begin_;
  std::size_t bytes_;
};

}  // namespace ktape
