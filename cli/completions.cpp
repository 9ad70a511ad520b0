#include <fmt/format.h>

#include "cli/command_tree.hpp"
#include "cli/program_text.hpp"

namespace ktape::cli {
namespace {

std::string with(std::string text, std::string_view what, std::string_view instead) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + instead.size())) {
    text.replace(at, what.size(), instead);
  }
  return text;
}

// A word in single quotes, for all three shells.
std::string quoted(const std::string& text) { return "'" + with(text, "'", R"('\'')") + "'"; }

std::string all_names(const std::vector<OptionText>& options) {
  std::string names;
  for (const OptionText& option : options) {
    for (const std::string& name : option.names) names += (names.empty() ? "" : " ") + name;
  }
  return names;
}

// The cases of a shell's `case $prev in` for options that take a value: their choices, or nothing, after which the
// shell offers files.
std::string bash_values(const CommandText& command) {
  std::string cases;
  for (const OptionText& option : command.options) {
    if (!option.takes_value) continue;
    cases += fmt::format("        {}) words={} value=yes ;;\n", fmt::join(option.names, "|"),
                         quoted(fmt::format("{}", fmt::join(option.choices, " "))));
  }
  return cases;
}

// zsh gives brackets and colons in descriptions a meaning.
std::string zsh_text(std::string text) {
  for (const std::string_view special : {"\\", "[", "]", ":"}) text = with(text, special, "\\" + std::string(special));
  return text;
}

std::string zsh_arguments(const CommandText& command) {
  std::string lines;
  const auto line = [&](const std::string& text) { lines += " \\\n        " + quoted(text); };
  for (const OptionText& option : command.options) {
    for (const std::string& name : option.names) {
      std::string value;
      if (option.takes_value) {
        value = ":value:" + (option.choices.empty() ? "_files" : fmt::format("({})", fmt::join(option.choices, " ")));
      }
      line(fmt::format("{}[{}]{}", name, zsh_text(option.description), value));
    }
  }
  for (const OptionText& positional : command.positionals) {
    const std::string action =
        positional.choices.empty() ? "_files" : fmt::format("({})", fmt::join(positional.choices, " "));
    line(fmt::format("{}:{}:{}", positional.several ? "*" : "", zsh_text(positional.names.front()), action));
  }
  return lines;
}

}  // namespace

std::string bash_completion(const CLI::App& program) {
  const CommandText top = describe_command(program);
  const auto commands = describe_commands(program);
  std::string names = all_names(top.options);
  for (const CommandText& command : commands) names += " " + command.name;
  std::string out = fmt::format(
      "# bash completion for ktape; made by `ktape completion bash`\n"
      "_ktape() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command= words= value= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${{COMP_WORDS[i]}} in\n"
      "      -*) ;;\n"
      "      *) command=${{COMP_WORDS[i]}}; break ;;\n"
      "    esac\n"
      "  done\n"
      "  case $command in\n"
      "    '') words={} value=yes ;;\n",
      quoted(names));
  for (const CommandText& command : commands) {
    std::string positional_choices;
    for (const OptionText& positional : command.positionals) {
      for (const std::string& choice : positional.choices) positional_choices += " " + choice;
    }
    out += fmt::format(
        "    {})\n"
        "      case $previous in\n"
        "{}"
        "        *) words={} ;;\n"
        "      esac ;;\n",
        command.name, bash_values(command), quoted(all_names(command.options) + positional_choices));
    if (!positional_choices.empty()) out.insert(out.rfind(" ;;\n      esac"), " value=yes");
  }
  out +=
      "  esac\n"
      "  COMPREPLY=()\n"
      "  # Without words of its own the shell completes the name of a file.\n"
      "  if [[ $value || $current == -* ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$current\")); fi\n"
      "}\n"
      "complete -o default -F _ktape ktape\n";
  return out;
}

std::string zsh_completion(const CLI::App& program) {
  std::string out =
      "#compdef ktape\n"
      "# zsh completion for ktape; made by `ktape completion zsh`\n"
      "_ktape() {\n"
      "  local state line\n"
      "  local -a commands=(\n";
  const auto commands = describe_commands(program);
  for (const CommandText& command : commands) {
    out += "    " + quoted(command.name + ":" + with(command.description, ":", "\\:")) + "\n";
  }
  CommandText top = describe_command(program);
  top.positionals.clear();
  out += "  )\n  _arguments -C" + zsh_arguments(top) +
         " \\\n        '1:command:->command' \\\n        '*::argument:->argument'\n"
         "  case $state in\n"
         "    command) _describe command commands ;;\n"
         "    argument)\n"
         "      case $line[1] in\n";
  for (const CommandText& command : commands) {
    out += fmt::format("        {}) _arguments{} ;;\n", command.name, zsh_arguments(command));
  }
  out +=
      "      esac ;;\n"
      "  esac\n"
      "}\n"
      "_ktape \"$@\"\n";
  return out;
}

std::string fish_completion(const CLI::App& program) {
  std::string out = "# fish completion for ktape; made by `ktape completion fish`\n";
  const auto option_line = [&](const std::string& condition, const OptionText& option) {
    out += fmt::format("complete -c ktape -n {}", quoted(condition));
    for (const std::string& name : option.names) {
      out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (option.takes_value && option.choices.empty()) out += " -r";
    if (option.takes_value && !option.choices.empty()) {
      out += " -x -a " + quoted(fmt::format("{}", fmt::join(option.choices, " ")));
    }
    out += " -d " + quoted(option.description) + "\n";
  };
  for (const OptionText& option : describe_command(program).options) option_line("__fish_use_subcommand", option);
  for (const CommandText& command : describe_commands(program)) {
    out += fmt::format("complete -c ktape -f -n __fish_use_subcommand -a {} -d {}\n", command.name,
                       quoted(command.description));
    const std::string condition = "__fish_seen_subcommand_from " + command.name;
    for (const OptionText& option : command.options) option_line(condition, option);
    for (const OptionText& positional : command.positionals) {
      if (positional.choices.empty()) continue;
      out += fmt::format("complete -c ktape -f -n {} -a {}\n", quoted(condition),
                         quoted(fmt::format("{}", fmt::join(positional.choices, " "))));
    }
  }
  return out;
}

}  // namespace ktape::cli
