#include "export/exporter.hpp"

#include <memory>

#include <fmt/format.h>

#include "core/market/event_text.hpp"
#include "export/partial_output.hpp"
#include "export/sqlite_file.hpp"
#include "inspect/frame_text.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"

namespace ktape {
namespace {

std::vector<Table> wanted_tables(const ExportOptions& options) {
  if (options.table) return {*options.table};
  std::vector<Table> all;
  for (std::size_t i = 0; i < kTables; ++i) all.push_back(static_cast<Table>(i));
  return all;
}

// Counts the rows of the tables that are wanted, and hands them on.
class CountedRows final : public RowSink {
 public:
  CountedRows(Exported& exported, const ExportOptions& options, RowSink& next)
      : exported_(exported), options_(options), next_(next) {}
  void on_row(Table table, std::span<const Cell> cells) override {
    if (options_.table && *options_.table != table) return;
    ++exported_.rows.at(static_cast<std::size_t>(table));
    next_.on_row(table, cells);
  }

 private:
  Exported& exported_;
  const ExportOptions& options_;
  RowSink& next_;
};

// A file for each table, in a folder; or one table in one file.
class CsvFiles final : public RowSink {
 public:
  static Result<std::unique_ptr<CsvFiles>> create(const std::string& path, const ExportOptions& options) {
    auto files = std::make_unique<CsvFiles>();
    for (const Table table : wanted_tables(options)) {
      auto file = BufferedFile::create(options.table ? path : fmt::format("{}/{}.csv", path, to_string(table)));
      if (!file) return tl::unexpected<Error>(file.error());
      std::string header;
      for (const Column& column : columns_of(table))
        header += fmt::format("{}{}", header.empty() ? "" : ",", column.name);
      file->write(header + "\n");
      files->files_.at(static_cast<std::size_t>(table)).emplace(std::move(*file));
    }
    return files;
  }

  void on_row(Table table, std::span<const Cell> cells) override {
    line_.clear();
    for (const Cell& cell : cells) {
      if (&cell != cells.data()) line_.push_back(',');
      if (const auto* number = std::get_if<std::int64_t>(&cell)) line_ += fmt::format_int(*number).c_str();
      if (const auto* text = std::get_if<std::string_view>(&cell)) append_csv_cell(line_, *text);
    }
    line_.push_back('\n');
    files_.at(static_cast<std::size_t>(table))->write(line_);
  }

  Result<void> status() const {
    for (const auto& file : files_) {
      if (file && !file->status()) return file->status();
    }
    return {};
  }
  Result<void> finish() {
    for (auto& file : files_) {
      if (!file) continue;
      if (auto done = file->close(); !done) return done;
    }
    return {};
  }

 private:
  std::array<std::optional<BufferedFile>, kTables> files_;
  std::string line_;
};

// The table that an event would be a row of.
std::optional<Table> table_of(const Event& event) {
  if (std::holds_alternative<Trade>(event)) return Table::Trades;
  if (std::holds_alternative<BookSnapshot>(event) || std::holds_alternative<BookUpdate>(event))
    return Table::BookLevels;
  if (std::holds_alternative<Candle>(event)) return Table::Candles;
  if (std::holds_alternative<Ticker>(event)) return Table::Tickers;
  if (std::holds_alternative<TradeGap>(event)) return Table::Gaps;
  return std::nullopt;
}

class JsonLines {
 public:
  JsonLines(BufferedFile file, const Clock& clock, Exported& exported, const ExportOptions& options)
      : file_(std::move(file)), clock_(clock), exported_(exported), options_(options) {}

  EventSink& of(ConnectionId connection) { return *sinks_.emplace_back(std::make_unique<Sink>(*this, connection)); }
  Result<void> status() const { return file_.status(); }
  Result<void> finish() { return file_.close(); }

 private:
  class Sink final : public EventSink {
   public:
    Sink(JsonLines& lines, ConnectionId connection) : lines_(lines), connection_(connection) {}
    void on_event(const Event& event) override { lines_.write(connection_, event); }

   private:
    JsonLines& lines_;
    ConnectionId connection_;
  };

  void write(ConnectionId connection, const Event& event) {
    const auto table = table_of(event);
    if (options_.table && options_.table != table) return;
    if (table) ++exported_.rows.at(static_cast<std::size_t>(*table));
    ++exported_.events;
    line_.clear();
    append_event_text(line_, clock_.now(), static_cast<std::uint32_t>(connection), event);
    line_.push_back('\n');
    file_.write(line_);
  }

  BufferedFile file_;
  const Clock& clock_;
  Exported& exported_;
  const ExportOptions& options_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::string line_;
};

class CountedFrames final : public FrameSink {
 public:
  explicit CountedFrames(FrameSink& next) : next_(next) {}
  void on_frame(const Frame& frame) override {
    payload_bytes_ += frame.payload.size();
    next_.on_frame(frame);
  }
  std::uint64_t payload_bytes() const { return payload_bytes_; }

 private:
  FrameSink& next_;
  std::uint64_t payload_bytes_ = 0;
};

// Plays everything. `status` is asked now and then, so that a full disk ends the work early.
template <class Status>
Result<void> play(SessionReader& reader, VirtualClock& clock, Dialect dialect, const RecordedClients::SinkOf& sink_of,
                  const ExportOptions& options, Status status) {
  RecordedClients clients(dialect, clock, sink_of, {.candles = {.intervals = options.candles}});
  CountedFrames frames(clients);
  Player player(reader, clock, frames);
  constexpr std::uint64_t kLookEvery = 1024;
  for (;;) {
    const auto stepped = player.step();
    if (!stepped) return tl::unexpected<Error>(stepped.error());
    if (!*stepped) return status();
    if (player.frames() % kLookEvery != 0) continue;
    if (auto fine = status(); !fine) return fine;
    if (options.progress && !options.progress(frames.payload_bytes()))
      return fail(Errc::Io, "interrupted: nothing was made");
  }
}

std::vector<std::pair<std::string, std::string>> meta(SessionReader& reader, const ExportOptions& options,
                                                      const Exported& exported) {
  const SessionInfo& info = reader.info();
  std::vector<std::pair<std::string, std::string>> all{
      {"exporter", options.exporter},
      {"recording", options.source},
      {"session", info.session_id},
      {"segment", std::to_string(info.segment)},
      {"writer", info.writer},
      {"dialect", info.dialect},
      {"description", info.description},
      {"redaction", info.redaction},
      {"state", std::string(to_string(reader.state()))},
      {"times", "nanoseconds since 1970-01-01T00:00:00Z; at: received"},
      {"prices", "text as on the wire; price_e10 = price * 10^10, quantity_e8 = quantity * 10^8, NULL if not exact"},
  };
  if (const auto summary = reader.summary(); summary && summary->first_at) {
    all.emplace_back("first_at", std::to_string(nanoseconds(*summary->first_at)));
    all.emplace_back("last_at", std::to_string(nanoseconds(*summary->last_at)));
    all.emplace_back("frames", std::to_string(summary->frames));
  }
  for (const Table table : wanted_tables(options)) {
    all.emplace_back(fmt::format("rows.{}", to_string(table)),
                     std::to_string(exported.rows.at(static_cast<std::size_t>(table))));
  }
  return all;
}

// Rows of both kinds of output that have tables.
template <class Rows, class Status>
Result<void> play_tables(SessionReader& reader, Dialect dialect, const ExportOptions& options, Exported& exported,
                         Rows& rows, Status status) {
  VirtualClock clock(Timestamp::min());
  CountedRows counted(exported, options, rows);
  EventTables tables(clock, counted);
  auto played = play(
      reader, clock, dialect, [&](ConnectionId connection) -> EventSink& { return tables.of(connection); }, options,
      status);
  // Damage is known only after everything was read.
  for (const Gap& gap : reader.gaps()) tables.add(gap);
  return played ? status() : played;
}

Result<void> write_to(const std::string& path, SessionReader& reader, Dialect dialect, const ExportOptions& options,
                      Exported& exported) {
  if (options.format == ExportFormat::JsonLines) {
    auto file = BufferedFile::create(path);
    if (!file) return tl::unexpected<Error>(file.error());
    VirtualClock clock(Timestamp::min());
    JsonLines lines(std::move(*file), clock, exported, options);
    auto played = play(
        reader, clock, dialect, [&](ConnectionId connection) -> EventSink& { return lines.of(connection); }, options,
        [&] { return lines.status(); });
    return played ? lines.finish() : played;
  }
  if (options.format == ExportFormat::Csv) {
    auto files = CsvFiles::create(path, options);
    if (!files) return tl::unexpected<Error>(files.error());
    auto played = play_tables(reader, dialect, options, exported, **files, [&] { return (*files)->status(); });
    return played ? (*files)->finish() : played;
  }
  auto database = SqliteFile::create(path, wanted_tables(options));
  if (!database) return tl::unexpected<Error>(database.error());
  auto played = play_tables(reader, dialect, options, exported, **database, [&] { return (*database)->status(); });
  return played ? (*database)->finish(meta(reader, options, exported)) : played;
}

}  // namespace

std::optional<ExportFormat> parse_export_format(std::string_view name) {
  if (name == "jsonl") return ExportFormat::JsonLines;
  if (name == "csv") return ExportFormat::Csv;
  if (name == "sqlite") return ExportFormat::Sqlite;
  return std::nullopt;
}

Result<Exported> export_recording(SessionReader& reader, Dialect dialect, const std::string& out,
                                  const ExportOptions& options) {
  const bool folder = options.format == ExportFormat::Csv && !options.table;
  auto output = PartialOutput::create(out, folder ? PartialOutput::Kind::Folder : PartialOutput::Kind::File);
  if (!output) return tl::unexpected<Error>(output.error());
  Exported exported;
  auto written = write_to(output->partial_path(), reader, dialect, options, exported);
  if (!written) return tl::unexpected<Error>(written.error());
  if (auto published = output->publish(); !published) return tl::unexpected<Error>(published.error());
  return exported;
}

}  // namespace ktape
