#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/record/session_output.hpp"
#include "recorder/frame_ring.hpp"
#include "replay/state_tracker.hpp"

namespace ktape::cli {

// A recording under `path`, with the settings of `config`.
Result<std::unique_ptr<Recording>> create_session(const RecordConfig& config, const std::string& path,
                                                  TimerService& clock, const RedactionKey& key);

// The last minutes in memory. A trigger writes them to a file of its own, which goes on for a while. The file begins
// with the state of each connection at the oldest frame in memory, told as a conversation, so that its books are whole.
//
// What is in memory is written step by step, between the frames that come in, and only while the recording's queue has
// room: neither is the exchange kept waiting.
class RingOutput final : public SessionOutput {
 public:
  // `config`, with a ring, `clock` and `redactor` outlive it. No secret is kept in memory, either.
  RingOutput(const RecordConfig& config, TimerService& clock, const RedactionKey& key, Redactor& redactor,
             std::function<void(std::string_view)> say);

  void on_frame(const Frame& frame) override;
  void annotate(const Annotation& annotation) override;
  bool trigger(const Trigger& trigger) override;
  Result<void> rotate() override;
  Result<void> finish() override;
  void discard() override {}  // a file that was begun has a reason

  // What could not be written is no reason to stop: finish() tells.
  Result<void> status() const override { return {}; }
  OutputFigures figures() const override;
  std::vector<std::string> paths() const override { return paths_; }

 private:
  struct OwnedFrame {
    Frame frame;
    std::string payload;
  };

  bool begin(const Trigger& trigger, std::string_view reason);
  void copy_some();
  void end_when_due();
  void end();
  void fail_incident(const Error& error);

  const RecordConfig& config_;
  TimerService& clock_;
  RedactionKey key_;
  Redactor& redactor_;
  std::function<void(std::string_view)> say_;
  StateTracker before_;  // all that is older than the ring
  FrameRing ring_;
  std::deque<Annotation> notes_;      // of the time that the ring covers
  std::vector<OwnedFrame> preamble_;  // HTTP requests, which every file gets

  std::unique_ptr<Recording> incident_;
  std::uint64_t copied_to_ = 0;  // of the ring, into the incident
  Timestamp ends_at_{};
  std::optional<Timestamp> ready_at_;  // after the last one
  Timer copy_timer_;
  Timer end_timer_;

  std::vector<std::string> paths_;
  RecordingStats done_;  // of incidents that are over
  std::uint64_t incidents_ = 0;
  Result<void> status_;
};

}  // namespace ktape::cli
