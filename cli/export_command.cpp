#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/interruption.hpp"
#include "cli/progress.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "export/exporter.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string file;
  std::string to;
  std::string output;
  std::string table;
  std::string candles;
};

int run(const Options& options) {
  ExportOptions how{.format = parse_export_format(options.to).value_or(ExportFormat::JsonLines)};
  if (!options.table.empty()) how.table = parse_table(options.table);
  const auto candles = parse_intervals(options.candles);
  if (!candles) return report(in_option("--candles", candles.error()));
  how.candles = *candles;
  how.exporter = kWriter;
  how.source = options.file;

  auto reader = open_recording(options.file);
  if (!reader) return report(reader.error());
  const auto dialect = dialect_of((*reader)->info());
  if (!dialect) return report(dialect.error());
  if (auto decodes = require_codec(*dialect); !decodes) return report(decodes.error());
  const Interruption interruption;
  const auto summary = (*reader)->summary();
  if (!summary) return report(summary.error());
  WorkProgress progress("exporting", summary->payload_bytes);
  how.progress = [&](std::uint64_t payload_bytes) {
    progress(payload_bytes);
    return !interruption.requested();
  };
  const auto exported = export_recording(**reader, *dialect, options.output, how);
  if (!exported) return report(exported.error());
  std::string rows;
  for (std::size_t i = 0; i < kTables; ++i) {
    if (how.table && *how.table != static_cast<Table>(i)) continue;
    rows += fmt::format("{}{} {}", rows.empty() ? "" : ", ", grouped(exported->rows.at(i)),
                        to_string(static_cast<Table>(i)));
  }
  if (how.format == ExportFormat::JsonLines) rows = fmt::format("{} events", grouped(exported->events));
  say(fmt::format("{}: {}", options.output, rows));
  return tell_what_is_missing(**reader, options.file);
}

}  // namespace

void add_export(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("export", "Writes the events of a recording as tables for other programs");
  command->footer(
      "Example: ktape export session.ktape --to sqlite --candles 1,5 -o session.db\n"
      "jsonl: every event. csv: a folder with a file for each table, or one file with --table. sqlite: all tables.\n"
      "Tables: trades, book_levels, candles, tickers, gaps. Prices and quantities are text, exactly as they came.\n"
      "The output appears when it is whole; an interrupted export leaves none.");
  command->add_option("FILE", options->file, "The recording")->required();
  command->add_option("--to", options->to, "jsonl, csv or sqlite")
      ->required()
      ->check(CLI::IsMember({"jsonl", "csv", "sqlite"}));
  command->add_option("-o,--output", options->output, "What to make; must not exist")->required();
  command->add_option("--table", options->table, "Only this table")
      ->check(CLI::IsMember({"trades", "book_levels", "candles", "tickers", "gaps"}));
  command->add_option("--candles", options->candles, "Build candles of these minutes from the trades (1,5,60)");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
