#include "cli/file_work.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/text_output.hpp"
#include "core/base/json_text.hpp"

namespace ktape::cli {

Result<Origin> Origin::open(const std::string& path) {
  auto reader = open_recording(path);
  if (!reader) return tl::unexpected<Error>(reader.error());
  Origin origin;
  origin.path = path;
  origin.reader = std::move(*reader);
  auto summary = origin.reader->summary();
  if (!summary) return tl::unexpected<Error>(summary.error());
  origin.summary = std::move(*summary);
  const auto dialect = dialect_of(origin.reader->info());
  if (!dialect) return tl::unexpected<Error>(dialect.error());
  origin.dialect = *dialect;
  return origin;
}

Result<std::unique_ptr<NewFile>> NewFile::create(const std::string& path, SessionInfo info,
                                                 const StorageArguments& storage) {
  info.writer = kWriter;
  if (info.redaction.empty()) info.redaction = "none";
  NewRecording recording{.path = path, .info = std::move(info), .options = {}};
  recording.options.compression_level = storage.level;
  recording.options.chunk_bytes = storage.chunk_bytes;
  // A silence is no reason for a chunk of its own here: nobody waits for what is in the open one.
  recording.options.max_chunk_span = std::chrono::hours(24) * 366;
  recording.options.redaction = Redaction::Kept;
  recording.options.extras = true;
  auto writer = create_recording(std::move(recording));
  if (!writer) return tl::unexpected<Error>(writer.error());
  return std::unique_ptr<NewFile>(new NewFile(path, std::move(*writer)));
}

NewFile::~NewFile() {
  if (!kept_) discard_recording(std::move(writer_), path_);
}

Result<void> NewFile::keep() {
  if (writer_) {
    if (auto done = writer_->finish(); !done) return done;
  }
  kept_ = true;
  return {};
}

Result<std::optional<Timestamp>> parse_instant(std::string_view option, const std::string& text, const Origin& origin) {
  if (text.empty()) return std::optional<Timestamp>();
  if (text.front() == '+') {
    const auto offset = parse_duration(std::string_view(text).substr(1));
    if (!offset) return tl::unexpected(in_option(option, offset.error()));
    if (!origin.summary.first_at) return fail(Errc::InvalidArgument, fmt::format("{} has no frames", origin.path));
    std::int64_t at = 0;
    if (__builtin_add_overflow(nanoseconds(*origin.summary.first_at), offset->count(), &at)) {
      return fail(Errc::InvalidArgument, fmt::format("{} {}: beyond the range of time", option, text));
    }
    return std::optional(from_nanoseconds(at));
  }
  const auto at = parse_rfc3339(text);
  if (!at) return tl::unexpected(in_option(option, at.error()));
  return std::optional(*at);
}

std::string notes_json(const std::vector<Annotation>& notes) {
  std::string out = "[";
  for (const Annotation& note : notes) {
    if (&note != notes.data()) out.push_back(',');
    out += fmt::format(R"({{"at":{},)", nanoseconds(note.at));
    if (note.connection) out += fmt::format(R"("connection":{},)", static_cast<std::uint32_t>(*note.connection));
    out += fmt::format(R"("name":{},"text":{}}})", json_text(note.name), json_text(note.text));
  }
  return out + "]";
}

void put_notes(const std::vector<Annotation>& notes) {
  constexpr std::size_t kShown = 50;
  constexpr std::size_t kShownBytes = 300;
  if (notes.empty()) return;
  put(fmt::format("notes            {}\n", grouped(notes.size())));
  std::size_t shown = 0;
  for (const Annotation& note : notes) {
    if (note.name == "frames" || ++shown > kShown) continue;
    put(fmt::format("  {} {}: {}{}\n", format_rfc3339(note.at), note.name, note.text.substr(0, kShownBytes),
                    note.text.size() > kShownBytes ? " ..." : ""));
  }
}

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace ktape::cli
