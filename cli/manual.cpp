#include <algorithm>

#include <fmt/format.h>

#include "cli/command_tree.hpp"
#include "cli/program_text.hpp"

namespace ktape::cli {
namespace {

// Text of a manual page: backslashes and hyphens stand for themselves, and no line is taken for a request.
std::string roff(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out.push_back(c);
    }
    line_begins = c == '\n';
  }
  return out;
}

std::string heading(std::string_view page, std::string_view version) {
  std::string name(page);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return fmt::format(".TH {} 1 \"\" \"{}\" \"User Commands\"\n", roff(name), roff(version));
}

std::string option_entry(const OptionText& option) {
  std::string names;
  for (const std::string& name : option.names)
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", roff(name));
  if (option.takes_value) names += " \\fIVALUE\\fR";
  std::string out = fmt::format(".TP\n{}\n{}", names, roff(option.description));
  if (!option.default_value.empty()) out += roff(fmt::format(" (default: {})", option.default_value));
  return out + (option.required ? " (required)\n" : "\n");
}

std::string synopsis(const CommandText& command) {
  std::string out = fmt::format(".SH SYNOPSIS\n\\fBktape {}\\fR", roff(command.name));
  for (const OptionText& option : command.options) {
    if (option.required) out += fmt::format(" \\fB{}\\fR \\fIVALUE\\fR", roff(option.names.front()));
  }
  out += " [\\fIOPTIONS\\fR]";
  for (const OptionText& positional : command.positionals) {
    const std::string name =
        fmt::format("\\fI{}\\fR{}", roff(positional.names.front()), positional.several ? " ..." : "");
    out += positional.required ? " " + name : fmt::format(" [{}]", name);
  }
  return out + "\n";
}

// The lines below the options in --help, line by line: the first is an example.
std::string notes(const CommandText& command) {
  if (command.footer.empty()) return {};
  return fmt::format(".SH NOTES\n.nf\n{}\n.fi\n", roff(command.footer));
}

std::string command_page(const CommandText& command, std::string_view version) {
  const std::string page = "ktape-" + command.name;
  std::string out = heading(page, version);
  out += fmt::format(".SH NAME\n{} \\- {}\n", roff(page), roff(command.description));
  out += synopsis(command);
  out += fmt::format(".SH DESCRIPTION\n{}.\n", roff(command.description));
  if (!command.positionals.empty()) {
    out += ".SH ARGUMENTS\n";
    for (const OptionText& positional : command.positionals) {
      out += fmt::format(".TP\n\\fI{}\\fR\n{}\n", roff(positional.names.front()), roff(positional.description));
    }
  }
  out += ".SH OPTIONS\n";
  for (const OptionText& option : command.options) out += option_entry(option);
  out += notes(command);
  return out + ".SH SEE ALSO\n.BR ktape (1)\n";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> manual_pages(const CLI::App& program, std::string_view version) {
  const CommandText top = describe_command(program);
  const auto commands = describe_commands(program);
  std::string page = heading("ktape", version);
  page += fmt::format(".SH NAME\nktape \\- {}\n", roff(top.description));
  page += ".SH SYNOPSIS\n\\fBktape\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n";
  page += fmt::format(".SH DESCRIPTION\n{}\n.SH COMMANDS\n", roff(top.description));
  for (const CommandText& command : commands) {
    page += fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(command.name), roff(command.description));
  }
  page += ".SH OPTIONS\n";
  for (const OptionText& option : top.options) page += option_entry(option);
  page +=
      ".SH EXIT STATUS\n"
      ".TP\n0\nDone, nothing to object to.\n"
      ".TP\n1\nFailed; or two things that should be equal differ.\n"
      ".TP\n2\nThe command line makes no sense.\n"
      ".TP\n3\nDone, but something is missing from the recording, or damaged.\n"
      ".SH SEE ALSO\n";
  std::vector<std::pair<std::string, std::string>> pages;
  for (const CommandText& command : commands) page += fmt::format(".BR {} (1)\n", roff("ktape-" + command.name));
  pages.emplace_back("ktape", std::move(page));
  for (const CommandText& command : commands)
    pages.emplace_back("ktape-" + command.name, command_page(command, version));
  return pages;
}

}  // namespace ktape::cli
