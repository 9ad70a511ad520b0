#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/text_output.hpp"

namespace {

// One line that says what is wrong, and where help is.
std::string usage_error(const CLI::App* program, const CLI::Error& error) {
  const auto chosen = program->get_subcommands();
  const std::vector<std::string> left = program->remaining();
  const std::string command = chosen.empty() ? "ktape" : "ktape " + chosen.front()->get_name();
  const std::string what =
      chosen.empty() && !left.empty() ? fmt::format("'{}' is no command", left.front()) : std::string(error.what());
  return fmt::format("ktape: {} (`{} --help` tells what there is)\n", what, command);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace ktape::cli;
  CLI::App program{"Records Kraken's websockets, replays what was recorded, and serves it like Kraken.", "ktape"};
  program.set_version_flag("--version", "ktape " KTAPE_VERSION);
  program.require_subcommand(1);
  program.failure_message(usage_error);
  program.get_formatter()->column_width(34);
  Run run;
  add_record(program, run);
  add_replay(program, run);
  add_play(program, run);
  add_serve(program, run);
  add_run(program, run);
  add_info(program, run);
  add_cat(program, run);
  add_state(program, run);
  add_verify(program, run);
  add_diff(program, run);
  add_export(program, run);
  add_cut(program, run);
  add_split(program, run);
  add_merge(program, run);
  add_compact(program, run);
  add_recover(program, run);
  add_scrub(program, run);
  add_book(program, run);
  add_candles(program, run);
  add_import(program, run);
  add_synth(program, run);
  add_completion(program, run);
  add_man(program, run);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? kClean : kUsage;
  }
  try {
    const int code = run();
    return finish_output() ? code : kFailed;
  } catch (const std::exception& error) {
    // What a library throws is caught where it enters; what gets here (out of memory) must still end in a sentence.
    std::fprintf(stderr, "ktape: %s\n", error.what());
    return kFailed;
  }
}
