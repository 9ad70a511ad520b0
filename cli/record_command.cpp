#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/record/config.hpp"
#include "cli/record/recorder_run.hpp"
#include "cli/record/settings.hpp"
#include "cli/record/summary.hpp"
#include "cli/text_output.hpp"

namespace ktape::cli {
namespace {

struct Options {
  Settings given;
  std::string file;
  bool print = false;
};

int run(const Options& options) {
  SettingsFile file;
  if (!options.file.empty()) {
    auto read = read_settings(options.file);
    if (!read) return report(read.error());
    file = std::move(*read);
  }
  const EffectiveSettings settings = effective(options.given, file);
  const auto config = make_config(settings);
  if (!config) return report(config.error());
  if (options.print) {
    put(to_yaml(settings));
    return kClean;
  }
  forbid_core_dumps();
  auto recorder = RecorderRun::create(*config);
  if (!recorder) return report(recorder.error());
  const RunResult result = (*recorder)->run();

  int code = kFailed;
  if (!result.error && result.connected_ever) code = is_whole(result) ? kClean : kIncomplete;
  if (result.error) {
    // An error of the run is none of the command line.
    say(fmt::format("ktape: {}", result.error->detail));
  } else if (result.connected_ever) {
    say(summary_text(*config, result));
  }
  if (config->json) put(summary_json(result, code));
  return code;
}

// Each setting as an option, whose text is kept for later.
void add_settings(CLI::App& command, Settings& given) {
  for (const SettingKey& key : setting_keys()) {
    const std::string name = fmt::format("--{}", key.name);
    const std::string names = key.name == "output" ? "-o," + name : name;
    const auto keep = [&given, &key, name](const std::string& text) {
      given.insert_or_assign(std::string(key.name), from_text(key, text, name));
    };
    if (key.kind == SettingKind::Flag) {
      command.add_flag_callback(
          names, [keep] { keep("true"); }, std::string(key.help));
      continue;
    }
    CLI::Option* const option = command.add_option_function<std::string>(names, keep, std::string(key.help));
    if (!key.standard.empty()) option->default_str(std::string(key.standard));
  }
}

}  // namespace

void add_record(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("record", "Records a live session, every message both ways");
  command->footer(
      "Example: ktape record --symbols BTC/USD,ETH/USD --channels book,trade --depth 25 -o session.ktape\n"
      "Ctrl-C ends the recording and seals it; SIGHUP begins another segment, SIGUSR1 writes a snapshot.\n"
      "After a crash the file and its .journal together hold every message.\n"
      "Exit code 3: something was refused, a checksum or the numbers of a book of Futures failed, trades are missing,\n"
      "or frames were dropped.");
  add_settings(*command, options->given);
  command->add_option("--config", options->file, "Read settings from this YAML file; the command line wins");
  command->add_flag("--print-config", options->print, "Print the settings that hold, as such a file, and end");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
