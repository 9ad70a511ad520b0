#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "recorder/journal_drain.hpp"

namespace ktape {

// Runs a JournalDrain beside the thread that fills the ring. It sleeps until it is asked for something, and then takes
// all that it finds. All functions are called by the thread that fills the ring.
class WriterThread {
 public:
  explicit WriterThread(JournalDrain& drain);
  ~WriterThread();  // stops after the portion at hand: what is in the ring stays there
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;

  // Do not wait for anything.
  void wake();
  void request_sync(Timestamp now);
  void request_room(std::uint64_t bytes);

  // Wait until it is done, or the writer has failed.
  Result<void> wait_for_room(std::uint64_t bytes);
  void settle();  // takes all, and does what was asked before
  Result<void> sync(Timestamp now);
  Result<void> finish();  // takes all, seals, and ends the thread

  bool failed() const { return failed_.load(std::memory_order_acquire); }
  Result<void> status() const;

 private:
  struct Requests {
    bool wake = false;
    bool stop = false;
    bool finish = false;
    std::uint64_t room = 0;
    std::optional<Timestamp> sync;

    bool any() const { return wake || stop || finish || room > 0 || sync.has_value(); }
  };

  void run();
  Result<void> work(const Requests& requests, bool& more);
  void post(const std::function<void(Requests&)>& change);
  Result<void> wait(std::unique_lock<std::mutex>& lock, const std::function<bool()>& done);

  JournalDrain& drain_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  Requests requests_;
  std::uint64_t wakes_asked_ = 0;
  std::uint64_t wakes_done_ = 0;
  std::uint64_t syncs_asked_ = 0;
  std::uint64_t syncs_done_ = 0;
  bool finished_ = false;
  Result<void> status_;
  std::atomic<bool> failed_{false};
  std::thread thread_;
};

}  // namespace ktape
