#include "replay/read_ahead.hpp"

#include <algorithm>
#include <utility>

namespace ktape {

ReadAhead::ReadAhead(FrameSource& source, ReadAheadLimits limits) : source_(source), limits_(limits) {
  spare_.resize(std::max<std::size_t>(limits.batches, 2));
  ready_.reserve(spare_.size());
  thread_ = std::thread([this] { run(); });
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ReadAhead::run() {
  for (bool last = false; !last;) {
    Batch batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stop_ || !spare_.empty(); });
      if (stop_) return;
      batch = std::move(spare_.back());
      spare_.pop_back();
    }
    fill(batch);
    last = batch.last;
    {
      const std::lock_guard lock(mutex_);
      ready_.push_back(std::move(batch));
    }
    changed_.notify_all();
  }
}

void ReadAhead::fill(Batch& batch) {
  batch.payloads.clear();
  batch.frames.clear();
  while (batch.payloads.size() < limits_.batch_bytes && batch.frames.size() < limits_.batch_frames) {
    auto frame = source_.next();
    if (!frame) batch.error = frame.error();
    batch.last = !frame || !*frame;
    if (batch.last) break;
    const std::string_view payload = (*frame)->payload;
    batch.payloads.insert(batch.payloads.end(), payload.begin(), payload.end());
    batch.frames.push_back(**frame);
  }
  // Where each payload lies is known only now that the text has stopped growing.
  const char* begin = batch.payloads.data();
  for (Frame& frame : batch.frames) {
    frame.payload = {begin, frame.payload.size()};
    begin += frame.payload.size();
  }
}

Result<std::optional<Frame>> ReadAhead::next_of_next_batch() {
  while (!current_.last) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !ready_.empty(); });
      std::swap(current_, ready_.front());
      spare_.push_back(std::move(ready_.front()));
      ready_.erase(ready_.begin());
    }
    changed_.notify_all();
    position_ = 0;
    if (current_.last) thread_.join();  // the source is free
    if (!current_.frames.empty()) return std::optional<Frame>(current_.frames[position_++]);
  }
  if (current_.error) return tl::unexpected<Error>(*current_.error);
  return std::optional<Frame>{};
}

}  // namespace ktape
