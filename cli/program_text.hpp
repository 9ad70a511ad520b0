#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

// The program's command line as other programs read it: completions for shells, and manual pages. All of it comes from
// the tree that parses the command line, so nothing can be missing or out of date.
namespace ktape::cli {

std::string bash_completion(const CLI::App& program);
std::string zsh_completion(const CLI::App& program);
std::string fish_completion(const CLI::App& program);

// Name ("ktape", "ktape-cat") and text (roff, for `man`) of every page, that of the program first.
std::vector<std::pair<std::string, std::string>> manual_pages(const CLI::App& program, std::string_view version);

}  // namespace ktape::cli
