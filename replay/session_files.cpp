#include "replay/session_files.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "core/session/journal.hpp"
#include "replay/file_source.hpp"

namespace ktape {

Result<std::unique_ptr<SessionReader>> open_segment(const std::string& path) {
  auto file = FileSource::open(path);
  if (!file) return tl::unexpected(file.error());
  std::unique_ptr<ByteSource> journal;
  if (auto beside = FileSource::open(journal_path(path))) {
    journal = std::move(*beside);
  } else if (beside.error().code != Errc::NotFound) {
    return tl::unexpected(beside.error());
  }
  return SessionReader::open(std::move(*file), std::move(journal));
}

Result<std::unique_ptr<SegmentedSource>> SegmentedSource::open(const std::vector<std::string>& names, Opener opener) {
  std::unique_ptr<SegmentedSource> source(new SegmentedSource(std::move(opener)));
  for (const std::string& name : names) {
    auto reader = source->opener_(name);
    if (!reader) {
      // A kill between the birth of a segment and its header: what it was to hold is in the one before.
      const bool unfinished = reader.error().code == Errc::Corrupt || reader.error().code == Errc::Parse;
      if (!unfinished || names.size() == 1) return tl::unexpected(reader.error());
      source->left_out_.push_back(reader.error().detail);
      continue;
    }
    source->segments_.push_back({name, (*reader)->info()});
  }
  auto& segments = source->segments_;
  if (segments.empty()) return fail(Errc::NotFound, "there is no recording to read");
  std::stable_sort(segments.begin(), segments.end(),
                   [](const Segment& a, const Segment& b) { return a.info.segment < b.info.segment; });
  for (std::size_t i = 1; i < segments.size(); ++i) {
    const Segment& a = segments[i - 1];
    const Segment& b = segments[i];
    if (a.info.session_id != b.info.session_id) {
      return fail(Errc::InvalidArgument,
                  fmt::format("{} is of the session {} and {} of {}: only one can be read at a time", a.name,
                              a.info.session_id, b.name, b.info.session_id));
    }
    if (a.info.segment == b.info.segment) {
      return fail(Errc::InvalidArgument,
                  fmt::format("{} and {} are both segment {} of their session", a.name, b.name, a.info.segment));
    }
  }
  return source;
}

Result<void> SegmentedSource::open_current() {
  auto reader = opener_(segments_[index_].name);
  if (!reader) return tl::unexpected(reader.error());
  current_ = std::move(*reader);
  const std::uint64_t first = current_->info().first_sequence;
  if (expected_ && first > *expected_ + told_missing_) {
    const Timestamp to = current_->info().created_at;
    const std::uint64_t missing = first - *expected_ - told_missing_;
    gaps_.push_back({std::min(last_at_.value_or(to), to), to, GapCause::Damaged, missing, std::nullopt,
                     fmt::format("{} frames are missing before {}", missing, segments_[index_].name)});
  }
  current_->seek_to_sequence(std::max(first, expected_.value_or(first)));
  return {};
}

void SegmentedSource::close_current() {
  expected_ = std::max(expected_.value_or(0), current_->next_sequence());
  told_missing_ = 0;
  for (const Gap& gap : current_->gaps()) {
    const bool lost = gap.cause == GapCause::Damaged || gap.cause == GapCause::Crash;
    if (lost) told_missing_ += gap.frames.value_or(0);
    if (std::find(gaps_.begin(), gaps_.end(), gap) == gaps_.end()) gaps_.push_back(gap);
  }
  for (Annotation& note : current_->annotations()) annotations_.push_back(std::move(note));
  if (current_->state() == SessionState::Damaged) damaged_.insert(segments_[index_].name);
  current_.reset();
  ++index_;
}

Result<std::optional<Frame>> SegmentedSource::next() {
  while (index_ < segments_.size()) {
    if (current_ == nullptr) {
      if (auto done = open_current(); !done) return tl::unexpected(done.error());
    }
    auto frame = current_->next();
    if (!frame) return frame;
    if (*frame) {
      last_at_ = (*frame)->at;
      return frame;
    }
    if (index_ + 1 == segments_.size()) return frame;  // its gaps() stay those of an open segment
    close_current();
  }
  return std::nullopt;
}

void SegmentedSource::rewind() {
  index_ = 0;
  current_.reset();
  expected_.reset();
  told_missing_ = 0;
  last_at_.reset();
  gaps_.clear();
  annotations_.clear();
}

Result<void> SegmentedSource::seek(Timestamp at) {
  const auto after = std::find_if(segments_.begin(), segments_.end(),
                                  [&](const Segment& segment) { return segment.info.created_at > at; });
  index_ = static_cast<std::size_t>(after - segments_.begin());
  if (index_ > 0) --index_;
  current_.reset();
  expected_.reset();
  told_missing_ = 0;
  if (auto done = open_current(); !done) return done;
  return current_->seek(at);
}

std::vector<Gap> SegmentedSource::gaps() const {
  std::vector<Gap> all = gaps_;
  if (current_ != nullptr) {
    for (Gap& gap : current_->gaps()) {
      if (std::find(gaps_.begin(), gaps_.end(), gap) == gaps_.end()) all.push_back(std::move(gap));
    }
  }
  return all;
}

std::vector<Annotation> SegmentedSource::annotations() const {
  std::vector<Annotation> all = annotations_;
  if (current_ != nullptr) {
    for (Annotation& note : current_->annotations()) all.push_back(std::move(note));
  }
  return all;
}

std::vector<std::string> SegmentedSource::damaged() const {
  std::vector<std::string> all(damaged_.begin(), damaged_.end());
  if (current_ != nullptr && current_->state() == SessionState::Damaged && !damaged_.contains(segments_[index_].name)) {
    all.push_back(segments_[index_].name);
  }
  return all;
}

Result<std::optional<std::vector<std::string>>> recordings_in(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::nullopt;
  std::vector<std::string> inside;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".ktape") inside.push_back(entry->path().string());
  }
  if (error) return fail(Errc::Io, fmt::format("cannot read the folder {}: {}", path, error.message()));
  if (inside.empty()) return fail(Errc::NotFound, fmt::format("there is no recording (*.ktape) in {}", path));
  std::sort(inside.begin(), inside.end());  // a folder has no order of its own
  return inside;
}

Result<std::unique_ptr<SegmentedSource>> open_session(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    const auto inside = recordings_in(path);
    if (!inside) return tl::unexpected(inside.error());
    if (*inside) {
      names.insert(names.end(), (*inside)->begin(), (*inside)->end());
    } else {
      names.push_back(path);
    }
  }
  return SegmentedSource::open(names);
}

}  // namespace ktape
