#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/session/byte_sink.hpp"
#include "core/session/journal.hpp"
#include "recorder/file_system.hpp"

namespace ktape {

// An open file descriptor, closed at the end.
class FileHandle {
 public:
  FileHandle(int descriptor, std::string path, FileSystem& files = system_files())
      : files_(files), descriptor_(descriptor), path_(std::move(path)) {}
  ~FileHandle();
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;

  // A new file; one that exists is never touched: that is an error. Its name survives a power loss.
  static Result<std::unique_ptr<FileHandle>> create(const std::string& path, FileSystem& files = system_files());

  // All of `bytes`, however often a signal or a full pipe interrupts.
  Result<void> write(std::string_view bytes);
  Result<void> write_at(std::uint64_t offset, std::string_view bytes);
  Result<void> sync();

  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }
  FileSystem& files() const { return files_; }
  // "cannot <what> <path>: <errno>"
  Result<void> failed(std::string_view what) const;

  Result<void> rename(const std::string& path);  // in place of what has that name; survives a power loss
  Result<void> remove();                         // what is gone already is no error

 private:
  FileSystem& files_;
  int descriptor_;
  std::string path_;
};

// A new file for a recording.
class FileSink final : public ByteSink {
 public:
  static Result<std::unique_ptr<FileSink>> create(const std::string& path, FileSystem& files = system_files());

  Result<void> append(std::string_view bytes) override { return file_->write(bytes); }
  Result<void> sync() override { return file_->sync(); }

 private:
  explicit FileSink(std::unique_ptr<FileHandle> file) : file_(std::move(file)) {}
  std::unique_ptr<FileHandle> file_;
};

// The journal of format 1.0 beside a recording, which a SessionWriter without a thread of its own writes: `path` is the
// recording's.
class FileJournal final : public JournalSink {
 public:
  static std::string path_for(const std::string& recording) { return journal_path(recording); }
  static Result<std::unique_ptr<FileJournal>> create(const std::string& recording, FileSystem& files = system_files());

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    return file_->write_at(offset, bytes);
  }
  Result<void> sync() override { return file_->sync(); }
  Result<void> remove() override { return file_->remove(); }

 private:
  explicit FileJournal(std::unique_ptr<FileHandle> file) : file_(std::move(file)) {}
  std::unique_ptr<FileHandle> file_;
};

}  // namespace ktape
