#include "cli/record/ring_output.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "core/protocol/dialect.hpp"
#include "recorder/segment_names.hpp"

namespace ktape::cli {
namespace {

constexpr Duration kStep = std::chrono::milliseconds(1);
constexpr std::size_t kStepBytes = std::size_t{4} << 20U;
constexpr std::size_t kMaxNotes = 1000;

void sum_up(RecordingStats& all, const RecordingStats& one) {
  all.frames += one.frames;
  all.payload_bytes += one.payload_bytes;
  all.dropped_frames += one.dropped_frames;
  all.dropped_bytes += one.dropped_bytes;
  all.times_blocked += one.times_blocked;
  all.blocked += one.blocked;
  all.stored_bytes += one.stored_bytes;
  all.segments += one.segments;
  all.syncs += one.syncs;
  all.synced_at = one.synced_at;
  all.last_sync = one.last_sync;
  all.longest_sync = std::max(all.longest_sync, one.longest_sync);
  all.queued_bytes = one.queued_bytes;
  all.max_queued_bytes = std::max(all.max_queued_bytes, one.max_queued_bytes);
  all.journal_used_bytes = one.journal_used_bytes;
  all.journal_bytes = one.journal_bytes;
  all.compression_level = one.compression_level;
}

// The name as a pattern for itself.
std::string without_placeholders(std::string_view name) {
  std::string pattern;
  for (const char c : name) pattern.append(c == '{' || c == '}' ? 2 : 1, c);
  return pattern;
}

}  // namespace

std::string incident_pattern(const std::string& output, std::string_view reason) {
  std::string pattern = output;
  const auto before_extension = [&pattern](std::string_view what) {
    const std::size_t slash = pattern.rfind('/');
    const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
    std::size_t dot = pattern.rfind('.');
    // Neither a leading dot nor one within a placeholder begins an extension.
    if (dot == std::string::npos || dot <= name || pattern.find('}', dot) != std::string::npos) dot = pattern.size();
    pattern.insert(dot, what);
  };
  constexpr std::string_view kReason = "{reason}";
  if (pattern.find("{utc") == std::string::npos) before_extension("-{utc:%Y%m%dT%H%M%SZ}");
  if (pattern.find(kReason) == std::string::npos) before_extension("-{reason}");
  for (std::size_t at = pattern.find(kReason); at != std::string::npos; at = pattern.find(kReason, at)) {
    pattern.replace(at, kReason.size(), reason);
    at += reason.size();
  }
  return pattern;
}

RingOutput::RingOutput(const RecordConfig& config, TimerService& clock, const RedactionKey& key, Redactor& redactor,
                       std::function<void(std::string_view)> say)
    : config_(config),
      clock_(clock),
      key_(key),
      redactor_(redactor),
      say_(std::move(say)),
      before_(config.dialect),
      ring_({.span = config.ring->span, .bytes = config.ring->bytes},
            [this](const Frame& frame) { before_.on_frame(frame); }) {}

void RingOutput::on_frame(const Frame& original) {
  Frame frame = original;
  frame.payload = redactor_.redact(frame.payload);
  if (frame.connection == ConnectionId{0}) {  // no websocket: nothing that a state could be made of
    preamble_.push_back({frame, std::string(frame.payload)});
    if (incident_) incident_->on_frame(frame);
    return;
  }
  const bool follows = incident_ && copied_to_ == ring_.end();
  ring_.on_frame(frame);
  if (!follows) return;
  incident_->on_frame(frame);
  copied_to_ = ring_.end();
}

void RingOutput::annotate(const Annotation& original) {
  Annotation annotation = original;
  annotation.text = redactor_.redact(annotation.text);
  notes_.push_back(annotation);
  while (notes_.size() > kMaxNotes || clock_.now() - notes_.front().at > config_.ring->span) notes_.pop_front();
  if (incident_) incident_->annotate(annotation);
}

bool RingOutput::trigger(const Trigger& original) {
  const Trigger trigger{original.kind, std::string(redactor_.redact(original.text))};
  const RingConfig& ring = *config_.ring;
  const auto wanted = [&ring](TriggerKind kind) {
    return std::find(ring.triggers.begin(), ring.triggers.end(), kind) != ring.triggers.end();
  };
  if (trigger.kind && !wanted(*trigger.kind)) return false;
  const std::string_view reason = trigger.kind ? to_string(*trigger.kind) : "asked";
  if (incident_) {
    incident_->annotate({.at = clock_.now(),
                         .connection = std::nullopt,
                         .name = "trigger",
                         .text = fmt::format("{}: {}", reason, trigger.text)});
    return true;
  }
  if (trigger.kind && ready_at_ && clock_.now() < *ready_at_) return false;
  return begin(trigger, reason);
}

bool RingOutput::begin(const Trigger& trigger, std::string_view reason) {
  const auto names = SegmentNames::parse(incident_pattern(config_.output, reason), false);
  if (!names) {
    status_ = tl::unexpected<Error>(names.error());
    return false;
  }
  const std::string name = names->name(0, clock_.now());
  std::string path = name;
  // Two of one second: the later one gets a number.
  for (int i = 2; std::filesystem::exists(path); ++i) path = fmt::format("{}.{}", name, i);
  auto created = create_session(config_, without_placeholders(path), clock_, key_);
  if (!created) {
    fail_incident(created.error());
    return false;
  }
  incident_ = std::move(*created);
  ++incidents_;
  paths_.push_back(path);
  say_(fmt::format("{}: {}: writing {}", reason, trigger.text, path));

  for (const OwnedFrame& one : preamble_) {
    Frame frame = one.frame;
    frame.payload = one.payload;
    incident_->on_frame(frame);
  }
  // The state at the oldest frame there is, and from there on what was said.
  FrameSink& out = *incident_;
  Timestamp start = clock_.now();
  struct First final : FrameSink {
    void on_frame(const Frame& frame) override { at = frame.at; }
    std::optional<Timestamp> at;
  } first;
  ring_.read(ring_.begin(), 1, first);
  if (first.at) start = *first.at;
  before_.tell(start, out);
  incident_->annotate(
      {.at = start,
       .connection = std::nullopt,
       .name = "keyframe",
       .text = "the frames before this instant tell the state at it: they are not as they were received"});
  for (const Annotation& note : notes_) incident_->annotate(note);
  incident_->annotate({.at = clock_.now(),
                       .connection = std::nullopt,
                       .name = "trigger",
                       .text = fmt::format("{}: {}", reason, trigger.text)});
  copied_to_ = ring_.begin();
  ends_at_ = clock_.now() + config_.ring->after;
  copy_some();
  return true;
}

void RingOutput::copy_some() {
  const RecordingStats stats = incident_->stats();
  if (stats.journal_used_bytes * 2 <= stats.journal_bytes) copied_to_ = ring_.read(copied_to_, kStepBytes, *incident_);
  if (copied_to_ != ring_.end()) {
    ring_.hold(copied_to_);
    copy_timer_ = clock_.at(clock_.now() + kStep, [this](Timestamp) { copy_some(); });
    return;
  }
  ring_.release();
  end_when_due();
}

void RingOutput::end_when_due() {
  end_timer_ = clock_.at(std::max(ends_at_, clock_.now()), TimerOrder::Deferred, [this](Timestamp) { end(); });
}

void RingOutput::end() {
  if (!incident_) return;
  const Result<void> finished = incident_->finish();
  sum_up(done_, incident_->stats());
  const std::string path = paths_.back();
  incident_.reset();
  ready_at_ = clock_.now() + config_.ring->cooldown;
  if (finished) {
    say_(fmt::format("{} is complete", path));
  } else {
    fail_incident(finished.error());
  }
}

// The ring goes on: a disk that is full now may have room for the next incident. The exit code tells.
void RingOutput::fail_incident(const Error& error) {
  say_(fmt::format("ktape: an incident could not be written: {}", error.detail));
  ready_at_ = clock_.now() + config_.ring->cooldown;
  if (status_) status_ = tl::unexpected<Error>(error);
}

Result<void> RingOutput::rotate() {
  return fail(Errc::InvalidArgument, "there is nothing to rotate: each incident is a file of its own");
}

Result<void> RingOutput::finish() {
  copy_timer_.cancel();
  end_timer_.cancel();
  if (incident_) {
    copied_to_ = ring_.read(copied_to_, SIZE_MAX, *incident_);
    end();
  }
  return status_;
}

OutputFigures RingOutput::figures() const {
  OutputFigures out{.recording = done_,
                    .ring_frames = ring_.end() - ring_.begin(),
                    .ring_bytes = ring_.bytes(),
                    .incidents = incidents_};
  if (incident_) sum_up(out.recording, incident_->stats());
  return out;
}

}  // namespace ktape::cli
