#include "cli/record/session_output.hpp"

#include <utility>

#include "cli/record/ring_output.hpp"
#include "cli/recordings.hpp"
#include "core/protocol/dialect.hpp"
#include "live/real_time.hpp"
#include "recorder/session_identity.hpp"

namespace ktape::cli {
namespace {

// Everything into one recording, as it comes.
class ContinuousOutput final : public SessionOutput {
 public:
  explicit ContinuousOutput(std::unique_ptr<Recording> recording) : recording_(std::move(recording)) {}

  void on_frame(const Frame& frame) override { recording_->on_frame(frame); }
  void annotate(const Annotation& annotation) override { recording_->annotate(annotation); }
  bool trigger(const Trigger&) override { return false; }
  Result<void> rotate() override { return recording_->rotate(); }
  Result<void> finish() override { return recording_->finish(); }
  void discard() override { recording_->discard(); }
  Result<void> status() const override { return recording_->status(); }
  OutputFigures figures() const override { return {.recording = recording_->stats()}; }
  std::vector<std::string> paths() const override { return recording_->paths(); }

 private:
  std::unique_ptr<Recording> recording_;
};

}  // namespace

Result<std::unique_ptr<Recording>> create_session(const RecordConfig& config, const std::string& path,
                                                  TimerService& clock, const RedactionKey& key) {
  auto identity = SessionIdentity::draw();
  if (!identity) return tl::unexpected<Error>(identity.error());
  RecordingOptions options;
  options.path = path;
  options.info.session_id = identity->session_id;
  options.info.salt = identity->salt;
  options.info.created_at = clock.now();
  options.info.writer = kWriter;
  options.info.dialect = to_string(config.dialect);
  options.writer.compression_level = config.level;
  options.writer.redaction_key = key;
  options.writer.classifier = classifier_for(options.info.dialect);
  options.journal_bytes = config.queue_bytes;
  options.when_full = config.drop_when_full ? WhenFull::Drop : WhenFull::Block;
  options.sync_interval = config.sync_interval;
  options.max_segment_bytes = config.max_segment_bytes;
  options.max_segment_span = config.max_segment_span;
  // For SIGHUP; a name without a place for the number stays as it is.
  options.rotates = path.find("{segment") != std::string::npos;
  options.stopwatch = monotonic_time;
  return Recording::create(std::move(options), clock);
}

Result<std::unique_ptr<SessionOutput>> make_session_output(const RecordConfig& config, TimerService& clock,
                                                           const RedactionKey& key, Redactor& redactor,
                                                           std::function<void(std::string_view)> say) {
  if (config.ring) return std::make_unique<RingOutput>(config, clock, key, redactor, std::move(say));
  auto recording = create_session(config, config.output, clock, key);
  if (!recording) return tl::unexpected<Error>(recording.error());
  return std::make_unique<ContinuousOutput>(std::move(*recording));
}

}  // namespace ktape::cli
