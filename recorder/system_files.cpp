#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "recorder/file_system.hpp"

namespace ktape {
namespace {

class SystemFiles final : public FileSystem {
 public:
  int create(const std::string& path) override {
    return ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  }
  int open_folder(const std::string& path) override { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }
  ssize_t write(int file, const char* bytes, std::size_t count) override { return ::write(file, bytes, count); }
  ssize_t pwrite(int file, const char* bytes, std::size_t count, std::uint64_t offset) override {
    return ::pwrite(file, bytes, count, static_cast<off_t>(offset));
  }
  int sync(int file) override { return ::fdatasync(file); }
  void close(int file) override { ::close(file); }
  int rename(const std::string& from, const std::string& to) override { return ::rename(from.c_str(), to.c_str()); }
  int remove(const std::string& path) override { return ::unlink(path.c_str()); }

  int allocate(int file, std::size_t bytes) override {
    const int error = ::posix_fallocate(file, 0, static_cast<off_t>(bytes));
    if (error == 0) return 0;
    errno = error;
    return -1;
  }
  char* map(int file, std::size_t bytes) override {
    void* const begin = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    return begin == MAP_FAILED ? nullptr : static_cast<char*>(begin);
  }
  int sync_map(char* begin, std::size_t bytes) override { return ::msync(begin, bytes, MS_SYNC); }
  void unmap(char* begin, std::size_t bytes) override { ::munmap(begin, bytes); }
};

}  // namespace

FileSystem& system_files() {
  static SystemFiles files;
  return files;
}

}  // namespace ktape
