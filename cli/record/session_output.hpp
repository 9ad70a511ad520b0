#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/record/config.hpp"
#include "core/base/clock.hpp"
#include "core/session/redactor.hpp"
#include "core/session/session_info.hpp"
#include "core/wire/frame.hpp"
#include "recorder/recording.hpp"

namespace ktape::cli {

// Something that a person may want to look back from.
struct Trigger {
  std::optional<TriggerKind> kind;  // nothing: somebody asked for it
  std::string text;                 // what happened, a sentence
};

// What has become of the frames.
struct OutputFigures {
  RecordingStats recording;  // of all recordings made, summed up
  std::uint64_t ring_frames = 0;
  std::uint64_t ring_bytes = 0;
  std::uint64_t incidents = 0;
};

// Where the frames of all connections go: one recording, or a ring in memory and a recording per incident.
class SessionOutput : public FrameSink {
 public:
  virtual ~SessionOutput() = default;

  virtual void annotate(const Annotation& annotation) = 0;
  // True if it begins a file or is noted in one that is open.
  virtual bool trigger(const Trigger& trigger) = 0;
  // Begins another segment; an error if the name of the recording has no place for its number.
  virtual Result<void> rotate() = 0;
  // Once and last, one of the two.
  virtual Result<void> finish() = 0;
  virtual void discard() = 0;

  virtual Result<void> status() const = 0;
  virtual OutputFigures figures() const = 0;
  virtual std::vector<std::string> paths() const = 0;  // of the files made, oldest first
};

// `config`, `clock` and `redactor` outlive the output; `redactor` has `key`, and secrets get the same pseudonyms from
// it and in the recording. `say` is called with sentences for people.
Result<std::unique_ptr<SessionOutput>> make_session_output(const RecordConfig& config, TimerService& clock,
                                                           const RedactionKey& key, Redactor& redactor,
                                                           std::function<void(std::string_view)> say);

// The name of an incident's file: `output` with {reason} filled in; both it and the time are put before the extension
// where `output` has no place for them.
std::string incident_pattern(const std::string& output, std::string_view reason);

}  // namespace ktape::cli
