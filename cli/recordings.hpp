#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/protocol/dialect.hpp"
#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"
#include "replay/recorded_clients.hpp"
#include "replay/session_set.hpp"

namespace ktape::cli {

// Opens a recording together with the journal that a crash may have left beside it.
Result<std::unique_ptr<SessionReader>> open_recording(const std::string& path);

// Says on stderr if frames that were written have turned out to be missing, as far as `reader` has come; the exit code
// for it.
int tell_what_is_missing(const SessionReader& reader, const std::string& path);

// What a recording says of its dialect; spot-v2 where it says nothing.
Result<Dialect> dialect_of(const SessionInfo& info);

// An error if the recording ends before so much of it has passed.
Result<void> require_longer_than(SessionReader& recording, const std::string& path, Duration start_offset);

// Opens several recordings, and folders of them, as one.
Result<std::unique_ptr<SessionSet>> open_recordings(const std::vector<std::string>& paths);

// As above, of all of them.
int tell_what_is_missing(const SessionSet& recordings);

// An error if they end before so much of them has passed.
Result<void> require_longer_than(const SessionSet& recordings, Duration start_offset);

// What each connection speaks; an error if this version cannot decode a session of it.
Result<RecordedClients::DialectOf> dialects_of(const SessionSet& recordings);

// An error unless this version can decode it.
Result<void> require_codec(Dialect dialect);

struct NewRecording {
  std::string path;
  SessionInfo info;
  SessionWriterOptions options;
  bool journal = false;  // for live recordings: what kill -9 must not cost
};
// The file must not exist. Frames are classified by their dialect.
Result<std::unique_ptr<SessionWriter>> create_recording(NewRecording recording);

// What tells channels and symbols of the frames of a dialect; nullptr where nothing does. Lives for ever.
FrameClassifier* classifier_for(const std::string& dialect);

// Takes away a recording that was just created and came to nothing, with its journal.
void discard_recording(std::unique_ptr<SessionWriter> writer, const std::string& path);

// Tells channel and symbol of a frame; null for a dialect that is not known. It lives as long as the program and has no
// state, so that threads may share it.
FrameClassifier* classifier_for(const std::string& dialect);

inline constexpr std::string_view kWriter = "ktape " KTAPE_VERSION;

}  // namespace ktape::cli
