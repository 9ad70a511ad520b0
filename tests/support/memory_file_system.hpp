#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "recorder/file_system.hpp"

namespace ktape::test {

// A file system in memory with one folder. It knows what would survive a power loss, and a hook may fail, hold up or
// watch each operation. Usable from several threads.
class MemoryFileSystem final : public FileSystem {
 public:
  enum class Kind : std::uint8_t { Create, OpenFolder, Write, Sync, Rename, Remove, Allocate, Map, SyncMap };
  struct Operation {
    std::uint64_t number = 0;  // from 0
    Kind kind = Kind::Create;
    std::string path;
    std::size_t count = 0;  // of bytes to write; the hook may lower it
  };
  // Called before each operation, in the thread that makes it, without any lock; returns the errno to fail with, or 0.
  using Hook = std::function<int(Operation&)>;
  explicit MemoryFileSystem(Hook hook = {}) : hook_(std::move(hook)) {}
  ~MemoryFileSystem();
  MemoryFileSystem(const MemoryFileSystem&) = delete;
  MemoryFileSystem& operator=(const MemoryFileSystem&) = delete;

  using Files = std::map<std::string, std::string>;
  Files files() const;  // all that there is, as another process sees it
  // What is left after a power loss at this moment: all that was synced, and of the rest whatever the disk had got to.
  Files after_power_loss(Random& random) const;
  std::uint64_t operations() const;

  int create(const std::string& path) override;
  int open_folder(const std::string& path) override;
  ssize_t write(int file, const char* bytes, std::size_t count) override;
  ssize_t pwrite(int file, const char* bytes, std::size_t count, std::uint64_t offset) override;
  int sync(int file) override;
  void close(int file) override;
  int rename(const std::string& from, const std::string& to) override;
  int remove(const std::string& path) override;
  int allocate(int file, std::size_t bytes) override;
  char* map(int file, std::size_t bytes) override;
  int sync_map(char* begin, std::size_t bytes) override;
  void unmap(char* begin, std::size_t bytes) override;

 private:
  struct Node {
    std::string path;     // under which it was opened, for the hook
    std::string content;  // unless it is mapped
    std::string durable;
    char* mapping = nullptr;
    std::size_t mapped = 0;

    std::string now() const { return mapping == nullptr ? content : std::string(mapping, mapped); }
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  bool fails(Kind kind, const std::string& path, std::size_t* count = nullptr);
  std::shared_ptr<Node> node(int file) const;

  Hook hook_;
  mutable std::mutex mutex_;
  std::uint64_t operations_ = 0;
  Names names_;
  Names durable_names_;
  std::vector<std::shared_ptr<Node>> open_;  // by descriptor; null is the folder
};

}  // namespace ktape::test
