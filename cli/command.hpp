#pragma once

#include <functional>
#include <string_view>

#include "core/base/result.hpp"

namespace CLI {
class App;
}

namespace ktape::cli {

// The exit codes of every command.
inline constexpr int kClean = 0;
inline constexpr int kFailed = 1;      // or: two things that should be equal differ
inline constexpr int kUsage = 2;       // the command line makes no sense
inline constexpr int kIncomplete = 3;  // done, but something is missing from the recording, or damaged

// The command that the command line has chosen.
using Run = std::function<int()>;

// Each adds its subcommand to the program; when it is chosen, `run` becomes what is to be done.
void add_book(CLI::App& program, Run& run);
void add_candles(CLI::App& program, Run& run);
void add_cat(CLI::App& program, Run& run);
void add_completion(CLI::App& program, Run& run);
void add_diff(CLI::App& program, Run& run);
void add_export(CLI::App& program, Run& run);
void add_compact(CLI::App& program, Run& run);
void add_cut(CLI::App& program, Run& run);
void add_import(CLI::App& program, Run& run);
void add_info(CLI::App& program, Run& run);
void add_man(CLI::App& program, Run& run);
void add_play(CLI::App& program, Run& run);
void add_record(CLI::App& program, Run& run);
void add_merge(CLI::App& program, Run& run);
void add_recover(CLI::App& program, Run& run);
void add_replay(CLI::App& program, Run& run);
void add_run(CLI::App& program, Run& run);
void add_scrub(CLI::App& program, Run& run);
void add_serve(CLI::App& program, Run& run);
void add_split(CLI::App& program, Run& run);
void add_state(CLI::App& program, Run& run);
void add_synth(CLI::App& program, Run& run);
void add_verify(CLI::App& program, Run& run);

// For commands that hold secrets while they run: this process leaves no core file, wherever the machine would put one.
void forbid_core_dumps();

// stdout is data, stderr is talk.
void say(std::string_view line);
// Prints the error; returns the exit code for it.
int report(const Error& error);

}  // namespace ktape::cli
