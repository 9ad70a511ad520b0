#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ktape::cli {

// What the parser of the command line knows, as plain values.
struct OptionText {
  std::vector<std::string> names;  // "--format", "-f", longest form first; of a positional its one name
  std::string description;
  std::vector<std::string> choices;  // all values that it takes, if these are few
  std::string default_value;         // empty: none is told
  bool takes_value = false;
  bool required = false;
  bool several = false;  // a positional that may be repeated
};

struct CommandText {
  std::string name;
  std::string description;
  std::string footer;
  std::vector<OptionText> options;
  std::vector<OptionText> positionals;
};

CommandText describe_command(const CLI::App& command);
// The subcommands of the program, in the order of --help.
std::vector<CommandText> describe_commands(const CLI::App& program);

}  // namespace ktape::cli
