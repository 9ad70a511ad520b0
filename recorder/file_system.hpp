#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <sys/types.h>

namespace ktape {

// The system calls that a recording rests on, so that tests can fail each of them, cut the power or kill the process at
// any of them. Every function does what the call of its name does: -1 or a null pointer and errno where it fails; EINTR
// and short writes are the caller's to handle. Called from any thread.
class FileSystem {
 public:
  // A new file for reading and writing; fails with EEXIST where there is one.
  virtual int create(const std::string& path) = 0;
  virtual int open_folder(const std::string& path) = 0;
  virtual ssize_t write(int file, const char* bytes, std::size_t count) = 0;
  virtual ssize_t pwrite(int file, const char* bytes, std::size_t count, std::uint64_t offset) = 0;
  virtual int sync(int file) = 0;  // fdatasync; fsync of a folder
  virtual void close(int file) = 0;
  virtual int rename(const std::string& from, const std::string& to) = 0;
  virtual int remove(const std::string& path) = 0;

  // Room for `bytes`, for good: writing to it later cannot fail for want of space.
  virtual int allocate(int file, std::size_t bytes) = 0;
  // The first `bytes` of the file in memory, shared with it.
  virtual char* map(int file, std::size_t bytes) = 0;
  virtual int sync_map(char* begin, std::size_t bytes) = 0;  // `begin` on a boundary of pages
  virtual void unmap(char* begin, std::size_t bytes) = 0;

 protected:
  ~FileSystem() = default;
};

// The machine's own. It has no state.
FileSystem& system_files();

}  // namespace ktape
