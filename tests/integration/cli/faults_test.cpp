// `ktape serve --faults` and `ktape run --faults`.
#include <gmock/gmock.h>

#include "tests/integration/cli/ktape_program.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;

class FaultsOption : public ::testing::Test {
 protected:
  Ended run_with(const std::string& yaml, std::vector<std::string> more, const std::string& command) {
    const std::string file = folder.file("faults.yaml");
    write_file(file, yaml);
    std::vector<std::string> all{"run", recording, "--faults", file};
    all.insert(all.end(), more.begin(), more.end());
    for (const char* word : {"--", "sh", "-c"}) all.emplace_back(word);
    all.push_back(command);
    return run_ktape(all);
  }

  TemporaryFolder folder;
  std::string recording = make_market(folder, "20s", "BTC/USD");
};

TEST_F(FaultsOption, AreRefusedWithPlaceAndReason) {
  EXPECT_TRUE(refuses(run_with("- kind: explode\n", {}, "true"), 2, {"faults.yaml:1: kind: 'explode' is not one of "}));
  EXPECT_TRUE(refuses(run_with("- {kind: gap, dialect: spot-v2, channel: book}\n", {}, "true"), 2,
                      {"faults.yaml:1: channel: messages of book in spot-v2 have no numbers"}));
  EXPECT_TRUE(refuses(run_ktape({"serve", recording, "--faults", folder.file("nowhere.yaml")}), 1,
                      {"nowhere.yaml", "No such file"}));
  EXPECT_TRUE(refuses(run_ktape({"serve", recording, "--seed", "3"}), 2, {"--seed", "--faults"}));
  write_file(folder.file("tls.yaml"), "- {kind: tls, failure: expired}\n");
  EXPECT_TRUE(refuses(run_ktape({"serve", recording, "--faults", folder.file("tls.yaml")}), 2, {"tls", "--tls"}));
}

TEST_F(FaultsOption, ActOnARecordingThatIsServedAndAreLogged) {
  // As `ktape record` meets them: a checksum that is wrong, then a connection that is closed.
  const std::string record =
      "exec \"$1\" record --url \"$KTAPE_PLAIN_WS_URL\" --channels book --symbols BTC/USD --for 8s "
      "--output \"$2\"";
  const std::string file = folder.file("faults.yaml");
  write_file(file,
             "- {name: spoilt, kind: wrong_checksum, channel: book, after: 5, times: 1}\n"
             "- {name: restart, kind: close, code: 1012, reason: restart, from: 3s, times: 1}\n");
  const std::string heard = folder.file("heard.ktape");
  const Ended ended = run_ktape({"run", recording, "--faults", file, "--seed", "7", "--", "sh", "-c", record, "sh",
                                 built_program("ktape"), heard});
  EXPECT_THAT(ended.errors, HasSubstr("fault 'spoilt' (wrong_checksum) on connection 1 (ws://127.0.0.1"));
  EXPECT_THAT(ended.errors, HasSubstr("fault 'restart' (close) on connection "));
  EXPECT_THAT(ended.errors, HasSubstr("update says checksum"));
  EXPECT_THAT(ended.errors, HasSubstr("disconnected: 1012 restart"));
}

}  // namespace
}  // namespace ktape::test
