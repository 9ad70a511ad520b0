#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/result.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

struct ReadAheadLimits {
  std::size_t batches = 4;                            // read and not yet taken; two at least
  std::size_t batch_bytes = std::size_t{256} << 10U;  // of payload, after which a batch is handed over
  std::size_t batch_frames = 4096;
};

// Reads another source on a thread of its own, so that a recording is decompressed while what came before is played.
// The frames are those of the source, in its order, with its error after the last of them: what is played cannot depend
// on this thread. One is enough for any source: reading takes less time than playing.
class ReadAhead final : public FrameSource {
 public:
  // From here until it is destroyed, or has ended, `source` belongs to the thread.
  explicit ReadAhead(FrameSource& source, ReadAheadLimits limits = {});
  ~ReadAhead() override;  // without waiting for more than the read at hand
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // Waits where the source is slower. After the end, or the error, the source may be asked for other things again.
  Result<std::optional<Frame>> next() override {
    if (position_ < current_.frames.size()) [[likely]]
      return std::optional<Frame>(current_.frames[position_++]);
    return next_of_next_batch();
  }

 private:
  // Frames that own their payloads together.
  struct Batch {
    std::vector<char> payloads;  // which stays where it is when the batch changes hands
    std::vector<Frame> frames;
    bool last = false;
    std::optional<Error> error;
  };

  Result<std::optional<Frame>> next_of_next_batch();
  void run();
  void fill(Batch& batch);

  FrameSource& source_;
  const ReadAheadLimits limits_;
  Batch current_;
  std::size_t position_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Batch> ready_;  // in order
  std::vector<Batch> spare_;  // their memory is used again
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace ktape
