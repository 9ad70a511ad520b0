#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/protocol/dialect.hpp"
#include "core/session/session_reader.hpp"
#include "export/event_tables.hpp"

namespace ktape {

enum class ExportFormat : std::uint8_t {
  JsonLines,  // every event as `ktape replay --events` prints it
  Csv,        // a table each
  Sqlite,     // all tables in one file
};
std::optional<ExportFormat> parse_export_format(std::string_view name);  // "jsonl", "csv", "sqlite"

struct ExportOptions {
  ExportFormat format = ExportFormat::JsonLines;
  std::optional<Table> table{};     // only this one. CSV without it makes a folder of files
  std::vector<Duration> candles{};  // to be built from trades
  std::string exporter{};           // "ktape 0.1.0"
  std::string source{};             // the recording's path, for the table meta
  // Called now and then, with what was played so far; false gives up, and leaves nothing behind.
  std::function<bool(std::uint64_t payload_bytes)> progress{};
};

struct Exported {
  std::uint64_t events = 0;                   // lines of JSON
  std::array<std::uint64_t, kTables> rows{};  // by Table
};

// Plays `reader` through clients and writes what they tell to `out`, which must not exist and does not until it is
// whole. The dialect must be one that make_codec() knows.
Result<Exported> export_recording(SessionReader& reader, Dialect dialect, const std::string& out,
                                  const ExportOptions& options);

}  // namespace ktape
