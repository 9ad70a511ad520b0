#include "recorder/writer_thread.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace ktape {

WriterThread::WriterThread(JournalDrain& drain) : drain_(drain), thread_([this] { run(); }) {}

WriterThread::~WriterThread() {
  if (!thread_.joinable()) return;
  post([](Requests& requests) { requests.stop = true; });
  thread_.join();
}

void WriterThread::post(const std::function<void(Requests&)>& change) {
  const std::lock_guard lock(mutex_);
  change(requests_);
  work_.notify_one();
}

void WriterThread::wake() {
  post([](Requests& requests) { requests.wake = true; });
}

void WriterThread::request_room(std::uint64_t bytes) {
  post([&](Requests& requests) { requests.room = std::max(requests.room, bytes); });
}

void WriterThread::request_sync(Timestamp now) {
  post([&](Requests& requests) {
    requests.sync = now;
    ++syncs_asked_;
  });
}

Result<void> WriterThread::status() const {
  if (!failed()) return {};
  const std::lock_guard lock(mutex_);
  return status_;
}

Result<void> WriterThread::wait(std::unique_lock<std::mutex>& lock, const std::function<bool()>& done) {
  done_.wait(lock, [&] { return !status_ || done(); });
  return status_;
}

Result<void> WriterThread::wait_for_room(std::uint64_t bytes) {
  request_room(bytes);
  std::unique_lock lock(mutex_);
  return wait(lock, [&] { return requests_.room == 0; });
}

void WriterThread::settle() {
  post([this](Requests& requests) {
    requests.wake = true;
    ++wakes_asked_;
  });
  std::unique_lock lock(mutex_);
  static_cast<void>(wait(lock, [this, asked = wakes_asked_] { return wakes_done_ >= asked; }));
}

Result<void> WriterThread::sync(Timestamp now) {
  request_sync(now);
  std::unique_lock lock(mutex_);
  return wait(lock, [this, asked = syncs_asked_] { return syncs_done_ >= asked; });
}

Result<void> WriterThread::finish() {
  post([](Requests& requests) { requests.finish = true; });
  Result<void> done;
  {
    std::unique_lock lock(mutex_);
    done = wait(lock, [&] { return finished_; });
  }
  thread_.join();
  return done;
}

// One portion, and what was asked for. Room that was asked for stays asked for until it is there.
Result<void> WriterThread::work(const Requests& requests, bool& more) {
  auto stepped = drain_.step();
  if (!stepped) return tl::unexpected(stepped.error());
  more = *stepped;
  if (requests.room > 0 && drain_.free_bytes() < requests.room) {
    auto released = more ? drain_.release_stored() : drain_.release_all();
    if (!released) return released;
  }
  if (requests.sync) {
    if (auto done = drain_.sync(*requests.sync); !done) return done;
  }
  if (requests.finish && !more) return drain_.finish();
  return {};
}

void WriterThread::run() {
  bool more = false;
  std::unique_lock lock(mutex_);
  while (true) {
    if (!more) work_.wait(lock, [&] { return requests_.any(); });
    if (requests_.stop) return;
    requests_.wake = false;
    const Requests requests = requests_;
    requests_.sync.reset();
    const std::uint64_t syncs = syncs_asked_;
    const std::uint64_t wakes = wakes_asked_;
    lock.unlock();
    Result<void> done = work(requests, more);
    lock.lock();
    if (!done) {
      status_ = std::move(done);
      failed_.store(true, std::memory_order_release);
      done_.notify_all();
      return;
    }
    if (requests.sync) syncs_done_ = syncs;
    if (!more) wakes_done_ = wakes;
    // All that was there has been taken and released: more room there cannot be.
    if (requests.room > 0 && (!more || drain_.free_bytes() >= requests_.room)) requests_.room = 0;
    finished_ = requests.finish && !more;
    done_.notify_all();
    if (finished_) return;
  }
}

}  // namespace ktape
