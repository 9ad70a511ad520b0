#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "core/session/byte_sink.hpp"
#include "core/session/byte_source.hpp"

namespace ktape {

// A file in memory, which outlives the sink that fills it, as a file outlives its process.
using MemoryFile = std::shared_ptr<std::string>;
inline MemoryFile memory_file(std::string content = {}) { return std::make_shared<std::string>(std::move(content)); }

// Lets a number of operations pass and then fails each, as a disk that is full.
class FailurePlan {
 public:
  explicit FailurePlan(std::uint64_t passes) : passes_(passes) {}
  bool fails_now() { return passes_ == 0 || --passes_ == std::numeric_limits<std::uint64_t>::max(); }

 private:
  std::uint64_t passes_;
};
using SharedFailurePlan = std::shared_ptr<FailurePlan>;
inline SharedFailurePlan fail_after(std::uint64_t passes) { return std::make_shared<FailurePlan>(passes); }

inline Result<void> disk_full() { return fail(Errc::Io, "the disk is full"); }

class MemorySink final : public ByteSink {
 public:
  explicit MemorySink(MemoryFile file, SharedFailurePlan plan = nullptr)
      : file_(std::move(file)), plan_(std::move(plan)) {}

  Result<void> append(std::string_view bytes) override {
    if (plan_ && plan_->fails_now()) {
      *file_ += bytes.substr(0, bytes.size() / 2);  // the torn write of a full disk
      return disk_full();
    }
    *file_ += bytes;
    return {};
  }
  Result<void> sync() override { return plan_ && plan_->fails_now() ? disk_full() : Result<void>(); }

 private:
  MemoryFile file_;
  SharedFailurePlan plan_;
};

class MemoryJournal final : public JournalSink {
 public:
  explicit MemoryJournal(MemoryFile file, SharedFailurePlan plan = nullptr)
      : file_(std::move(file)), plan_(std::move(plan)) {}

  Result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    if (plan_ && plan_->fails_now()) return disk_full();
    ++writes;
    file_->resize(std::max(file_->size(), static_cast<std::size_t>(offset) + bytes.size()));
    file_->replace(static_cast<std::size_t>(offset), bytes.size(), bytes);
    return {};
  }
  Result<void> sync() override { return plan_ && plan_->fails_now() ? disk_full() : Result<void>(); }
  Result<void> remove() override {
    if (plan_ && plan_->fails_now()) return disk_full();
    removed = true;
    file_->clear();
    return {};
  }

  int writes = 0;
  bool removed = false;

 private:
  MemoryFile file_;
  SharedFailurePlan plan_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(MemoryFile file) : file_(std::move(file)) {}
  explicit MemorySource(std::string bytes) : file_(memory_file(std::move(bytes))) {}

  std::string name() const override { return "memory"; }
  Result<std::uint64_t> size() override { return file_->size(); }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override {
    if (offset >= file_->size()) return 0;
    const std::size_t length = std::min(out.size(), file_->size() - static_cast<std::size_t>(offset));
    std::copy_n(file_->data() + offset, length, out.data());
    return length;
  }

 private:
  MemoryFile file_;
};

}  // namespace ktape
