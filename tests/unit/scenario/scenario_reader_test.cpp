#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/scenario.hpp"

namespace ktape::scenario {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

Scenario read(std::string_view yaml) {
  auto scenario = parse_scenario(yaml, "folder/s.yaml");
  EXPECT_TRUE(scenario) << scenario.error().detail;
  return scenario ? std::move(*scenario) : Scenario{};
}

TEST(ScenarioFile, SaysWhatIsServedWhatHappensAndWhatIsExpected) {
  const Scenario s = read(R"(
name: maintenance
description: >
  The engine goes away,
  and comes back.
recording: ../datasets/ten.ktape
accounts: /etc/accounts.yaml
clock: real
rate: 10
start_offset: 60s
duration: 2m
seed: 7
faults:
  - {kind: latency, latency: 50ms}
steps:
  - name: the engine goes away
    when: {at: 10s}
    do:
      - engine: maintenance
      - add_fault: {name: busy, kind: http_status, status: 503}
      - close: {code: 1012, reason: service restart}
  - when: {connect: {host: ws.kraken.com}, times: 2, after: 500ms}
    do: [pause, {remove_fault: busy}, {close: {connection: 3, code: 1006}}, {note: half way}, end]
expect:
  - name: it comes back
    connect: {}
    after: {close: {by: server}}
    within: 10s
  - name: it asks once
    message: {method: subscribe, channel: book, symbol: BTC/USD, text: depth}
    exactly: 1
    after_each: {connect: {}, times: 2}
    same_connection: true
    before: {ping: {}}
  - {name: no orders, message: {method: add_order}, never: true}
  - {name: some pings, ping: {connection: 1}, at_least: 2, at_most: 5}
  - {name: few calls, call: {path: /0/public/Time, code: 200}, at_most: 5}
)");
  EXPECT_EQ(s.name, "maintenance");
  EXPECT_EQ(s.description, "The engine goes away, and comes back.");
  EXPECT_EQ(s.recording, "datasets/ten.ktape");
  EXPECT_EQ(s.accounts, "/etc/accounts.yaml");
  EXPECT_EQ(s.clock, "real");
  EXPECT_EQ(s.rate, "10");
  EXPECT_EQ(s.start_offset, "1m");
  EXPECT_EQ(s.duration, "2m");
  EXPECT_EQ(s.seed, 7U);
  ASSERT_EQ(s.faults.size(), 1U);

  ASSERT_EQ(s.states.size(), 3U);
  const Transition& first = s.states[0].transitions.at(0);
  EXPECT_EQ(first.name, "the engine goes away");
  EXPECT_EQ(first.to, 1U);
  EXPECT_EQ(first.when.at, 10s);
  ASSERT_EQ(first.actions.size(), 3U);
  EXPECT_EQ(std::get<SetEngine>(first.actions[0]).state, "maintenance");
  EXPECT_EQ(name_of(std::get<AddFault>(first.actions[1]).fault), "busy");
  EXPECT_EQ(std::get<CloseConnections>(first.actions[2]).why.text(), "1012 service restart");
  const Transition& second = s.states[1].transitions.at(0);
  EXPECT_EQ(second.name, "step 2");
  EXPECT_EQ(second.when.what, (Anchor{{.event = JournalEvent::Connect, .host = "ws.kraken.com"}, 2}));
  EXPECT_EQ(second.when.after, 500ms);
  ASSERT_EQ(second.actions.size(), 5U);
  EXPECT_TRUE(std::holds_alternative<PauseClock>(second.actions[0]));
  EXPECT_EQ(std::get<RemoveFault>(second.actions[1]).name, "busy");
  EXPECT_EQ(std::get<CloseConnections>(second.actions[2]).connection, 3U);
  EXPECT_EQ(std::get<WriteNote>(second.actions[3]).text, "half way");
  EXPECT_TRUE(std::holds_alternative<EndRun>(second.actions[4]));
  EXPECT_TRUE(s.states[2].transitions.empty());

  std::string all;
  for (const Expectation& expectation : s.expectations) all += expectation.name + ": " + describe(expectation) + "\n";
  EXPECT_EQ(all,
            "it comes back: at least 1 connect within 10s of close (by server)\n"
            "it asks once: exactly 1 message (method subscribe, channel book, symbol BTC/USD, text 'depth') after each "
            "time 2 of connect on its connection, before ping\n"
            "no orders: no message (method add_order)\n"
            "some pings: 2 to 5 ping (connection 1)\n"
            "few calls: at most 5 call (path /0/public/Time, code 200)\n");
}

TEST(ScenarioFile, MayBeStatesThatLeadToEachOther) {
  const Scenario s = read(R"(
name: storm
states:
  - name: calm
    on:
      - when: {message: {channel: book}}
        go: storm
      - {when: {after: 1m}, do: [end], go: calm}
  - name: storm
    do: [{close: {code: 1006}}]
    on: [{when: {at: 30s}, go: calm}]
)");
  ASSERT_EQ(s.states.size(), 2U);
  EXPECT_EQ(s.states[0].transitions[0].to, 1U);
  EXPECT_EQ(s.states[0].transitions[1].when.after, 1min);
  EXPECT_EQ(s.states[1].actions.size(), 1U);
  EXPECT_EQ(s.states[1].transitions[0].to, 0U);
}

TEST(ScenarioFile, ErrorsSayWhereWhatAndWhatIsAllowed) {
  const struct {
    const char* yaml;
    const char* error;
  } cases[] = {
      {"[]", "s.yaml:1: a scenario: a mapping expected, not a sequence"},
      {"steps: []", "s.yaml:1: name: missing: every scenario has a name"},
      {"name: a\nnmae: b",
       "s.yaml:2: unknown key 'nmae': a scenario has name, description, recording, accounts, clock"},
      {"name: a\nname: b", "s.yaml:2: name: this key was there before"},
      {"name: a\nclock: fast", "s.yaml:2: clock: 'fast' is not one of real, max, lockstep, step"},
      {"name: a\nseed: -1", "s.yaml:2: seed: a whole number from 0 to 18446744073709551615 expected, not '-1'"},
      {"name: a\nsteps: []\nstates: []", "s.yaml:1: states: a scenario has either steps or states"},
      {"name: a\nfaults:\n  - {kind: gremlin}", "s.yaml:3: "},
      {"name: a\nsteps:\n  - do: [pause]", "s.yaml:3: when: missing: every step says when it is due"},
      {"name: a\nsteps:\n  - {when: {}}", "s.yaml:3: when: says nothing: at, after, or one of connect, refusal"},
      {"name: a\nsteps:\n  - {when: {at: 1s, after: 2s}}", "s.yaml:3: when: at stands alone"},
      {"name: a\nsteps:\n  - {when: {at: soon}}", "s.yaml:3: at: a time such as 250ms or 1m30s expected, not 'soon'"},
      {"name: a\nsteps:\n  - when: {connects: {}}",
       "s.yaml:3: when: unknown key 'connects': at, after, times, or one of"},
      {"name: a\nsteps:\n  - when: {times: 2}", "s.yaml:3: when: times of what? one of connect"},
      {"name: a\nsteps:\n  - when: {connect: {}, close: {}}",
       "s.yaml:3: close: one thing at a time: connect was there"},
      {"name: a\nsteps:\n  - when: {connect: {method: x}}",
       "s.yaml:3: connect: unknown key 'method': connect has connection, host, path; {} is any"},
      {"name: a\nsteps:\n  - when: {close: {by: me}}", "s.yaml:3: by: 'me' is neither client nor server"},
      {"name: a\nsteps:\n  - when: {close: {code: 5}}",
       "s.yaml:3: code: a whole number from 100 to 4999 expected, not '5'"},
      {"name: a\nsteps:\n  - when: {connect: }", "s.yaml:3: connect: a mapping expected, not nothing"},
      {"name: a\nsteps:\n  - {when: {at: 1s}, do: [explode]}",
       "s.yaml:3: do: an action is one of add_fault, remove_fault"},
      {"name: a\nsteps:\n  - {when: {at: 1s}, do: [{explode: 1}]}",
       "s.yaml:3: do: unknown action 'explode': an action is"},
      {"name: a\nsteps:\n  - {when: {at: 1s}, do: [{engine: gone}]}",
       "s.yaml:3: engine: 'gone' is not one of online, post_only, limit_only, cancel_only, maintenance"},
      {"name: a\nsteps:\n  - {when: {at: 1s}, do: [{remove_fault: x}]}",
       "s.yaml:3: remove_fault: this scenario never adds a fault 'x'; it adds none"},
      {"name: a\nsteps:\n  - {when: {at: 1s}, do: [{close: {code: 1005}}]}",
       "s.yaml:3: code: 1005 never stands in a close frame; 1006 cuts without one"},
      {"name: a\nsteps:\n  - {when: {at: 1s}, do: [{close: {why: x}}]}",
       "s.yaml:3: close: unknown key 'why': connection, code"},
      {"name: a\nstates:\n  - {do: []}", "s.yaml:3: name: missing: every state has a name"},
      {"name: a\nstates:\n  - {name: b}\n  - {name: b}", "s.yaml:4: name: another state is called 'b'"},
      {"name: a\nstates:\n  - {name: b, on: [{when: {at: 1s}, go: c}]}", "s.yaml:3: go: there is no state 'c'"},
      {"name: a\nstates:\n  - {name: b, on: [{when: {at: 1s}}]}", "s.yaml:3: go: missing: the state that follows"},
      {"name: a\nexpect:\n  - {connect: {}}", "s.yaml:3: expect: no name: a sentence about the client"},
      {"name: a\nexpect:\n  - {name: b}", "s.yaml:3: b: nothing is expected: one of connect"},
      {"name: a\nexpect:\n  - {name: b, connect: {}, exactly: 1, at_most: 2}",
       "s.yaml:3: b: exactly excludes at_least and"},
      {"name: a\nexpect:\n  - {name: b, connect: {}, never: true, exactly: 1}", "s.yaml:3: b: never excludes exactly"},
      {"name: a\nexpect:\n  - {name: b, connect: {}, at_least: 3, at_most: 2}",
       "s.yaml:3: b: at_least is more than at_most"},
      {"name: a\nexpect:\n  - {name: b, connect: {}, at_least: 0}", "s.yaml:3: at_least: a whole number from 1 to"},
      {"name: a\nexpect:\n  - {name: b, connect: {}, after: {ping: {}}, after_each: {pong: {}}}",
       "s.yaml:3: b: after excludes"},
      {"name: a\nexpect:\n  - {name: b, connect: {}, same_connection: true}",
       "s.yaml:3: b: same_connection needs after"},
      {"name: a\nexpect:\n  - {name: b, ping: {}, after: {step: {}}, same_connection: true}",
       "s.yaml:3: b: same_connection: what it comes after has no connection"},
      {"name: a\nexpect:\n  - {name: b, ping: {}, before: {pong: {}, times: 2}}",
       "s.yaml:3: before: times has no meaning here"},
      {"name: a\nexpect:\n  - {name: b, ping: {}, withn: 5s}", "s.yaml:3: expect: unknown key 'withn': name, at_least"},
      {"name: a\nexpect:\n  - {name: b, ping: {}}\n  - {name: b, pong: {}}",
       "s.yaml:4: b: another expectation has this name"},
      {"name: a\n  b: [", "s.yaml:2: "},
      {"name: a\n---\nname: b", "s.yaml: 2 documents in one file, one expected"},
  };
  for (const auto& one : cases) {
    const auto scenario = parse_scenario(one.yaml, "s.yaml");
    ASSERT_FALSE(scenario) << one.yaml;
    EXPECT_THAT(scenario.error().detail, ::testing::StartsWith(one.error)) << one.yaml;
    EXPECT_EQ(scenario.error().code, Errc::InvalidArgument);
  }
}

TEST(ScenarioFile, AnExpectationAloneIsReadFromJson) {
  const auto one = parse_expectation(R"({"name": "it pings", "ping": {}, "within": "5s"})", "body");
  ASSERT_TRUE(one) << one.error().detail;
  EXPECT_EQ(describe(*one), "at least 1 ping within 5s of the beginning");
  EXPECT_EQ(parse_expectation("{}", "body").error().detail,
            "body:1: expect: no name: a sentence about the client, which reports show");
}

TEST(ScenarioFile, ThatIsNotThereIsSaid) {
  EXPECT_THAT(read_scenario("no/such/file.yaml").error().detail, HasSubstr("no/such/file.yaml"));
}

}  // namespace
}  // namespace ktape::scenario
