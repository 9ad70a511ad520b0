#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace ktape {

// A file or folder that appears under its name only when it is whole: until then it is NAME.partial, which goes with
// this object. A program that is killed leaves that behind, and the next one says so.
class PartialOutput {
 public:
  enum class Kind : std::uint8_t { File, Folder };

  // Neither `path` nor `path`.partial may exist.
  static Result<PartialOutput> create(const std::string& path, Kind kind);
  PartialOutput(PartialOutput&& other) noexcept;
  PartialOutput& operator=(PartialOutput&&) = delete;
  ~PartialOutput();

  const std::string& partial_path() const { return partial_; }

  // Everything has been written and closed: syncs it and gives it its name. Never replaces what has come to stand there
  // meanwhile.
  Result<void> publish();

 private:
  PartialOutput(std::string path, Kind kind);

  std::string path_;
  std::string partial_;
  Kind kind_;
  bool exists_ = false;
};

// A new file, written in large pieces. The first error sticks.
class BufferedFile {
 public:
  // Creates it, or takes an empty one that is there.
  static Result<BufferedFile> create(const std::string& path);
  BufferedFile(BufferedFile&& other) noexcept;
  BufferedFile& operator=(BufferedFile&&) = delete;
  ~BufferedFile();

  void write(std::string_view text);
  const Result<void>& status() const { return status_; }
  Result<void> close();

 private:
  BufferedFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  void flush();

  int descriptor_;
  std::string path_;
  std::string buffer_;
  Result<void> status_;
};

}  // namespace ktape
