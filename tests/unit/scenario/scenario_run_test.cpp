#include "scenario/scenario_run.hpp"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"

namespace ktape::scenario {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class ScenarioRunTest : public ::testing::Test {
 protected:
  void begin(std::string_view states) {
    auto scenario = parse_scenario(fmt::format("name: test\n{}", states), "s.yaml");
    ASSERT_TRUE(scenario) << scenario.error().detail;
    run = std::make_unique<ScenarioRun>(clock, journal, scenario->states, [this](const Action& action) {
      const auto* const note = std::get_if<WriteNote>(&action);
      done.push_back(fmt::format("+{}ms {}", (clock.now() - start) / 1ms, note != nullptr ? note->text : "other"));
      journal.add({.event = JournalEvent::Note, .text = note != nullptr ? note->text : ""});
    });
    run->begin();
    turn();
  }
  void turn() { clock.advance_to(clock.now()); }
  void to(Duration since_start) { clock.advance_to(start + since_start); }
  void say(std::string method) {
    journal.add({.event = JournalEvent::Message, .connection = 1, .method = std::move(method)});
  }

  const Timestamp start = parse_rfc3339("2026-09-01T08:00:00Z").value();
  VirtualClock clock{start};
  Journal journal{clock};
  std::vector<std::string> done;
  std::unique_ptr<ScenarioRun> run;
};

TEST_F(ScenarioRunTest, TakesStepsInTheirOrderAtTheirTimes) {
  begin(R"(
steps:
  - {name: one, when: {at: 1s}, do: [{note: first}]}
  - {name: two, when: {after: 500ms}, do: [{note: second}, {note: second again}]}
  - {name: late, when: {at: 1s}, do: [{note: at once}]}
)");
  EXPECT_EQ(run->place(), "");
  to(10s);
  EXPECT_THAT(done, ElementsAre("+1000ms first", "+1500ms second", "+1500ms second again", "+1500ms at once"));
  EXPECT_EQ(run->place(), "late");
  EXPECT_TRUE(run->is_done());
  EXPECT_TRUE(run->status());
}

TEST_F(ScenarioRunTest, AStepWaitsForItsPartOfTheJournalAndActsAfterTheCallThatBroughtIt) {
  begin(R"(
steps:
  - {when: {message: {method: subscribe}, times: 2}, do: [{note: two came}]}
  - {when: {message: {method: ping}, after: 3s}, do: [{note: later}]}
)");
  to(1s);
  say("ping");  // not its turn
  say("subscribe");
  turn();
  EXPECT_TRUE(done.empty());
  say("subscribe");
  EXPECT_TRUE(done.empty());
  turn();
  EXPECT_THAT(done, ElementsAre("+1000ms two came"));
  to(2s);
  say("ping");
  to(3s);
  say("ping");  // the first counts
  to(10s);
  EXPECT_THAT(done, ElementsAre("+1000ms two came", "+5000ms later"));
}

TEST_F(ScenarioRunTest, WhatItsOwnActionsBringDoesNotCount) {
  begin(R"(
steps:
  - {when: {at: 1s}, do: [{note: mine}]}
  - {when: {note: {}}, do: [{note: heard}]}
)");
  to(5s);
  EXPECT_THAT(done, ElementsAre("+1000ms mine"));
  journal.add({.event = JournalEvent::Note, .text = "theirs"});
  turn();
  EXPECT_THAT(done, ElementsAre("+1000ms mine", "+5000ms heard"));
}

TEST_F(ScenarioRunTest, OfTheTriggersOfAStateTheFirstLeadsOn) {
  begin(R"(
states:
  - name: calm
    on:
      - {when: {message: {method: provoke}}, do: [{note: provoked}], go: storm}
      - {when: {after: 10s}, do: [{note: bored}], go: calm}
  - name: storm
    do: [{note: storms}]
    on: [{when: {after: 5s}, go: calm}]
)");
  to(10s);
  to(12s);
  say("provoke");
  to(13s);
  say("provoke");  // it storms already
  to(30s);
  EXPECT_THAT(done, ElementsAre("+10000ms bored", "+12000ms provoked", "+12000ms storms", "+27000ms bored"));
  EXPECT_EQ(run->place(), "calm");
  EXPECT_FALSE(run->is_done());
  std::vector<std::string> steps;
  for (const JournalEntry& entry : journal.entries()) {
    if (entry.event == JournalEvent::Step) steps.push_back(entry.name);
  }
  EXPECT_THAT(steps, ElementsAre("calm", "calm", "storm", "calm", "calm"));
}

TEST_F(ScenarioRunTest, NoStatesIsNothingToDo) {
  begin("");
  to(1h);
  EXPECT_TRUE(run->is_done());
  EXPECT_TRUE(done.empty());
}

TEST_F(ScenarioRunTest, CirclesAtOneMomentAreStoppedWithAnError) {
  begin(R"(
states:
  - name: here
    on: [{when: {after: 0s}, go: there}]
  - name: there
    on: [{when: {after: 0s}, go: here}]
)");
  ASSERT_FALSE(run->status());
  EXPECT_EQ(run->status().error().detail, "the scenario takes more than 100 steps at one moment, the last from 'here'");
  to(1h);
}

TEST_F(ScenarioRunTest, WantsToHearTheExchangeOnlyWhileItWaitsForThat) {
  begin(R"(
steps:
  - {when: {at: 1s}}
  - {when: {sent: {channel: book}}}
)");
  EXPECT_FALSE(journal.wants_sent());
  to(1s);
  EXPECT_TRUE(journal.wants_sent());
  journal.add({.event = JournalEvent::Sent, .connection = 1, .channel = "book"});
  turn();
  EXPECT_FALSE(journal.wants_sent());
}

}  // namespace
}  // namespace ktape::scenario
