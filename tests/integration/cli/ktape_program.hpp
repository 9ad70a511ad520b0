#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/places.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace ktape::test {

// What a run of `ktape` has come to.
struct Ended {
  int code = 0;
  std::string output;
  std::string errors;
};

// `ktape` with these arguments.
inline std::vector<std::string> ktape(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), built_program("ktape"));
  return arguments;
}

inline Ended run_ktape(std::vector<std::string> arguments, ProcessOptions options = {}) {
  Process process(ktape(std::move(arguments)), std::move(options));
  const int code = process.exit_code();
  return {code, process.output(), process.errors()};
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(file.good()) << path;
}

// The program refused: with this code, nothing on stdout, and one line on stderr that names all of `named`.
inline ::testing::AssertionResult refuses(const Ended& run, int code, const std::vector<std::string>& named) {
  const auto failure = [&] {
    return ::testing::AssertionFailure() << "exit code " << run.code << ", stdout '" << run.output.substr(0, 300)
                                         << "', stderr '" << run.errors.substr(0, 1000) << "': ";
  };
  if (run.code != code) return failure() << "exit code " << code << " expected";
  if (!run.output.empty()) return failure() << "nothing on stdout expected";
  if (std::count(run.errors.begin(), run.errors.end(), '\n') != 1) return failure() << "one line on stderr expected";
  if (!run.errors.starts_with("ktape: ")) return failure() << "it should say who speaks";
  for (const std::string& name : named) {
    if (run.errors.find(name) == run.errors.npos) return failure() << "'" << name << "' is not named";
  }
  return ::testing::AssertionSuccess();
}

// Makes a synthetic recording in `folder`; the path of it.
inline std::string make_market(const TemporaryFolder& folder, const std::string& duration = "20s",
                               const std::string& symbols = "BTC/USD,ETH/USD") {
  std::string path = folder.file("market.ktape");
  const Ended made =
      run_ktape({"synth", "--seed", "7", "--symbols", symbols, "--duration", duration, "--level", "3", "-o", path});
  EXPECT_EQ(made.code, 0) << made.errors;
  return path;
}

// `ktape serve` with these arguments, on a port of its choice.
class Server {
 public:
  explicit Server(const TemporaryFolder& folder, std::vector<std::string> arguments) : port_(folder.file("port")) {
    std::filesystem::remove(port_);
    arguments.insert(arguments.begin(), "serve");
    arguments.insert(arguments.end(), {"--port-file", port_});
    process.emplace(ktape(std::move(arguments)));
    EXPECT_TRUE(process->says("serving ")) << process->errors();
  }
  std::string url(const std::string& scheme = "ws") const {
    std::string port = read_file(port_);
    return scheme + "://127.0.0.1:" + port.substr(0, port.find('\n')) + "/v2";
  }

  std::optional<Process> process;

 private:
  std::string port_;
};

}  // namespace ktape::test
