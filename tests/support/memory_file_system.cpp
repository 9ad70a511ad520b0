#include "tests/support/memory_file_system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/base/assert.hpp"

namespace ktape::test {
namespace {

constexpr std::size_t kPage = 4096;

// `durable` with some pages of `now` in place of its own, and zeros where the disk never got to.
std::string some_pages(const std::string& durable, const std::string& now, Random& random) {
  std::string out = durable;
  if (now.size() > durable.size()) out.resize(durable.size() + random.below(now.size() - durable.size() + 1), '\0');
  for (std::size_t page = 0; page < out.size(); page += kPage) {
    const std::size_t length = std::min(kPage, out.size() - page);
    if (random.below(2) == 0) continue;
    std::memcpy(out.data() + page, now.data() + page, length);
  }
  return out;
}

}  // namespace

MemoryFileSystem::~MemoryFileSystem() {
  for (const auto& [name, node] : names_) KTAPE_ASSERT(node->mapping == nullptr, "what is mapped is unmapped");
}

bool MemoryFileSystem::fails(Kind kind, const std::string& path, std::size_t* count) {
  Operation operation{0, kind, path, count == nullptr ? 0 : *count};
  {
    const std::lock_guard lock(mutex_);
    operation.number = operations_++;
  }
  const int error = hook_ ? hook_(operation) : 0;
  if (count != nullptr) *count = operation.count;
  errno = error;
  return error != 0;
}

std::shared_ptr<MemoryFileSystem::Node> MemoryFileSystem::node(int file) const {
  const std::lock_guard lock(mutex_);
  return open_.at(static_cast<std::size_t>(file));
}

MemoryFileSystem::Files MemoryFileSystem::files() const {
  const std::lock_guard lock(mutex_);
  Files files;
  for (const auto& [name, node] : names_) files[name] = node->now();
  return files;
}

MemoryFileSystem::Files MemoryFileSystem::after_power_loss(Random& random) const {
  const std::lock_guard lock(mutex_);
  Files files;
  for (const auto& [name, node] : random.below(2) == 0 ? names_ : durable_names_) {
    files[name] = some_pages(node->durable, node->now(), random);
  }
  return files;
}

std::uint64_t MemoryFileSystem::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

int MemoryFileSystem::create(const std::string& path) {
  if (fails(Kind::Create, path)) return -1;
  const std::lock_guard lock(mutex_);
  if (names_.contains(path)) {
    errno = EEXIST;
    return -1;
  }
  auto created = std::make_shared<Node>();
  created->path = path;
  names_[path] = created;
  open_.push_back(std::move(created));
  return static_cast<int>(open_.size()) - 1;
}

int MemoryFileSystem::open_folder(const std::string& path) {
  if (fails(Kind::OpenFolder, path)) return -1;
  const std::lock_guard lock(mutex_);
  open_.push_back(nullptr);
  return static_cast<int>(open_.size()) - 1;
}

ssize_t MemoryFileSystem::write(int file, const char* bytes, std::size_t count) {
  const auto target = node(file);
  if (fails(Kind::Write, target->path, &count)) return -1;
  const std::lock_guard lock(mutex_);
  target->content.append(bytes, count);
  return static_cast<ssize_t>(count);
}

ssize_t MemoryFileSystem::pwrite(int file, const char* bytes, std::size_t count, std::uint64_t offset) {
  const auto target = node(file);
  if (fails(Kind::Write, target->path, &count)) return -1;
  const std::lock_guard lock(mutex_);
  target->content.resize(std::max(target->content.size(), static_cast<std::size_t>(offset) + count));
  std::memcpy(target->content.data() + offset, bytes, count);
  return static_cast<ssize_t>(count);
}

int MemoryFileSystem::sync(int file) {
  const auto target = node(file);
  if (fails(Kind::Sync, target ? target->path : ".")) return -1;
  const std::lock_guard lock(mutex_);
  if (target) {
    target->durable = target->now();
  } else {
    durable_names_ = names_;
  }
  return 0;
}

void MemoryFileSystem::close(int file) {
  const std::lock_guard lock(mutex_);
  open_.at(static_cast<std::size_t>(file)).reset();
}

int MemoryFileSystem::rename(const std::string& from, const std::string& to) {
  if (fails(Kind::Rename, from)) return -1;
  const std::lock_guard lock(mutex_);
  const auto place = names_.extract(from);
  if (place.empty()) {
    errno = ENOENT;
    return -1;
  }
  names_[to] = place.mapped();
  return 0;
}

int MemoryFileSystem::remove(const std::string& path) {
  if (fails(Kind::Remove, path)) return -1;
  const std::lock_guard lock(mutex_);
  if (names_.erase(path) > 0) return 0;
  errno = ENOENT;
  return -1;
}

int MemoryFileSystem::allocate(int file, std::size_t bytes) {
  const auto target = node(file);
  if (fails(Kind::Allocate, target->path)) return -1;
  const std::lock_guard lock(mutex_);
  target->content.resize(bytes);
  target->durable.resize(bytes);  // its zeros: reserved blocks read as such
  return 0;
}

char* MemoryFileSystem::map(int file, std::size_t bytes) {
  const auto target = node(file);
  if (fails(Kind::Map, target->path)) return nullptr;
  const std::lock_guard lock(mutex_);
  KTAPE_ASSERT(target->mapping == nullptr && bytes == target->content.size() && bytes % kPage == 0,
               "a file is mapped once and as a whole");
  target->mapping = static_cast<char*>(std::aligned_alloc(kPage, bytes));
  target->mapped = bytes;
  std::memcpy(target->mapping, target->content.data(), bytes);
  target->content.clear();
  return target->mapping;
}

int MemoryFileSystem::sync_map(char* begin, std::size_t bytes) {
  if (fails(Kind::SyncMap, "")) return -1;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, node] : names_) {
    if (node->mapping == nullptr || begin < node->mapping || begin >= node->mapping + node->mapped) continue;
    const std::size_t offset = static_cast<std::size_t>(begin - node->mapping);
    // Whole pages, as the kernel writes them.
    const std::size_t length = std::min((bytes + kPage - 1) / kPage * kPage, node->mapped - offset);
    std::memcpy(node->durable.data() + offset, begin, length);
  }
  return 0;
}

void MemoryFileSystem::unmap(char* begin, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto give_back = [&](Node& node) {
    if (node.mapping != begin) return;
    node.content.assign(begin, bytes);
    node.mapping = nullptr;
  };
  for (const Names* names : {&names_, &durable_names_}) {
    for (const auto& [name, node] : *names) give_back(*node);
  }
  std::free(begin);
}

}  // namespace ktape::test
