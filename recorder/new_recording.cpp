#include "recorder/new_recording.hpp"

#include <utility>

#include "recorder/session_identity.hpp"

namespace ktape {

Result<std::unique_ptr<Recording>> new_recording(const std::string& path, Dialect dialect, const std::string& writer,
                                                 TimerService& clock) {
  auto identity = SessionIdentity::draw();
  if (!identity) return tl::unexpected<Error>(identity.error());
  RecordingOptions options;
  options.path = path;
  options.info.session_id = identity->session_id;
  options.info.salt = identity->salt;
  options.info.created_at = clock.now();
  options.info.writer = writer;
  options.info.dialect = to_string(dialect);
  options.writer.redaction_key = identity->redaction_key;
  return Recording::create(std::move(options), clock);
}

}  // namespace ktape
