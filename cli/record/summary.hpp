#pragma once

#include <string>

#include "cli/record/recorder_run.hpp"

namespace ktape::cli {

// What a run has come to, as one line for people, and as one line of JSON for programs.
std::string summary_text(const RecordConfig& config, const RunResult& result);
std::string summary_json(const RunResult& result, int exit_code);

// Whether everything that was asked for is in the recording, as far as one can know.
bool is_whole(const RunResult& result);

}  // namespace ktape::cli
