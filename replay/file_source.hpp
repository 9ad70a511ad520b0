#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "core/session/byte_source.hpp"

namespace ktape {

// A file, read in place; it may grow meanwhile.
class FileSource final : public ByteSource {
 public:
  static Result<std::unique_ptr<FileSource>> open(const std::string& path);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::string name() const override { return path_; }
  Result<std::uint64_t> size() override;
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override;

 private:
  FileSource(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_;
  std::string path_;
};

}  // namespace ktape
