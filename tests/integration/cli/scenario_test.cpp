// `ktape run` and `ktape serve` with a scenario: exit codes, reports, the journal, and the admin API over sockets.
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "live/http_client.hpp"
#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"
#include "tests/integration/cli/ktape_program.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/network.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ScenarioCommand : public ::testing::Test {
 protected:
  std::string scenario(const std::string& rest) {
    const std::string path = folder.file("s.yaml");
    write_file(path, "name: short\nrecording: market.ktape\nclock: lockstep\n" + rest);
    return path;
  }
  // `ktape run` with our own recorder as the program.
  Ended run_recorder(const std::string& path, std::vector<std::string> options) {
    std::vector<std::string> all{"run", path};
    all.insert(all.end(), options.begin(), options.end());
    const std::string recorder = fmt::format(
        "exec {} record --url $KTAPE_PLAIN_WS_URL --clock server --symbols BTC/USD --channels book,trade -o {}",
        built_program("ktape"), folder.file("seen.ktape"));
    all.insert(all.end(), {"--", "sh", "-c", recorder});
    auto ended = run_ktape(all);
    std::filesystem::remove(folder.file("seen.ktape"));
    return ended;
  }

  TemporaryFolder folder;
  std::string recording = make_market(folder, "20s", "BTC/USD");
};

constexpr const char* kMaintenance = R"(
steps:
  - {name: maintenance, when: {at: 2s}, do: [{engine: maintenance}]}
  - {when: {after: 2s}, do: [end]}
expect:
  - {name: subscribes to a book, message: {method: subscribe, channel: book}, within: 1s}
  - {name: is told of the maintenance, sent: {channel: status, text: '"system":"maintenance"'}, after: {step: {}}}
  - {name: keeps its connection, close: {by: client}, never: true}
)";

TEST_F(ScenarioCommand, AClientThatDoesWhatIsExpectedPassesAndTwoRunsHaveTheSameJournal) {
  const std::string path = scenario(kMaintenance);
  std::vector<std::string> journals;
  for (const char* name : {"first", "second"}) {
    const Ended ended = run_recorder(path, {"--journal", folder.file(name), "--junit", folder.file("junit.xml"),
                                            "--tap", folder.file("report.tap")});
    EXPECT_EQ(ended.code, 0) << ended.errors;
    EXPECT_THAT(ended.errors, HasSubstr("all 3 expectations met"));
    journals.push_back(read_file(folder.file(name)));
  }
  EXPECT_THAT(journals[0], HasSubstr(R"("event":"engine","name":"maintenance")"));
  EXPECT_EQ(journals[0], journals[1]);
  EXPECT_THAT(read_file(folder.file("junit.xml")), HasSubstr(R"(<testsuite name="short" tests="3" failures="0")"));
  EXPECT_THAT(read_file(folder.file("report.tap")), StartsWith("TAP version 14\n1..3\nok 1 - subscribes to a book\n"));
}

TEST_F(ScenarioCommand, WhatDidNotHappenIsExitCodeOneUnlessTheProgramFailedItself) {
  const std::string path = scenario(kMaintenance);
  const Ended absent = run_ktape({"run", path, "--", "true"});
  EXPECT_EQ(absent.code, 1);
  EXPECT_THAT(absent.errors, HasSubstr("unmet  subscribes to a book"));
  EXPECT_EQ(run_ktape({"run", path, "--", "sh", "-c", "exit 7"}).code, 7);
}

TEST_F(ScenarioCommand, MistakesInTheFileAreNamedBeforeAnythingIsServed) {
  EXPECT_TRUE(
      refuses(run_ktape({"serve", scenario("steps:\n  - {when: {at: soon}}\n")}), 2, {"s.yaml:5: at", "'soon'"}));
  EXPECT_TRUE(refuses(run_ktape({"serve", recording, "--scenario", folder.file("none.yaml")}), 1, {"none.yaml"}));
  EXPECT_TRUE(refuses(run_ktape({"serve", recording, "--junit", "x.xml"}), 2, {"--junit"}));
  const std::string nothing = folder.file("nothing.yaml");
  write_file(nothing, "name: nothing\n");
  EXPECT_TRUE(refuses(run_ktape({"serve", nothing}), 2, {"nothing.yaml", "names no recording"}));
  EXPECT_TRUE(refuses(run_ktape({"serve", "--scenario", nothing}), 2, {"nothing.yaml", "names no recording"}));
  EXPECT_TRUE(refuses(run_ktape({"serve"}), 2, {"FILE or --scenario expected"}));
  for (const char* const where :
       {"faults: [{kind: tls}]\n", "steps:\n  - {when: {at: 1s}, do: [{add_fault: {kind: tls}}]}\n"}) {
    EXPECT_TRUE(refuses(run_ktape({"serve", scenario(where)}), 2, {"s.yaml: a fault of kind tls", "--tls only"}));
  }
  for (const char* const wrong : {"150", "0/10m", "x/10m", "150/0s", "150/48h", "150/", "-1/1m"}) {
    EXPECT_TRUE(refuses(run_ktape({"serve", recording, "--max-connections", wrong}), 2, {"--max-connections", wrong}));
  }
}

// Asks the admin API of a running program.
class Admin {
 public:
  explicit Admin(const std::string& said) {
    const auto at = said.find("http://");
    endpoint_ = parse_http_url(said.substr(at, said.find("/__admin", at) - at)).value();
  }
  std::string ask(std::string method, std::string target, std::string body = {}) {
    HttpClient client(loop_, endpoint_);
    std::optional<std::string> told;
    client.request({std::move(method), "/__admin/" + std::move(target), {}, std::move(body)},
                   [&](Result<HttpResponse> response) { told = response ? response->body : response.error().detail; });
    EXPECT_TRUE(loop_.run_until([&] { return told.has_value(); }, kPatience));
    return told.value_or("");
  }

 private:
  LiveLoop loop_;
  Endpoint endpoint_;
};

// REST of a server, by what it has said of itself.
std::string ask(const std::string& said, const std::string& target) {
  LiveLoop loop;
  const auto at = said.find("ws://");
  HttpClient client(loop, parse_http_url("http" + said.substr(at + 2, said.find("/v2", at) - at - 2)).value());
  std::optional<std::string> told;
  client.request({"GET", target, {}, {}},
                 [&](Result<HttpResponse> response) { told = response ? response->body : response.error().detail; });
  EXPECT_TRUE(loop.run_until([&] { return told.has_value(); }, kPatience));
  return told.value_or("");
}

TEST_F(ScenarioCommand, WithClockStepTimeMovesByTheAdminApiOnly) {
  Process server(ktape({"serve", recording, "--clock", "step"}));
  ASSERT_TRUE(server.says("admin API on ") && server.says("/__admin\n")) << server.errors();
  Admin admin(server.errors());
  EXPECT_THAT(admin.ask("GET", "health"), StartsWith(R"({"ok":true)"));
  const std::string before = admin.ask("GET", "clock");
  EXPECT_THAT(before, HasSubstr(R"("mode":"step","state":"standing")"));
  EXPECT_EQ(admin.ask("GET", "clock"), before);
  const std::string after = admin.ask("POST", "clock/advance", R"({"by":"10s"})");
  EXPECT_NE(after, before);
  EXPECT_THAT(admin.ask("POST", "clock/pause"), HasSubstr("time moves by advance and step only"));
  EXPECT_THAT(admin.ask("PUT", "engine", R"({"state":"maintenance"})"), HasSubstr("maintenance"));
  EXPECT_THAT(admin.ask("POST", "faults", R"({"kind":"drop","channel":"book"})"), HasSubstr(R"("id":1)"));
  EXPECT_THAT(admin.ask("GET", "journal"), HasSubstr(R"("event":"clock","text":"advanced")"));
  server.signal(SIGTERM);
  EXPECT_EQ(server.exit_code(), 0);
}

TEST_F(ScenarioCommand, AProgramThatIsRunCanExpectThingsOfItself) {
  // By the time the program ends, nobody has connected.
  const std::string expects =
      "exec python3 -c 'import os, urllib.request as r; "
      "print(r.urlopen(os.environ[\"KTAPE_ADMIN_URL\"] + \"/expectations\", "
      "b\"{name: comes, connect: {}}\").status)'";
  const Ended ended = run_ktape({"run", recording, "--", "sh", "-c", expects});
  EXPECT_EQ(ended.output, "201\n") << ended.errors;
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.errors, HasSubstr("unmet  comes"));
}

TEST_F(ScenarioCommand, IsServedWithoutAnotherFileAndTellsOfTheEngineFromTheBeginning) {
  write_file(folder.file("s.yaml"), "name: short\nrecording: market.ktape\nclock: step\n");
  Process server(ktape({"serve", "--scenario", folder.file("s.yaml"), "--engine", "maintenance"}));
  ASSERT_TRUE(server.says("admin API on ") && server.says("/__admin\n")) << server.errors();
  EXPECT_THAT(server.errors(), HasSubstr("market.ktape on ws://"));
  Admin admin(server.errors());
  EXPECT_THAT(admin.ask("GET", "engine"), HasSubstr("maintenance"));
  EXPECT_THAT(ask(server.errors(), "/0/public/SystemStatus"), HasSubstr(R"("status":"maintenance")"));
  EXPECT_THAT(admin.ask("PUT", "engine", R"({"state":"post_only"})"), HasSubstr("post_only"));
  EXPECT_THAT(ask(server.errors(), "/0/public/SystemStatus"), HasSubstr(R"("status":"post_only")"));
  EXPECT_THAT(admin.ask("POST", "faults", R"({"kind":"http_status","on":"rest","status":520,"times":1})"),
              HasSubstr(R"("id":1)"));
  EXPECT_THAT(ask(server.errors(), "/0/public/SystemStatus"), HasSubstr("520 Web server is returning"));
  EXPECT_THAT(admin.ask("GET", "journal?event=call"), HasSubstr(R"("code":520)"));
  server.signal(SIGTERM);
  EXPECT_EQ(server.exit_code(), 0);
}

// In the server's time, of which a minute passes at once.
TEST_F(ScenarioCommand, TooManyConnectionsAreRefusedForAsLongAsTheyWereCounted) {
  Process server(ktape({"serve", recording, "--clock", "step", "--max-connections", "2/1m"}));
  ASSERT_TRUE(server.says("admin API on ") && server.says("/__admin\n")) << server.errors();
  Admin admin(server.errors());
  const auto connect = [&] {
    LiveLoop loop;
    FrameLog log;
    WebSocketTransport client(loop, kClient, {});
    const std::string said = server.errors();
    const auto at = said.find("ws://");
    client.connect(Endpoint::parse(said.substr(at, said.find('\n', at) - at)).value(), log);
    EXPECT_TRUE(loop.run_until([&] { return log.opened() || !log.closed().empty(); }, kPatience));
    return log.opened() ? "opened" : log.closed();
  };
  EXPECT_EQ(connect(), "opened");
  EXPECT_EQ(connect(), "opened");
  EXPECT_THAT(connect(), HasSubstr("HTTP 429"));
  EXPECT_THAT(admin.ask("GET", "journal?event=refusal"), HasSubstr(R"("code":429)"));
  admin.ask("POST", "clock/advance", R"({"by":"59s"})");
  EXPECT_THAT(connect(), HasSubstr("HTTP 429"));
  admin.ask("POST", "clock/advance", R"({"by":"1s"})");
  EXPECT_EQ(connect(), "opened");
  server.signal(SIGTERM);
  EXPECT_EQ(server.exit_code(), 0);
}

}  // namespace
}  // namespace ktape::test
