#include "admin/admin_api.hpp"

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "core/base/virtual_clock.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/open_exchange.hpp"
#include "tests/support/places.hpp"

namespace ktape::admin {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Time as `--clock step` has it, or as it is when it passes by itself.
struct TestTime final : ClockControl {
  explicit TestTime(VirtualClock& its_clock) : clock(its_clock) {}
  ClockStatus status() const override {
    return {.mode = "step",
            .state = paused ? "paused" : "running",
            .at = clock.now(),
            .rate = rate,
            .next = clock.next_deadline()};
  }
  Result<void> pause() override {
    paused = true;
    return {};
  }
  Result<void> resume() override {
    paused = false;
    return {};
  }
  Result<void> set_rate(Rate wanted) override {
    rate = wanted;
    return {};
  }
  Result<void> advance_to(Timestamp at) override {
    if (!paused) return fail(Errc::Unsupported, "time passes by itself: pause it first");
    clock.advance_to(at);
    return {};
  }
  Result<void> seek(const RecordedPlace& place) override {
    if (place.offset && *place.offset > 1h) return fail(Errc::InvalidArgument, "not in what is served");
    sought = place;
    return {};
  }
  void at_present(const std::function<void()>& action) override { action(); }

  VirtualClock& clock;
  bool paused = true;
  std::optional<Rate> rate;
  RecordedPlace sought;
};

class AdminApiTest : public ::testing::Test {
 protected:
  explicit AdminApiTest(std::string_view yaml = "name: test") : scenario(scenario::parse_scenario(yaml, "s").value()) {
    exchange.begin();
  }
  net::HttpResponse ask(std::string method, std::string target, std::string body = {}, net::HttpHeaders headers = {}) {
    return api.answer({std::move(method), "/__admin/" + std::move(target), std::move(headers), std::move(body)});
  }
  // The status and the body.
  std::string told(std::string method, std::string target, std::string body = {}) {
    const auto response = ask(std::move(method), std::move(target), std::move(body));
    return fmt::format("{} {}", response.status, response.body.substr(0, response.body.find_last_not_of('\n') + 1));
  }

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  test::OpenExchange market{clock};
  scenario::Scenario scenario;
  std::string engine_set;
  scenario::ScenarioExchange exchange{
      clock, market, scenario, {.set_engine = [this](std::string_view state) -> Result<void> {
        engine_set = state;
        return {};
      }}};
  TestTime time{clock};
  AdminApi api{exchange, time};
  test::ExchangeDriver driver{clock, exchange};
};

// docs/admin-api.yaml says what there is; this is all there is, and no more.
TEST_F(AdminApiTest, ServesWhatItsDescriptionSaysAndNothingElse) {
  const YAML::Node document = YAML::LoadFile(test::in_source_tree("docs/admin-api.yaml"));
  std::set<std::string> described;
  for (const auto& path : document["paths"]) {
    for (const auto& operation : path.second) {
      std::string method = operation.first.as<std::string>();
      if (method == "parameters") continue;
      for (char& c : method) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      described.insert(method + " " + path.first.as<std::string>());
      EXPECT_TRUE(operation.second["summary"].IsDefined()) << path.first;
      EXPECT_TRUE(operation.second["responses"].IsMap()) << path.first;
    }
  }
  std::set<std::string> served;
  for (const auto& route : api.routes()) served.insert(fmt::format("{} {}", route.method, route.path));
  EXPECT_EQ(described, served);

  // And each is answered, with a status that the description has.
  for (const std::string& route : described) {
    const auto space = route.find(' ');
    std::string target = route.substr(space + 1);
    const YAML::Node path = document["paths"][target];
    std::string method = route.substr(0, space);
    std::string key = method;
    for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (const auto id = target.find("{id}"); id != target.npos) target.replace(id, 4, "7");
    const auto response = api.answer({method, target, {}, {}});
    EXPECT_TRUE(path[key]["responses"][std::to_string(response.status)].IsDefined())
        << route << ": " << response.status;
    EXPECT_NE(response.status, 405U) << route;
  }
}

TEST_F(AdminApiTest, RefusesOtherPathsMethodsAndPagesOfOtherSites) {
  EXPECT_THAT(told("GET", "nothing"), StartsWith(R"(404 {"error":"'/__admin/nothing' is not here: /__admin/health, )"));
  EXPECT_EQ(told("PATCH", "journal"), R"(405 {"error":"PATCH /__admin/journal: GET, POST, DELETE expected"})");
  EXPECT_EQ(net::find_header(ask("PUT", "health").headers, "Allow"), "GET");
  EXPECT_EQ(ask("GET", "health", "", {{"Origin", "https://evil.example"}}).status, 403U);
  EXPECT_EQ(ask("GET", "health", "", {{"Host", "evil.example:8081"}}).status, 403U);
  for (const char* own : {"127.0.0.1:8081", "localhost:8081", "[::1]:8081"}) {
    EXPECT_EQ(ask("GET", "health", "", {{"Host", own}}).status, 200U) << own;
  }
}

TEST_F(AdminApiTest, ShowsSessionsAndEndsThem) {
  const auto client = driver.connect();
  driver.say(client, "hello");
  EXPECT_EQ(
      told("GET", "sessions"),
      R"(200 {"sessions":[{"connection":1,"host":"test","path":"/v2","opened_at":"2026-09-01T08:00:00.000000000Z","received":1,"sent":0,"sent_bytes":0,"subscriptions":[]}]})");
  EXPECT_EQ(told("GET", "health"), R"(200 {"ok":true,"at":"2026-09-01T08:00:00.000000000Z","connections":1})");
  EXPECT_EQ(told("DELETE", "sessions/2"), R"(404 {"error":"there is no connection 2"})");
  EXPECT_THAT(told("DELETE", "sessions/x"), StartsWith(R"(400 {"error":"connection: a number from 1 to)"));
  EXPECT_THAT(told("DELETE", "sessions/1?code=5"), StartsWith(R"(400 {"error":"code: a number from 1000)"));
  EXPECT_EQ(told("DELETE", "sessions/1?code=1012&reason=service%20restart"),
            R"(200 {"connection":1,"code":1012,"reason":"service restart"})");
  EXPECT_THAT(driver.take(client), ::testing::Contains("closed 1012 service restart"));
}

TEST_F(AdminApiTest, SteersTheClock) {
  int fired = 0;
  const auto first = clock.at(clock.now() + 1s, [&](Timestamp) { ++fired; });
  const auto second = clock.at(clock.now() + 2s, [&](Timestamp) { ++fired; });
  EXPECT_EQ(
      told("GET", "clock"),
      R"(200 {"mode":"step","state":"paused","at":"2026-09-01T08:00:00.000000000Z","next":"2026-09-01T08:00:01.000000000Z"})");
  EXPECT_THAT(told("POST", "clock/step"), HasSubstr(R"("at":"2026-09-01T08:00:01.000000000Z")"));
  EXPECT_EQ(fired, 1);
  EXPECT_THAT(told("POST", "clock/step", R"({"instants": 5})"), HasSubstr(R"("at":"2026-09-01T08:00:02.000000000Z"})"));
  EXPECT_EQ(fired, 2);
  EXPECT_THAT(told("POST", "clock/advance", R"({"by": "1m30s"})"),
              HasSubstr(R"("at":"2026-09-01T08:01:32.000000000Z")"));
  EXPECT_THAT(told("POST", "clock/advance", R"({"to": "2026-09-01T08:02:00Z"})"), HasSubstr("08:02:00.000"));
  EXPECT_EQ(told("POST", "clock/advance", R"({"to": "2026-09-01T08:01:00Z"})"),
            R"(400 {"error":"it is 2026-09-01T08:02:00.000000000Z already: time does not go back"})");
  EXPECT_EQ(told("POST", "clock/advance", R"({"by": "25h"})"), R"(400 {"error":"by: 25h is more than 1d"})");
  EXPECT_EQ(told("POST", "clock/advance", R"({"to": "2200-01-01T00:00:00Z"})"),
            R"(400 {"error":"to: more than 1d away"})");
  EXPECT_THAT(told("POST", "clock/advance", "soon"), StartsWith(R"(400 {"error":"{\"by\": ...} expected: )"));
  EXPECT_EQ(told("POST", "clock/advance", R"({"by":"1s","fast":1})"),
            R"(400 {"error":"{\"by\": ...} expected: 'fast' is unknown"})");
  EXPECT_THAT(told("PUT", "clock/rate", R"({"rate": "1/2"})"), HasSubstr(R"("rate":"1/2")"));
  EXPECT_EQ(time.rate->denominator, 2U);
  EXPECT_THAT(told("PUT", "clock/rate", R"({"rate": "max"})"), StartsWith("400 "));
  EXPECT_THAT(told("POST", "clock/resume"), HasSubstr(R"("state":"running")"));
  EXPECT_EQ(told("POST", "clock/step"), R"(409 {"error":"time passes by itself: pause it first"})");
  EXPECT_EQ(told("POST", "clock/advance", R"({"by": "1s"})"),
            R"(409 {"error":"time passes by itself: pause it first"})");
  EXPECT_THAT(told("POST", "clock/pause"), HasSubstr(R"("state":"paused")"));
}

TEST_F(AdminApiTest, SetsTheStateOfTheEngine) {
  EXPECT_EQ(told("GET", "engine"), R"(200 {"state":"online"})");
  EXPECT_EQ(told("PUT", "engine", R"({"state":"maintenance"})"), R"(200 {"state":"maintenance"})");
  EXPECT_EQ(engine_set, "maintenance");
  EXPECT_EQ(told("PUT", "engine", R"({"state":"gone"})"),
            R"(400 {"error":"state: 'gone' is not one of online, post_only, limit_only, cancel_only, maintenance"})");
  EXPECT_EQ(told("PUT", "engine", "{}"), R"(400 {"error":"{\"state\": ...} expected: it is missing"})");
}

TEST_F(AdminApiTest, AddsListsAndRemovesFaults) {
  EXPECT_EQ(told("GET", "faults"), R"(200 {"faults":[]})");
  const std::string added = told("POST", "faults", R"({"kind": "drop", "channel": "book", "name": "lost"})");
  EXPECT_THAT(added,
              StartsWith(R"(201 {"id":1,"name":"lost","kind":"drop","enabled":true,"seen":0,"acted":0,"fault":")"));
  EXPECT_EQ("200" + added.substr(3), told("GET", "faults/1"));
  EXPECT_EQ(told("GET", "faults"), R"(200 {"faults":[)" + added.substr(4) + "]}");
  EXPECT_THAT(told("POST", "faults", R"({"kind": "gremlin"})"),
              StartsWith(R"(400 {"error":"body:1: kind: 'gremlin' is not)"));
  EXPECT_EQ(told("DELETE", "faults/2"), R"(404 {"error":"there is no fault 2"})");
  EXPECT_EQ("200" + added.substr(3), told("DELETE", "faults/1"));
  EXPECT_EQ(told("GET", "faults"), R"(200 {"faults":[]})");
  std::string journal;
  for (const auto& entry : exchange.journal().entries()) journal += describe(entry) + "\n";
  EXPECT_EQ(journal, "fault: lost added\nfault: lost removed\n");
}

TEST_F(AdminApiTest, ReadsFiltersNotesAndClearsTheJournal) {
  const auto client = driver.connect();
  driver.say(client, R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]}})");
  driver.say(client, R"({"method":"ping"})");
  EXPECT_THAT(told("GET", "journal"),
              StartsWith(R"(200 {"total":3,"forgotten":0,"more":false,"entries":[{"number":1,)"));
  const auto entries = [&](const std::string& query) {
    const std::string all = told("GET", "journal?" + query);
    std::string numbers;
    for (auto at = all.find("\"number\":"); at != all.npos; at = all.find("\"number\":", at + 1))
      numbers += all[at + 9];
    return numbers;
  };
  EXPECT_EQ(entries("event=message"), "23");
  EXPECT_EQ(entries("method=subscribe"), "2");
  EXPECT_EQ(entries("channel=book&symbol=BTC/USD"), "2");
  EXPECT_EQ(entries("symbol=BTC%2FUSD"), "2");
  EXPECT_EQ(entries("connection=2"), "");
  EXPECT_EQ(entries("text=ping"), "3");
  EXPECT_EQ(entries("after=1&limit=1"), "2");
  EXPECT_THAT(told("GET", "journal?limit=1"), HasSubstr(R"("more":true)"));
  EXPECT_THAT(told("GET", "journal?event=what"), StartsWith(R"(400 {"error":"event: 'what' is not one of connect, )"));
  EXPECT_THAT(told("GET", "journal?since=1"), StartsWith(R"(400 {"error":"'since' is unknown)"));
  EXPECT_THAT(told("GET", "journal?limit=0"), StartsWith("400 "));
  EXPECT_THAT(told("POST", "journal", R"({"note": "test two begins"})"), EndsWith(R"("text":"test two begins"})"));
  EXPECT_EQ(told("DELETE", "journal"), R"(200 {"total":4})");
  EXPECT_THAT(told("GET", "journal"), HasSubstr(R"("total":4,"forgotten":0,"more":false,"entries":[])"));
}

TEST_F(AdminApiTest, HoldsExpectationsAgainstTheClient) {
  EXPECT_EQ(told("POST", "expectations", R"({"name": "it pings", "ping": {}, "within": "5s"})"),
            R"(201 {"name":"it pings","expected":"at least 1 ping within 5s of the beginning"})");
  EXPECT_EQ(told("POST", "expectations", R"({"name": "it pings", "ping": {}})"),
            R"(409 {"error":"an expectation named 'it pings' is there already"})");
  EXPECT_THAT(told("POST", "expectations", R"({"name": "x"})"),
              StartsWith(R"(400 {"error":"body:1: x: nothing is expected)"));
  EXPECT_THAT(told("GET", "expectations"),
              StartsWith(R"(200 {"clean":false,"expectations":[{"name":"it pings","verdict":"open")"));
  EXPECT_THAT(told("GET", "report"),
              StartsWith(R"(200 {"clean":false,"expectations":[{"name":"it pings","verdict":"unmet")"));
  exchange.journal().add({.event = scenario::JournalEvent::Ping, .connection = 1});
  EXPECT_THAT(told("GET", "expectations"),
              StartsWith(R"(200 {"clean":true,"expectations":[{"name":"it pings","verdict":"met")"));
  EXPECT_THAT(told("GET", "report?format=tap"), StartsWith("200 TAP version 14\n1..1\nok 1 - it pings"));
  EXPECT_THAT(told("GET", "report?format=junit"), HasSubstr("<testsuite name=\"test\" tests=\"1\" failures=\"0\""));
  EXPECT_THAT(told("GET", "report?format=text"), HasSubstr("all 1 expectations met"));
  EXPECT_THAT(told("GET", "report?format=pdf"), StartsWith("400 "));
}

TEST_F(AdminApiTest, TellsPrometheus) {
  const auto client = driver.connect();
  driver.say(client, "x");
  told("POST", "faults", R"({"kind": "drop"})");
  const auto page = ask("GET", "metrics");
  EXPECT_EQ(net::find_header(page.headers, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line :
       {"ktape_mock_connections 1\n", "ktape_mock_connects_total 1\n",
        "ktape_mock_messages_total{direction=\"received\"} 1\n", "ktape_mock_fault_acts_total{id=\"1\",name=\"drop\"} ",
        "ktape_mock_expectations{verdict=\"met\"} 0\n"}) {
    EXPECT_THAT(page.body, HasSubstr(line));
  }
}

class AdminApiOfAScenario : public AdminApiTest {
 protected:
  AdminApiOfAScenario()
      : AdminApiTest(
            "name: two steps\ndescription: of one\nseed: 9\nsteps:\n  - {name: first, when: {at: 1s}}\n  - {name: "
            "second, when: {connect: {}}}") {}
};

TEST_F(AdminApiOfAScenario, SaysWhereItIs) {
  EXPECT_EQ(told("GET", "scenario"),
            R"(200 {"name":"two steps","description":"of one","seed":9,"place":"","done":false})");
  told("POST", "clock/advance", R"({"by": "1s"})");
  EXPECT_THAT(told("GET", "scenario"), HasSubstr(R"("place":"first","done":false)"));
  driver.connect();
  EXPECT_THAT(told("GET", "scenario"), HasSubstr(R"("place":"second","done":true)"));
}

TEST_F(AdminApiTest, MovesTheRecordingToATimeOrAnOffset) {
  EXPECT_THAT(told("POST", "clock/seek", R"({"offset": "1m30s"})"), StartsWith("200 "));
  EXPECT_EQ(time.sought.offset, 90s);
  EXPECT_FALSE(time.sought.to);
  EXPECT_THAT(told("POST", "clock/seek", R"({"to": "2026-09-01T08:02:00Z"})"), StartsWith("200 "));
  EXPECT_EQ(time.sought.to, parse_rfc3339("2026-09-01T08:02:00Z").value());
  EXPECT_THAT(told("GET", "journal?event=clock"), HasSubstr(R"("text":"sought 1m30s")"));
  EXPECT_EQ(told("POST", "clock/seek", R"({"offset": "2h"})"), R"(400 {"error":"not in what is served"})");
  EXPECT_THAT(told("POST", "clock/seek", R"({"offset": "soon"})"), StartsWith(R"(400 {"error":"offset: )"));
  EXPECT_THAT(told("POST", "clock/seek", R"({"to": "soon"})"), StartsWith(R"(400 {"error":"to: )"));
  EXPECT_THAT(told("POST", "clock/seek"), StartsWith("400 "));
}

TEST_F(AdminApiTest, EndsAllSessionsAtOnceAndLetsFaultsRest) {
  const auto one = driver.connect();
  const auto other = driver.connect();
  EXPECT_EQ(told("DELETE", "sessions?code=1012&reason=restart"), R"(200 {"closed":2,"code":1012,"reason":"restart"})");
  EXPECT_EQ(driver.take(one), std::vector<std::string>{"closed 1012 restart"});
  EXPECT_EQ(driver.take(other), std::vector<std::string>{"closed 1012 restart"});
  EXPECT_EQ(told("DELETE", "sessions"), R"(200 {"closed":0,"code":1001,"reason":""})");
  EXPECT_THAT(told("DELETE", "sessions?code=9"), StartsWith("400 "));

  told("POST", "faults", "{kind: drop}");
  EXPECT_THAT(told("PUT", "faults/1", R"({"enabled": false})"), HasSubstr(R"("enabled":false)"));
  EXPECT_THAT(told("PUT", "faults/1", R"({"enabled": true})"), HasSubstr(R"("enabled":true)"));
  EXPECT_EQ(told("PUT", "faults/1", R"({"enabled": 1})"), R"(400 {"error":"enabled: true or false expected"})");
  EXPECT_THAT(told("PUT", "faults/2", R"({"enabled": true})"), StartsWith("404 "));
  EXPECT_THAT(told("GET", "journal?event=fault"), HasSubstr(R"("text":"disabled")"));
}

}  // namespace
}  // namespace ktape::admin
