#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/program_text.hpp"
#include "cli/text_output.hpp"

namespace ktape::cli {
namespace {

Result<void> write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  return file ? Result<void>() : fail(Errc::Io, fmt::format("cannot write {}", path));
}

struct CompletionOptions {
  std::string shell;
  std::string output;
};

int run_completion(const CLI::App& program, const CompletionOptions& options) {
  const std::string text = options.shell == "bash"  ? bash_completion(program)
                           : options.shell == "zsh" ? zsh_completion(program)
                                                    : fish_completion(program);
  if (options.output.empty()) {
    put(text);
    return kClean;
  }
  const auto written = write_text(options.output, text);
  return written ? kClean : report(written.error());
}

struct ManualOptions {
  std::string command;
  std::string output;
};

int run_manual(const CLI::App& program, const ManualOptions& options) {
  const auto pages = manual_pages(program, "ktape " KTAPE_VERSION);
  if (options.output.empty()) {
    const std::string wanted = options.command.empty() ? "ktape" : "ktape-" + options.command;
    const auto page = std::find_if(pages.begin(), pages.end(), [&](const auto& one) { return one.first == wanted; });
    if (page == pages.end()) {
      return report({Errc::InvalidArgument, fmt::format("'{}' is no command that has a page", options.command)});
    }
    put(page->second);
    return kClean;
  }
  std::error_code failed;
  std::filesystem::create_directories(options.output, failed);
  for (const auto& [name, text] : pages) {
    const auto written = write_text(fmt::format("{}/{}.1", options.output, name), text);
    if (!written) return report(written.error());
  }
  return kClean;
}

}  // namespace

void add_completion(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<CompletionOptions>();
  CLI::App* command = program.add_subcommand("completion", "Prints what makes a shell complete this command line");
  command->footer(
      "Example: ktape completion bash >~/.local/share/bash-completion/completions/ktape\n"
      "zsh: into a folder of $fpath as _ktape. fish: into ~/.config/fish/completions as ktape.fish.");
  command->add_option("SHELL", options->shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->add_option("-o,--output", options->output, "Write it into this file");
  command->callback([options, &program, &run_later] {
    run_later = [options, &program] { return run_completion(program, *options); };
  });
}

void add_man(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<ManualOptions>();
  CLI::App* command = program.add_subcommand("man", "Prints the manual page of the program, or of a command");
  command->footer("Example: ktape man cat | man -l -\nOnce installed, `man ktape-cat` shows the same.");
  auto* of = command->add_option("COMMAND", options->command, "Whose page [that of the program]");
  command->add_option("-o,--output", options->output, "Write all pages into this folder")->excludes(of);
  command->callback(
      [options, &program, &run_later] { run_later = [options, &program] { return run_manual(program, *options); }; });
}

}  // namespace ktape::cli
