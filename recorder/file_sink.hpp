#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/session/byte_sink.hpp"

namespace ktape {

// An open file descriptor, closed at the end.
class FileHandle {
 public:
  FileHandle(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~FileHandle();
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;

  // All of `bytes`, however often a signal or a full pipe interrupts.
  Result<void> write(std::string_view bytes);
  Result<void> write_at(std::uint64_t offset, std::string_view bytes);
  Result<void> sync();

  const std::string& path() const { return path_; }

 private:
  Result<void> failed(std::string_view what) const;

  int descriptor_;
  std::string path_;
};

// A new file for a recording. A file that exists is never touched: that is an error.
class FileSink final : public ByteSink {
 public:
  static Result<std::unique_ptr<FileSink>> create(const std::string& path);

  Result<void> append(std::string_view bytes) override { return file_.write(bytes); }
  Result<void> sync() override { return file_.sync(); }

 private:
  FileSink(int descriptor, const std::string& path) : file_(descriptor, path) {}
  FileHandle file_;
};

// The journal beside a recording: `path` is the recording's.
class FileJournal final : public JournalSink {
 public:
  static std::string path_for(const std::string& recording) { return recording + ".journal"; }
  static Result<std::unique_ptr<FileJournal>> create(const std::string& recording);

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override { return file_.write_at(offset, bytes); }
  Result<void> sync() override { return file_.sync(); }
  Result<void> remove() override;

 private:
  FileJournal(int descriptor, const std::string& path) : file_(descriptor, path) {}
  FileHandle file_;
};

}  // namespace ktape
