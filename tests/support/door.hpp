#pragma once

#include <condition_variable>
#include <mutex>

namespace ktape::test {

// Before a disk: whoever writes waits while it is shut.
class Door {
 public:
  void shut() { set(true); }
  void open() { set(false); }
  void pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !shut_; });
  }

 private:
  void set(bool shut) {
    const std::lock_guard lock(mutex_);
    shut_ = shut;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool shut_ = false;
};

}  // namespace ktape::test
