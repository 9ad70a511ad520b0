#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/session/byte_sink.hpp"
#include "core/session/chunk_encoder.hpp"
#include "core/session/frame_classifier.hpp"
#include "core/session/journal.hpp"
#include "core/session/redactor.hpp"
#include "core/session/session_info.hpp"
#include "core/session/stream_table.hpp"

namespace ktape {

enum class Redaction : std::uint8_t {
  Secrets,  // see Redactor
  None,     // for what holds none: public archives, synthetic sessions
  Kept,     // the frames come redacted, by the policy that SessionInfo::redaction names
};

inline constexpr std::size_t kMaxPayloadBytes = 32U << 20;  // of one frame

struct SessionWriterOptions {
  int compression_level = 6;                          // of zstd; 1 for bulk, 9 and more for what is kept
  std::size_t chunk_bytes = 1U << 20;                 // raw; 1 to 16 MiB
  Duration max_chunk_span = std::chrono::minutes{1};  // the open chunk ends when a frame is this much younger
  FrameClassifier* classifier = nullptr;              // outlives the writer
  Redaction redaction = Redaction::Secrets;
  RedactionKey redaction_key{};  // random, per session; required for Redaction::Secrets
  bool extras = false;  // it may hold keyframes and annotations, or begin with another number than 0: format 1.1
};

// Writes a recording: see docs/format.md. Frames may come in any order of time. Nothing random or timed happens in it:
// the same calls with the same SessionInfo and options give the same bytes.
//
// What is safe when: a frame survives kill -9 once commit() has returned after it, and a power loss once sync() has.
// commit() is one system call, none if there was no frame since the last: `ktape record` calls it after every frame, a
// program that may lose a few calls it less often. Without a journal it does nothing, and the open chunk is what a kill
// costs. Destroying a writer that was not finished stores the open chunk but does not seal.
//
// The first failure sticks: from then on nothing is written, and what was written stays readable.
// One thread calls all; storing a chunk (compression included: some 10 ms per MiB at level 6) happens in on_frame().
class SessionWriter final : public FrameSink {
 public:
  // Writes the segment header. `journal` may be null.
  static Result<std::unique_ptr<SessionWriter>> create(std::unique_ptr<ByteSink> out,
                                                       std::unique_ptr<JournalSink> journal, SessionInfo info,
                                                       SessionWriterOptions options = {});
  ~SessionWriter();
  SessionWriter(const SessionWriter&) = delete;
  SessionWriter& operator=(const SessionWriter&) = delete;

  // A payload beyond 32 MiB becomes a gap. Reopening a connection that was closed adds the gap between the two.
  void on_frame(const Frame& frame) override;

  // A gap that equals one of the last 256 is not noted again.
  void note_gap(const Gap& gap);

  // A name beyond 64 bytes or a text beyond 64 KiB is cut. A segment holds 100,000; the last of them says that others
  // were left out. Only where SessionWriterOptions::extras allows them.
  void annotate(const Annotation& annotation);

  // This segment goes on where `previous`, of the same session, was finished: outages that began there end here.
  void continue_after(const SessionWriter& previous) { closed_ = previous.closed_; }

  // For the chunks from the open one on; a valid level of zstd.
  void set_compression_level(int level);

  // Frames that were not recorded but made: the shortest conversation that brings a client into the state which the
  // frames to come go on from. They are not counted. Likewise only with extras.
  void write_keyframe(std::span<const Frame> frames);

  Result<void> commit();
  Result<void> flush();   // ends the open chunk and stores it, for readers that follow
  Result<void> sync();    // commit, and wait for the disk
  Result<void> finish();  // the last chunk, index, seal and footer; removes the journal. No other call may follow

  const Result<void>& status() const { return status_; }

  std::uint64_t frames() const { return sequence_ - first_sequence_; }
  std::uint64_t next_sequence() const { return sequence_; }
  std::uint64_t stored_sequence() const { return sequence_ - chunk_.frames(); }  // the first that is in no chunk yet
  const std::vector<Gap>& gaps() const { return gaps_; }
  std::uint64_t stored_bytes() const { return offset_; }  // without the open chunk

 private:
  struct Disconnection {
    Timestamp at;
    std::string reason;
  };

  SessionWriter(std::unique_ptr<ByteSink> out, std::unique_ptr<JournalSink> journal, const SessionInfo& info,
                const SessionWriterOptions& options);

  Result<void> stick(Result<void> done);
  void note_reconnect(const Frame& frame);
  void store_gap(const Gap& gap);
  Result<void> store_chunk();
  Result<void> store_index();
  Result<void> store_message(format::RecordHeader header, const std::string& message);
  Result<void> store_record(format::RecordHeader header, std::string_view body);
  SealRecord seal() const;

  std::unique_ptr<ByteSink> out_;
  std::optional<JournalWriter> journal_;
  SessionWriterOptions options_;
  std::optional<Redactor> redactor_;
  std::uint64_t marker_;

  Result<void> status_;
  bool finished_ = false;
  std::uint64_t offset_ = 0;           // where the next record goes
  std::uint64_t previous_offset_ = 0;  // of the last record header
  std::uint16_t minor_ = 0;
  std::uint64_t first_sequence_ = 0;
  std::uint64_t sequence_ = 0;  // of the next frame
  std::uint64_t payload_bytes_ = 0;

  StreamTable streams_;
  std::vector<std::uint64_t> stream_frames_;
  std::vector<std::uint64_t> stream_payload_bytes_;
  ChunkEncoder chunk_;
  std::map<ConnectionId, Disconnection> closed_;

  std::vector<ChunkEntry> chunks_;               // of the whole segment
  std::vector<ChunkStreamCounts> index_counts_;  // of those since the last index block
  std::uint64_t index_bytes_ = 0;
  std::vector<Gap> gaps_;
  std::vector<Annotation> annotations_;
  std::size_t annotation_bytes_ = 0;
  std::string record_;
};

}  // namespace ktape
