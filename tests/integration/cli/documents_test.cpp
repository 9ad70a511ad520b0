// The manual and the shells' completions know every command and option of the program: what --help tells is the
// witness.
#include <set>

#include <gmock/gmock.h>

#include "tests/integration/cli/ktape_program.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Words = std::vector<std::string>;

// The words of a text that begin with "--".
std::set<std::string> long_options(const std::string& text) {
  std::set<std::string> found;
  for (std::size_t at = text.find("--"); at != text.npos; at = text.find("--", at + 2)) {
    std::size_t end = at + 2;
    while (end < text.size() && ((text[end] >= 'a' && text[end] <= 'z') || text[end] == '-')) ++end;
    if (end > at + 2 && (at == 0 || text[at - 1] == ' ' || text[at - 1] == ','))
      found.insert(text.substr(at, end - at));
  }
  return found;
}

// Only what stands in the list of options, not what the text below it speaks of.
std::string option_list(const std::string& help) {
  const std::size_t begin = help.find("Options:");
  return help.substr(begin, help.find("\nExample:", begin) - begin);
}

Words commands() {
  const std::string help = run_ktape({"--help"}).output;
  std::istringstream lines(help.substr(help.find("Subcommands:")));
  Words found;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    if (line.size() > 2 && line.starts_with("  ") && line[2] != ' ')
      found.push_back(line.substr(2, line.find_first_of(" ,", 2) - 2));  // a comma: other names follow
  }
  return found;
}

std::string completion(const std::string& shell) {
  const Ended run = run_ktape({"completion", shell});
  EXPECT_EQ(run.code, 0) << run.errors;
  return run.output;
}

// A page with roff's escapes undone.
std::string manual(const Words& of) {
  Words arguments{"man"};
  arguments.insert(arguments.end(), of.begin(), of.end());
  const Ended run = run_ktape(arguments);
  EXPECT_EQ(run.code, 0) << run.errors;
  std::string plain;
  for (std::size_t i = 0; i < run.output.size(); ++i) {
    if (run.output[i] != '\\' || run.output[i + 1] != '-') plain.push_back(run.output[i]);
  }
  return plain;
}

TEST(Documents, KnowEveryCommandAndOption) {
  const std::string bash = completion("bash");
  const std::string zsh = completion("zsh");
  const std::string fish = completion("fish");
  const std::string page = manual({});
  const Words all = commands();
  EXPECT_THAT(all, ::testing::IsSupersetOf({"record", "replay", "serve", "info", "cat", "verify", "diff", "export"}));
  for (const std::string& command : all) {
    EXPECT_THAT(page, HasSubstr("\\fB" + command + "\\fR")) << "ktape.1";
    EXPECT_THAT(bash, HasSubstr("    " + command + ")\n"));
    EXPECT_THAT(zsh, HasSubstr("        " + command + ") _arguments"));
    EXPECT_THAT(fish, HasSubstr("-a " + command + " -d "));
    const std::string own = manual({command});
    EXPECT_THAT(own, HasSubstr("ktape-" + command));
    const auto options = long_options(option_list(run_ktape({command, "--help"}).output));
    EXPECT_FALSE(options.empty()) << command;
    for (const std::string& option : options) {
      EXPECT_THAT(own, HasSubstr("\\fB" + option + "\\fR")) << "ktape-" << command << ".1";
      EXPECT_THAT(zsh, HasSubstr("'" + option + "["));
      EXPECT_THAT(bash, HasSubstr(option));
      EXPECT_THAT(fish, HasSubstr("__fish_seen_subcommand_from " + command + "' -l " + option.substr(2))) << command;
    }
  }
}

// What bash offers after these words, the last of them unfinished.
std::string offered(const TemporaryFolder& folder, const Words& words) {
  write_file(folder.file("ktape.bash"), completion("bash"));
  std::string script = "source '" + folder.file("ktape.bash") + "'; COMP_WORDS=(";
  for (const std::string& word : words) script += "'" + word + "' ";
  script += "); COMP_CWORD=" + std::to_string(words.size() - 1) + "; _ktape; echo \"${COMPREPLY[*]}\"";
  Process bash({"/bin/bash", "-c", script});
  EXPECT_EQ(bash.exit_code(), 0) << bash.errors();
  EXPECT_THAT(bash.errors(), IsEmpty());
  return bash.output();
}

TEST(Documents, MakeBashCompleteCommandsOptionsAndValues) {
  const TemporaryFolder folder;
  EXPECT_EQ(offered(folder, {"ktape", "ver"}), "verify\n");
  EXPECT_THAT(offered(folder, {"ktape", ""}), HasSubstr("record replay play serve run"));
  EXPECT_EQ(offered(folder, {"ktape", "cat", "--time"}), "--time-format\n");
  EXPECT_EQ(offered(folder, {"ktape", "cat", "--format", ""}), "text json csv payload\n");
  EXPECT_EQ(offered(folder, {"ktape", "cat", "--format", "p"}), "payload\n");
  EXPECT_EQ(offered(folder, {"ktape", "completion", "z"}), "zsh\n");
  EXPECT_EQ(offered(folder, {"ktape", "cat", "data"}), "\n") << "then bash completes files";
  EXPECT_EQ(offered(folder, {"ktape", "export", "x", "--output", ""}), "\n");
}

TEST(Documents, AreWrittenToAFolder) {
  const TemporaryFolder folder;
  EXPECT_EQ(run_ktape({"man", "--output", folder.file("man1")}).code, 0);
  EXPECT_EQ(read_file(folder.file("man1/ktape-cat.1")), run_ktape({"man", "cat"}).output);
  const auto pages = std::distance(std::filesystem::directory_iterator(folder.file("man1")), {});
  EXPECT_EQ(static_cast<std::size_t>(pages), commands().size() + 1);
  EXPECT_TRUE(refuses(run_ktape({"man", "nosuch"}), 2, {"'nosuch'"}));
  EXPECT_TRUE(refuses(run_ktape({"completion", "tcsh"}), 2, {"tcsh"}));
  EXPECT_TRUE(refuses(run_ktape({"completion", "bash", "-o", folder.file("no/such")}), 1, {"no/such"}));
}

// groff finds nothing to object to; where it is installed.
TEST(Documents, AreWellFormedPages) {
  if (!std::filesystem::exists("/usr/bin/groff")) GTEST_SKIP() << "groff is not installed";
  const TemporaryFolder folder;
  ASSERT_EQ(run_ktape({"man", "--output", folder.file("man1")}).code, 0);
  for (const auto& page : std::filesystem::directory_iterator(folder.file("man1"))) {
    Process groff({"/usr/bin/groff", "-man", "-ww", "-z", page.path().string()});
    EXPECT_EQ(groff.exit_code(), 0);
    EXPECT_THAT(groff.errors(), IsEmpty()) << page.path();
  }
}

}  // namespace
}  // namespace ktape::test
