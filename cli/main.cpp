#include <cstdio>
#include <exception>

#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "cli/text_output.hpp"

int main(int argc, char** argv) {
  using namespace ktape::cli;
  CLI::App program{"Records Kraken's websockets, replays what was recorded, and serves it like Kraken.", "ktape"};
  program.set_version_flag("--version", "ktape " KTAPE_VERSION);
  program.require_subcommand(1);
  program.get_formatter()->column_width(34);
  Run run;
  add_record(program, run);
  add_replay(program, run);
  add_serve(program, run);
  add_info(program, run);
  add_cat(program, run);
  add_verify(program, run);
  add_import(program, run);
  add_synth(program, run);
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
