#include "cli/command_tree.hpp"

#include <CLI/CLI.hpp>

#include "cli/arguments.hpp"

namespace ktape::cli {
namespace {

// CLI11 shows the members of a set as "TEXT:{text,json,csv}".
std::vector<std::string> choices_of(const std::string& type) {
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return {};
  return split_list(std::string_view(type).substr(open + 1, close - open - 1));
}

}  // namespace

CommandText describe_command(const CLI::App& command) {
  CommandText text{.name = command.get_name(),
                   .description = command.get_description(),
                   .footer = command.get_footer(),
                   .options = {},
                   .positionals = {}};
  for (const CLI::Option* const option : command.get_options()) {
    OptionText one{.names = {},
                   .description = option->get_description(),
                   .choices = choices_of(option->get_type_name()),
                   .default_value = option->get_default_str(),
                   .takes_value = option->get_type_size_max() != 0,
                   .required = option->get_required(),
                   .several = option->get_items_expected_max() > 1};
    if (option->get_positional()) {
      one.names.push_back(option->get_name(true));
      text.positionals.push_back(std::move(one));
      continue;
    }
    for (const std::string& name : option->get_lnames()) one.names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) one.names.push_back("-" + name);
    text.options.push_back(std::move(one));
  }
  return text;
}

std::vector<CommandText> describe_commands(const CLI::App& program) {
  std::vector<CommandText> commands;
  for (const CLI::App* const command : program.get_subcommands({})) commands.push_back(describe_command(*command));
  return commands;
}

}  // namespace ktape::cli
