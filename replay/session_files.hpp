#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/session/session_reader.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// A recording, together with the journal that a crash may have left beside it.
Result<std::unique_ptr<SessionReader>> open_segment(const std::string& path);

// The segments of one session as one source of frames, each frame once: a crash during a rotation leaves frames both in
// the journal and in the next segment. One segment is open at a time.
class SegmentedSource final : public FrameSource {
 public:
  using Opener = std::function<Result<std::unique_ptr<SessionReader>>(const std::string& name)>;

  // In the order of their numbers, whatever the order of `names`. Segments of different sessions, or two of one number,
  // are an error. One whose header was never finished holds nothing and is left out, if there are others. Segments may
  // be missing at both ends; a hole in the middle is told by gaps().
  static Result<std::unique_ptr<SegmentedSource>> open(const std::vector<std::string>& names,
                                                       Opener opener = open_segment);

  Result<std::optional<Frame>> next() override;

  // The next frame is the first one again.
  void rewind();

  // The next frame is the first stamped `at` or later in the last segment that began by then, or one after it.
  Result<void> seek(Timestamp at);

  struct Segment {
    std::string name;
    SessionInfo info;
  };
  const std::vector<Segment>& segments() const { return segments_; }
  const std::vector<std::string>& left_out() const { return left_out_; }

  // Of the segments read so far, and between them.
  std::vector<Gap> gaps() const;
  std::vector<Annotation> annotations() const;

  // Segments read so far of which something that was written is not readable any more.
  std::vector<std::string> damaged() const;

 private:
  explicit SegmentedSource(Opener opener) : opener_(std::move(opener)) {}

  Result<void> open_current();
  void close_current();

  Opener opener_;
  std::vector<Segment> segments_;
  std::vector<std::string> left_out_;

  std::size_t index_ = 0;
  std::unique_ptr<SessionReader> current_;
  std::optional<std::uint64_t> expected_;  // the number of the next frame
  std::uint64_t told_missing_ = 0;         // frames that the segment before says are lost
  std::optional<Timestamp> last_at_;
  std::vector<Gap> gaps_;
  std::vector<Annotation> annotations_;
  std::set<std::string> damaged_;
};

// The *.ktape files in a folder, by name; nothing if `path` is no folder.
Result<std::optional<std::vector<std::string>>> recordings_in(const std::string& path);

// The session in a folder (all its *.ktape files) or in the files given.
Result<std::unique_ptr<SegmentedSource>> open_session(const std::vector<std::string>& paths);

}  // namespace ktape
