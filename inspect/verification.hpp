#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/protocol/dialect.hpp"
#include "core/session/session_reader.hpp"

namespace ktape {

// One kind of question that a verification asks of a recording.
struct Check {
  std::string name;         // "book checksums"
  std::uint64_t asked = 0;  // how many were checked
  std::uint64_t failed = 0;
  std::string not_checked;  // why not, or of which part not; empty: all of it was checked
};

// Something that is not as it should be.
struct Finding {
  Timestamp at;
  std::uint64_t frame = 0;  // counting from 1: the one at hand when it was found
  std::optional<ConnectionId> connection;
  std::string what;
};

enum class Verdict : std::uint8_t {
  Sound,       // all that was recorded is right, and nothing is missing
  Incomplete,  // something is missing, or could not be checked at all
  Wrong,       // what is there is not right, and nothing that is missing explains it
};

struct Verification {
  std::uint64_t frames = 0;
  std::uint64_t messages = 0;
  std::uint64_t messages_unknown = 0;
  std::uint64_t fields_unknown = 0;
  std::uint64_t trades = 0;   // also those without an id
  std::vector<Check> checks;  // always the same ones, in the same order
  std::vector<Finding> findings;
  std::uint64_t findings_left_out = 0;
  std::vector<Gap> gaps;
  std::uint64_t keyframe_frames = 0;  // made for the state at the beginning, and checked like the others
  std::vector<Annotation> annotations;
  SessionState state = SessionState::Open;
  std::string dialect;
  Verdict verdict = Verdict::Sound;

  const Check& check(std::string_view name) const;  // one of the names below
};

inline constexpr std::string_view kCheckStorage = "storage";             // CRCs and structure: chunks
inline constexpr std::string_view kCheckMessages = "messages";           // understood, each as a whole
inline constexpr std::string_view kCheckBooks = "book checksums";        //
inline constexpr std::string_view kCheckTrades = "trade ids";            // contiguous per symbol
inline constexpr std::string_view kCheckSequences = "sequence numbers";  // Futures' books, private channels
inline constexpr std::string_view kCheckCandles = "candles";             // those told against those built from trades
inline constexpr std::string_view kCheckSecrets = "secrets";             // values that no pseudonym has replaced

struct VerifyOptions {
  std::size_t max_findings = 100;
  std::function<void(std::uint64_t payload_bytes)> progress{};  // called now and then, with what was played so far
};

// Reads every byte, then plays everything. `reader` stands at its beginning. Errors are those of the source alone.
Result<Verification> verify_recording(SessionReader& reader, const VerifyOptions& options = {});

// One JSON object without a newline.
void append_verification_json(std::string& out, const Verification& found);

}  // namespace ktape
