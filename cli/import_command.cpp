#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/base/sha256.hpp"
#include "import/archive.hpp"
#include "import/kraken_trades.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string input;
  std::string output;
  std::string format;
  std::string dialect;
  std::string symbol;
  int level = 9;
};

Result<ArchiveOptions> archive_options(const Options& options) {
  ArchiveOptions archive;
  if (!options.format.empty()) {
    archive.format = parse_archive_format(options.format);
    if (!archive.format) {
      return fail(Errc::InvalidArgument,
                  fmt::format("'{}' is no archive format: cbcap, cryptofeed, jsonl, json or kraken-trades expected",
                              options.format));
    }
  }
  if (!options.dialect.empty()) {
    archive.dialect = parse_dialect(options.dialect);
    if (!archive.dialect) {
      return fail(Errc::InvalidArgument,
                  fmt::format("'{}' is no dialect: spot-v2, spot-v1 or futures-v1 expected", options.dialect));
    }
  }
  archive.symbol = options.symbol.empty() ? symbol_of_trades_file(options.input).value_or("") : options.symbol;
  return archive;
}

int run(const Options& options) {
  const auto how = archive_options(options);
  if (!how) return report(how.error());
  auto text = read_archive_file(options.input);
  if (!text) return report(text.error());
  // The same archive always becomes the same recording.
  const std::string identity = sha256_hex(*text);
  auto archive = open_archive(std::move(*text), *how);
  if (!archive) return report({archive.error().code, fmt::format("{}: {}", options.input, archive.error().detail)});

  auto frame = (*archive)->next();
  if (!frame) return report({frame.error().code, fmt::format("{}: {}", options.input, frame.error().detail)});
  NewRecording recording{.path = options.output, .info = {}, .options = {}};
  recording.info.session_id = identity.substr(0, 32);
  recording.info.salt = std::stoull(identity.substr(32, 16), nullptr, 16);
  recording.info.created_at = *frame ? (*frame)->at : Timestamp{};
  recording.info.writer = kWriter;
  recording.info.dialect = to_string((*archive)->dialect());
  recording.info.description = fmt::format("imported from {}{}", to_string((*archive)->format()),
                                           (*archive)->has_receive_times() ? "" : "; the archive has no receive times");
  if (!(*archive)->notes().empty()) recording.info.description += fmt::format("; {}", (*archive)->notes());
  recording.options.compression_level = options.level;
  recording.options.redaction = Redaction::Secrets;
  // Pseudonyms must be stable from run to run, and an archive is public: no secret key is needed.
  std::copy_n(identity.begin(), std::min(identity.size(), recording.options.redaction_key.size()),
              recording.options.redaction_key.begin());
  auto writer = create_recording(std::move(recording));
  if (!writer) return report(writer.error());

  // What was read before an error in the archive is kept, and sealed.
  std::optional<Error> broken;
  Progress progress;
  while (*frame) {
    (*writer)->on_frame(**frame);
    if (progress.due()) progress.show(fmt::format("importing: {} frames", grouped((*writer)->frames())));
    frame = (*archive)->next();
    if (!frame) {
      broken = frame.error();
      break;
    }
  }
  if (auto finished = (*writer)->finish(); !finished) return report(finished.error());
  say(fmt::format("{}: {} frames of {} from {}, {}", options.output, grouped((*writer)->frames()),
                  to_string((*archive)->dialect()), to_string((*archive)->format()),
                  bytes_text((*writer)->stored_bytes())));
  if ((*archive)->format() == ArchiveFormat::KrakenTrades) say(std::string((*archive)->notes()));
  if (broken) {
    report({broken->code, fmt::format("{}: {}; what stands before was imported", options.input, broken->detail)});
    return kIncomplete;
  }
  return kClean;
}

}  // namespace

void add_import(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("import", "Turns an archive of others into a recording");
  command->footer(
      "Example: ktape import kraken_btcusd.cbcap.zst -o btcusd.ktape\nzstd is unpacked by itself. Of Kraken's\n"
      "downloadable trades (XBTUSD.csv) the description of the recording says what had to be invented.");
  command->add_option("INPUT", options->input, "The archive")->required();
  command->add_option("-o,--output", options->output, "The recording to make; must not exist")->required();
  command->add_option("--format", options->format,
                      "cbcap, cryptofeed, jsonl, json or kraken-trades [guessed from the content]");
  command->add_option("--dialect", options->dialect, "spot-v2, spot-v1 or futures-v1 [guessed from the content]");
  command->add_option("--symbol", options->symbol,
                      "kraken-trades: the pair, such as BTC/USD [from the file's name, where that is clear]");
  command->add_option("--level", options->level, "zstd level")->check(CLI::Range(1, 19))->capture_default_str();
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
