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
  auto opened = open_segment(path);
  // Whatever is wrong with a file is no mistake of the command line.
  if (!opened && (opened.error().code == Errc::NotFound || opened.error().code == Errc::InvalidArgument)) {
    return fail(Errc::Io, opened.error().detail);
  }
  return opened;
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
