#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/session/byte_source.hpp"
#include "core/session/redactor.hpp"
#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"
#include "tools/work.hpp"

namespace ktape {

// Where a secret stands. What it is, is never said.
struct SecretFinding {
  std::optional<Timestamp> at;  // of the frame; nothing for what stands outside of frames
  std::optional<ConnectionId> connection;
  std::string place;  // "payload, member 'token'", "payload, given value 2", "bytes of the file at offset 120"
};

struct ScrubReport {
  std::uint64_t frames = 0;  // searched, those of keyframes included
  std::uint64_t notes = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t raw_bytes = 0;   // of the file and its journal, as stored
  std::uint64_t values = 0;      // given ones, each searched for everywhere
  std::uint64_t pseudonyms = 0;  // secrets that were replaced when it was recorded
  std::uint64_t found = 0;
  std::vector<SecretFinding> findings;  // the first few
  bool damaged = false;                 // something could not be read, and so not be searched

  static constexpr std::size_t kMaxFindings = 100;
};

// The values to search for, one in each line; lines that are empty are left out. Values of fewer than 4 bytes would be
// found everywhere: an error that names the line.
Result<std::vector<std::string>> read_secret_values(std::string_view text);

// Looks for secrets: in each payload, note and description for members, headers and parameters whose names mean a
// secret and whose values are no pseudonyms; and there and in all bytes as stored for the given values, as they are and
// as JSON and URLs spell them. `raw` are the files that the recording consists of.
Result<ScrubReport> search_secrets(SessionReader& in, const std::vector<ByteSource*>& raw,
                                   const std::vector<std::string>& values, const WorkSoFar& so_far = {});

// Replaces the given values in a payload, besides what Redactor does by names.
class ValueRedactor {
 public:
  // The replacement of a value is `pseudonym(value)`.
  ValueRedactor(const std::vector<std::string>& values, const RedactionKey& key);

  // The payload itself if it holds none, else a copy that lives until the next call.
  std::string_view redact(std::string_view payload);

 private:
  std::vector<std::pair<std::string, std::string>> replacements_;  // spelling, pseudonym; longest first
  Redactor names_;
  std::string copy_;
};

// Copies a recording without its secrets: see ValueRedactor. Otherwise as copy_recording(). Returns how many payloads
// were changed.
Result<std::uint64_t> scrub_recording(SessionReader& in, SessionWriter& out, ValueRedactor& redactor,
                                      const WorkSoFar& so_far = {});

}  // namespace ktape
