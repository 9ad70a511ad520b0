#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/file_work.hpp"
#include "cli/progress.hpp"
#include "cli/recordings.hpp"
#include "cli/text_output.hpp"
#include "core/base/json_text.hpp"
#include "inspect/overview.hpp"
#include "inspect/verification.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::vector<std::string> files;
  bool json = false;
};

void line(std::string_view name, std::string_view value) { put(fmt::format("{:<16} {}\n", name, value)); }

// What the numbers of a check count.
std::string in_words(const Verification& found, const Check& check) {
  const std::string asked = grouped(check.asked);
  const std::string failed = grouped(check.failed);
  if (check.name == kCheckStorage) return fmt::format("{} chunks checked, {} places damaged", asked, failed);
  if (check.name == kCheckMessages) {
    return fmt::format("{}, {} not understood, {} unknown fields", asked, failed, grouped(found.fields_unknown));
  }
  if (check.name == kCheckTrades) return fmt::format("{} trades, {} holes in their ids", asked, failed);
  if (check.name == kCheckCandles) return fmt::format("{} compared with trades, {} differ", asked, failed);
  if (check.name == kCheckSecrets) return fmt::format("{} frames searched, {} secrets found", asked, failed);
  return fmt::format("{} checked, {} failed", asked, failed);
}

void print_text(const std::string& file, const Verification& found) {
  line("file", file);
  line("state", to_string(found.state));
  line("frames", found.keyframe_frames == 0 ? grouped(found.frames)
                                            : fmt::format("{}, and {} made for the state at the beginning",
                                                          grouped(found.frames), grouped(found.keyframe_frames)));
  for (const Check& check : found.checks) {
    line(check.name, check.not_checked.empty() ? in_words(found, check) : "not checked: " + check.not_checked);
  }
  line("gaps", found.gaps.empty() ? "none" : grouped(found.gaps.size()));
  for (const Gap& gap : found.gaps) put(fmt::format("  {}\n", gap_text(gap)));
  put_notes(found.annotations);
  if (!found.findings.empty()) line("findings", grouped(found.findings.size() + found.findings_left_out));
  for (const Finding& finding : found.findings) {
    put(fmt::format(
        "  {} frame {}{}: {}\n", format_rfc3339(finding.at), grouped(finding.frame),
        finding.connection ? fmt::format(", connection {}", static_cast<std::uint32_t>(*finding.connection)) : "",
        finding.what));
  }
  if (found.findings_left_out > 0) put(fmt::format("  and {} more\n", grouped(found.findings_left_out)));
  constexpr std::string_view kVerdicts[] = {"sound", "incomplete", "wrong"};
  line("verdict", kVerdicts[static_cast<std::size_t>(found.verdict)]);
}

int exit_code(Verdict verdict) {
  switch (verdict) {
    case Verdict::Sound:
      return kClean;
    case Verdict::Incomplete:
      return kIncomplete;
    case Verdict::Wrong:
      return kFailed;
  }
  return kFailed;
}

// What one file comes to; appended to `json` or printed.
Result<int> verify(const Options& options, const std::string& file, std::string& json) {
  auto reader = open_recording(file);
  if (!reader) return tl::unexpected<Error>(reader.error());
  const auto summary = (*reader)->summary();
  if (!summary) return tl::unexpected<Error>(summary.error());
  WorkProgress progress("verifying " + file, summary->payload_bytes);
  VerifyOptions how;
  how.progress = [&](std::uint64_t payload_bytes) { progress(payload_bytes); };
  const auto found = verify_recording(**reader, how);
  if (!found) return tl::unexpected<Error>({found.error().code, fmt::format("{}: {}", file, found.error().detail)});
  if (options.json) {
    if (options.files.size() > 1) {
      json += R"({"file":)";
      append_json_string(json, file);
      json += R"(,"result":)";
    }
    append_verification_json(json, *found);
    json += options.files.size() > 1 ? "}" : "";
  } else {
    print_text(file, *found);
  }
  return exit_code(found->verdict);
}

// The worst is what counts: wrong, then incomplete. A file that cannot be read does not keep the others from being
// checked.
int run(const Options& options) {
  int worst = kClean;
  std::string json;
  bool first = true;
  for (const std::string& file : options.files) {
    if (!first) options.json ? json.push_back(',') : static_cast<void>(put("\n"));
    const std::size_t before = json.size();
    const auto code = verify(options, file, json);
    first = false;
    int one = kClean;
    if (code) {
      one = *code;
    } else {
      flush_output();
      one = report(code.error());
      json.resize(before);
      if (json.ends_with(',')) json.pop_back();
      first = json.empty();
    }
    if (worst != kFailed && one != kClean) worst = one;
  }
  if (options.json && options.files.size() > 1) json = "[" + json + "]";
  if (options.json && !json.empty()) put(json + "\n");
  return worst;
}

}  // namespace

void add_verify(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("verify", "Checks every byte, message, checksum, trade id and candle");
  command->footer(
      "Example: ktape verify session.ktape --json\n"
      "Also looks for secrets that should have been replaced. What was not checked is said, with the reason.\n"
      "Exit code 0: all is well. 1: a checksum or a candle is wrong though nothing is missing, a message is not\n"
      "understood, or a secret was found. 3: something is missing, or the messages are of a protocol that this\n"
      "version does not decode.");
  command->add_option("FILE", options->files, "The recordings")->required();
  command->add_flag("--json", options->json, "One JSON object; of several files a list of them");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
