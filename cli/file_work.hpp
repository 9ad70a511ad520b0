#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/recordings.hpp"
#include "core/session/session_reader.hpp"

namespace ktape::cli {

// A recording that a command works on, with what it says about itself.
struct Origin {
  std::string path;
  std::unique_ptr<SessionReader> reader;
  SessionSummary summary;
  Dialect dialect = Dialect::SpotV2;

  static Result<Origin> open(const std::string& path);
};

// How the recordings that a command makes are stored.
struct StorageArguments {
  int level = 9;
  std::size_t chunk_bytes = 1U << 20;
};

// A recording that is being made, taken away again unless it is kept.
class NewFile {
 public:
  // The frames are those of recordings: redacted when they were recorded.
  static Result<std::unique_ptr<NewFile>> create(const std::string& path, SessionInfo info,
                                                 const StorageArguments& storage);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  SessionWriter& writer() { return *writer_; }
  const std::string& path() const { return path_; }

  // Seals it, unless that was done, and leaves it where it is.
  Result<void> keep();
  // For those who seal it themselves: it stays for the time being.
  std::unique_ptr<SessionWriter> take() { return std::move(writer_); }

 private:
  NewFile(std::string path, std::unique_ptr<SessionWriter> writer)
      : path_(std::move(path)), writer_(std::move(writer)) {}

  std::string path_;
  std::unique_ptr<SessionWriter> writer_;
  bool kept_ = false;
};

// An instant on the command line: RFC 3339, or "+5m" into the recording. Absent: nothing.
Result<std::optional<Timestamp>> parse_instant(std::string_view option, const std::string& text, const Origin& origin);

// A JSON string with its quotes.
std::string json_text(std::string_view text);

// What was noted in a recording, for programs and for people. Who had which frame is for programs only: it is long.
std::string notes_json(const std::vector<Annotation>& notes);
void put_notes(const std::vector<Annotation>& notes);

}  // namespace ktape::cli
