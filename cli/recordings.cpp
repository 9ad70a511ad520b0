#include "cli/recordings.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "core/protocol/futures/classify.hpp"
#include "core/protocol/spot_v1/classify.hpp"
#include "core/protocol/spot_v2/classify.hpp"
#include "recorder/file_sink.hpp"
#include "replay/session_files.hpp"

namespace ktape::cli {
namespace {

// Asks the dialect what a message is about. It has no state.
template <auto classify_text>
class TextClassifier final : public FrameClassifier {
 public:
  FrameClass classify(const Frame& frame) override {
    if (frame.kind != FrameKind::Text) return {};
    const auto topic = classify_text(frame.payload);
    return {topic.channel, topic.symbol};
  }
};

// Whatever is wrong with a file is no mistake of the command line.
template <class Opened>
Result<Opened> blame_files(Result<Opened> opened) {
  if (!opened && (opened.error().code == Errc::NotFound || opened.error().code == Errc::InvalidArgument)) {
    return fail(Errc::Io, opened.error().detail);
  }
  return opened;
}

}  // namespace

FrameClassifier* classifier_for(const std::string& dialect) {
  static TextClassifier<spot_v2::classify> spot_v2;
  static TextClassifier<spot_v1::classify> spot_v1;
  static TextClassifier<futures::classify> futures_v1;
  if (dialect == to_string(Dialect::SpotV2)) return &spot_v2;
  if (dialect == to_string(Dialect::SpotV1)) return &spot_v1;
  if (dialect == to_string(Dialect::FuturesV1)) return &futures_v1;
  return nullptr;
}

Result<std::unique_ptr<SessionReader>> open_recording(const std::string& path) {
  return blame_files(open_segment(path));
}

Result<std::unique_ptr<SessionSet>> open_recordings(const std::vector<std::string>& paths) {
  return blame_files(SessionSet::open(paths));
}

int tell_what_is_missing(const SessionSet& recordings) {
  int code = kClean;
  for (const std::string& file : recordings.damaged_files()) {
    say(fmt::format("ktape: {} is damaged: `ktape verify {}` tells what is missing", file, file));
    code = kIncomplete;
  }
  for (const std::string& detail : recordings.left_out()) {
    say(fmt::format("ktape: left out: {}", detail));
    code = kIncomplete;
  }
  if (code != kClean) return code;
  const auto& sessions = recordings.sessions();
  const bool one = sessions.size() == 1 && sessions.front().files.size() == 1;
  for (const Gap& gap : recordings.gaps()) {
    const bool lost = (gap.cause == GapCause::Crash && gap.frames != 0U) || (!one && gap.cause == GapCause::Damaged);
    if (!lost) continue;
    say(fmt::format("ktape: {} cut short: {}", one ? sessions.front().files.front() + " is" : "a recording is",
                    gap.detail));
    return kIncomplete;
  }
  return kClean;
}

Result<void> require_longer_than(const SessionSet& recordings, Duration start_offset) {
  const auto first = recordings.first_at();
  const Duration length = first ? *recordings.last_at() - *first : Duration::zero();
  if (start_offset <= length) return {};
  const auto& sessions = recordings.sessions();
  const std::string what = sessions.size() == 1 && sessions.front().files.size() == 1
                               ? sessions.front().files.front() + " ends"
                               : "the recordings end";
  return fail(Errc::InvalidArgument, fmt::format("--start-offset {}: {} after {}", format_duration(start_offset), what,
                                                 format_duration(length)));
}

Result<RecordedClients::DialectOf> dialects_of(const SessionSet& recordings) {
  std::vector<Dialect> dialects;
  for (const SessionSet::Session& session : recordings.sessions()) {
    const auto dialect = dialect_of(session.info);
    if (!dialect) return tl::unexpected<Error>(dialect.error());
    if (auto decodes = require_codec(*dialect); !decodes) return tl::unexpected<Error>(decodes.error());
    dialects.push_back(*dialect);
  }
  return [&recordings, dialects = std::move(dialects)](ConnectionId connection) {
    return dialects[recordings.session_of(connection)];
  };
}

int tell_what_is_missing(const SessionReader& reader, const std::string& path) {
  if (reader.state() == SessionState::Damaged) {
    say(fmt::format("ktape: {} is damaged: `ktape verify {}` tells what is missing", path, path));
    return kIncomplete;
  }
  for (const Gap& gap : reader.gaps()) {
    if (gap.cause != GapCause::Crash || gap.frames == 0U) continue;
    say(fmt::format("ktape: {} is cut short: {}", path, gap.detail));
    return kIncomplete;
  }
  return kClean;
}

Result<Dialect> dialect_of(const SessionInfo& info) {
  if (info.dialect.empty()) return Dialect::SpotV2;
  if (const auto dialect = parse_dialect(info.dialect)) return *dialect;
  return fail(Errc::Unsupported,
              fmt::format("the recording is of the dialect '{}', which this version does not know", info.dialect));
}

Result<void> require_longer_than(SessionReader& recording, const std::string& path, Duration start_offset) {
  const auto summary = recording.summary();
  if (!summary) return tl::unexpected<Error>(summary.error());
  const Duration length = summary->first_at ? *summary->last_at - *summary->first_at : Duration::zero();
  if (start_offset <= length) return {};
  return fail(Errc::InvalidArgument, fmt::format("--start-offset {}: {} ends after {}", format_duration(start_offset),
                                                 path, format_duration(length)));
}

Result<void> require_codec(Dialect dialect) {
  if (make_codec(dialect)) return {};
  return fail(Errc::Unsupported, fmt::format("messages of {} are recorded and listed, but not decoded by this version",
                                             to_string(dialect)));
}

Result<std::unique_ptr<SessionWriter>> create_recording(NewRecording recording) {
  auto file = FileSink::create(recording.path);
  if (!file) return tl::unexpected<Error>(file.error());
  std::unique_ptr<JournalSink> journal;
  if (recording.journal) {
    auto created = FileJournal::create(recording.path);
    if (!created) {
      file->reset();
      std::error_code ignored;
      std::filesystem::remove(recording.path, ignored);  // which is empty: nothing stands in the way of the next try
      return tl::unexpected<Error>(created.error());
    }
    journal = std::move(*created);
  }
  recording.options.classifier = classifier_for(recording.info.dialect);
  auto writer = SessionWriter::create(std::move(*file), std::move(journal), recording.info, recording.options);
  if (!writer) {
    std::error_code ignored;
    std::filesystem::remove(recording.path, ignored);
    std::filesystem::remove(FileJournal::path_for(recording.path), ignored);
  }
  return writer;
}

void discard_recording(std::unique_ptr<SessionWriter> writer, const std::string& path) {
  writer.reset();
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  std::filesystem::remove(FileJournal::path_for(path), ignored);
}

}  // namespace ktape::cli
