#include "scenario/expectations.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"

namespace ktape::scenario {
namespace {

using namespace std::chrono_literals;

class ExpectationsTest : public ::testing::Test {
 protected:
  static EntryPattern says(std::string method, std::string channel = {}) {
    return {.event = JournalEvent::Message, .method = std::move(method), .channel = std::move(channel)};
  }
  static Anchor connect(std::optional<std::uint32_t> connection = {}, std::uint64_t times = 1) {
    return {{.event = JournalEvent::Connect, .connection = connection}, times};
  }
  void expect(Expectation expectation) {
    if (expectation.name.empty()) expectation.name = "it";
    const auto added = expectations.add(std::move(expectation));
    ASSERT_TRUE(added) << added.error().detail;
  }
  void pass(Duration span) { clock.advance_to(clock.now() + span); }
  void connected(std::uint32_t connection) { journal.add({.event = JournalEvent::Connect, .connection = connection}); }
  void said(std::string method, std::uint32_t connection = 1, std::string channel = {}) {
    journal.add({.event = JournalEvent::Message,
                 .connection = connection,
                 .method = std::move(method),
                 .channel = std::move(channel)});
  }
  static std::string text(const Finding& found) {
    return std::string(to_string(found.verdict)) + " at " + format_rfc3339(found.at, 0).substr(11, 8) + ": " +
           found.detail;
  }
  std::string now() { return text(expectations.findings().front()); }
  std::string at_end() { return text(expectations.final_findings().front()); }

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  Journal journal{clock};
  Expectations expectations{clock, journal};
};

TEST_F(ExpectationsTest, AtLeastIsMetAsSoonAsItHasCome) {
  expect({.what = says("ping"), .at_least = 2});
  pass(1s);
  said("ping");
  EXPECT_EQ(now(), "open at 08:00:01: at least 2 message (method ping) expected");
  pass(1s);
  said("ping");
  pass(10s);
  EXPECT_EQ(now(), "met at 08:00:02: at least 2 message (method ping): 2 came, the last at +2s");
  EXPECT_EQ(at_end(), now());
}

TEST_F(ExpectationsTest, WhatNeverComesIsUnmetAtTheEndAndSaysWhatCameInstead) {
  expect({.what = says("subscribe", "book")});
  said("subscribe", 1, "trade");
  pass(3s);
  said("ping");
  pass(1s);
  // The nearest is of the same kind; the last of them counts.
  EXPECT_EQ(at_end(),
            "unmet at 08:00:04: at least 1 message (method subscribe, channel book) expected; there was no message "
            "(method subscribe, channel book) until the end at +4s; instead there was message of connection 1: ping at "
            "+3s");
}

TEST_F(ExpectationsTest, NothingAtAllIsSaidToo) {
  expect({.what = says("ping")});
  EXPECT_THAT(at_end(), ::testing::EndsWith("until the end at +0s; nothing else happened"));
}

TEST_F(ExpectationsTest, ADeadlineIsCountedFromItsAnchor) {
  expect({.what = says("subscribe"), .after = connect(2), .within = 5s});
  said("subscribe", 1);  // before its time
  connected(1);
  pass(10s);
  connected(2);
  pass(5s);
  EXPECT_THAT(now(), ::testing::StartsWith("open"));
  said("subscribe", 2);  // in the last instant
  EXPECT_EQ(now(),
            "met at 08:00:15: at least 1 message (method subscribe) within 5s of connect (connection 2): 1 came since "
            "connect of connection 2 at +10s, the last at +15s");
}

TEST_F(ExpectationsTest, AMissedDeadlineIsUnmetAtTheDeadlineAndTellsWhoCameLate) {
  expect({.what = says("subscribe"), .after = connect(2), .within = 5s});
  connected(2);
  pass(8s);
  EXPECT_THAT(now(), ::testing::StartsWith("unmet at 08:00:05: "));
  said("subscribe", 2);
  said("subscribe", 2);
  EXPECT_EQ(now(),
            "unmet at 08:00:05: at least 1 message (method subscribe) within 5s of connect (connection 2) expected; "
            "there was no message (method subscribe) since connect of connection 2 at +0s until the deadline at +5s; "
            "nothing else happened; one came at +8s, 3s too late");
}

TEST_F(ExpectationsTest, AnAnchorThatNeverComesLeavesItUnmet) {
  expect({.what = says("add_order"), .at_least = 0, .at_most = 0, .after = connect(2)});
  connected(1);
  EXPECT_EQ(at_end(),
            "unmet at 08:00:00: no message (method add_order) after connect (connection 2) expected; but connect "
            "(connection 2) came never, so there was nothing to hold it against");
}

TEST_F(ExpectationsTest, NeverEndsWithTheFirstThatComes) {
  expect({.what = says("add_order"), .at_least = 0, .at_most = 0, .after = connect(1)});
  said("add_order");
  connected(1);
  EXPECT_EQ(at_end(), "met at 08:00:00: no message (method add_order) after connect (connection 1): 0 came");
  pass(7s);
  said("add_order");
  EXPECT_EQ(now(),
            "unmet at 08:00:07: no message (method add_order) after connect (connection 1) expected; 1 came since "
            "connect of connection 1 at +0s, the last at +7s: message of connection 1: add_order");
}

TEST_F(ExpectationsTest, ExactlyIsCertainAtTheDeadlineOrTheEnd) {
  expect({.what = says("subscribe"), .at_least = 2, .at_most = 2, .within = 10s});
  said("subscribe");
  said("subscribe");
  EXPECT_THAT(now(), ::testing::StartsWith("open"));
  pass(11s);
  EXPECT_EQ(now(),
            "met at 08:00:10: exactly 2 message (method subscribe) within 10s of the beginning: 2 came, the last at "
            "+0s");
  said("subscribe");  // nobody counts any more
  EXPECT_THAT(at_end(), ::testing::StartsWith("met"));
}

TEST_F(ExpectationsTest, ARangeIsBrokenOnEitherSide) {
  expect({.name = "few", .what = says("a"), .at_least = 1, .at_most = 2});
  expect({.name = "many", .what = says("b"), .at_least = 1, .at_most = 2});
  for (int i = 0; i < 3; ++i) said("b");
  const auto found = expectations.final_findings();
  EXPECT_EQ(found[0].verdict, Verdict::Unmet);
  EXPECT_THAT(found[0].detail, ::testing::HasSubstr("1 to 2 message (method a) expected; there was no"));
  EXPECT_EQ(found[1].verdict, Verdict::Unmet);
  EXPECT_THAT(found[1].detail, ::testing::HasSubstr("3 came"));
}

TEST_F(ExpectationsTest, BeforeEndsTheWindow) {
  expect({.name = "kept", .what = says("cancel_all"), .before = EntryPattern{.event = JournalEvent::Close}});
  expect({.name = "broken", .what = says("logout"), .before = EntryPattern{.event = JournalEvent::Close}});
  pass(1s);
  said("cancel_all");
  pass(1s);
  journal.add({.event = JournalEvent::Close, .connection = 1, .code = 1000, .by = "client"});
  said("logout");
  const auto found = expectations.findings();
  EXPECT_EQ(found[0].verdict, Verdict::Met);
  EXPECT_EQ(found[1].verdict, Verdict::Unmet);
  EXPECT_EQ(
      found[1].detail,
      "at least 1 message (method logout), before close expected; there was no message (method logout) until "
      "close of connection 1 by client: 1000 at +2s; instead there was message of connection 1: cancel_all at +1s");
}

TEST_F(ExpectationsTest, EachAnchorHasAWindowOfItsOwn) {
  expect({.what = says("subscribe"), .after = connect(), .after_each = true, .same_connection = true, .within = 5s});
  connected(1);
  pass(1s);
  connected(2);
  said("subscribe", 1);
  pass(3s);
  said("subscribe", 1);  // again, and not for the second
  pass(1s);
  EXPECT_THAT(now(), ::testing::StartsWith("open"));
  pass(2s);
  EXPECT_EQ(now(),
            "unmet at 08:00:06: at least 1 message (method subscribe) within 5s of each connect on its connection "
            "expected; there was no message (method subscribe) since connect of connection 2 at +1s until the deadline "
            "at +6s; instead there was message of connection 1: subscribe at +4s");
}

TEST_F(ExpectationsTest, EachAnchorThatIsAnsweredIsMetAtTheEnd) {
  expect({.what = says("subscribe"), .after = connect(), .after_each = true, .same_connection = true, .within = 5s});
  for (std::uint32_t i = 1; i <= 3; ++i) {
    connected(i);
    pass(2s);
    said("subscribe", i);
  }
  EXPECT_EQ(at_end(),
            "met at 08:00:06: at least 1 message (method subscribe) within 5s of each connect on its connection: 3 "
            "came in 3 cases");
}

TEST_F(ExpectationsTest, AnAnchorMayBeTheThirdOfItsKind) {
  expect({.what = says("stop"), .after = connect({}, 3)});
  connected(1);
  said("stop");
  connected(2);
  said("stop");
  EXPECT_EQ(at_end(),
            "unmet at 08:00:00: at least 1 message (method stop) after time 3 of connect expected; but connect came "
            "only 2 times, so there was nothing to hold it against");
  connected(3);
  said("stop");
  EXPECT_THAT(now(), ::testing::StartsWith("met"));
}

TEST_F(ExpectationsTest, TooManyOpenWindowsAreOneVerdictAndNoMemory) {
  expect({.what = says("never"), .after = connect(), .after_each = true});
  for (std::uint32_t i = 0; i <= Expectations::kMaxWindows; ++i) connected(i + 1);
  EXPECT_EQ(now(), "unmet at 08:00:00: more than 10000 are waited for at a time");
}

TEST_F(ExpectationsTest, NamesAreGivenOnceAndTheNumberIsLimited) {
  expect({.name = "one", .what = says("a")});
  const auto again = expectations.add({.name = "one", .what = says("b")});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().detail, "an expectation named 'one' is there already");
  for (std::size_t i = expectations.size(); i < Expectations::kMaxExpectations; ++i) {
    expect({.name = std::to_string(i), .what = says("a")});
  }
  EXPECT_EQ(expectations.add({.name = "more", .what = says("a")}).error().code, Errc::Limit);
}

TEST_F(ExpectationsTest, WhatTheExchangeSaysIsHeardOnlyIfItIsExpected) {
  EXPECT_FALSE(journal.wants_sent());
  expect({.what = {.event = JournalEvent::Sent, .channel = "book"}});
  EXPECT_TRUE(journal.wants_sent());
  journal.add({.event = JournalEvent::Sent, .connection = 1, .channel = "book"});
  EXPECT_THAT(now(), ::testing::StartsWith("met"));
}

TEST_F(ExpectationsTest, AnEndlessDeadlineDoesNotOverflow) {
  expect({.what = says("a"), .within = Duration::max()});
  pass(1s);
  EXPECT_THAT(now(), ::testing::StartsWith("open"));
}

struct PatternCase {
  EntryPattern pattern;
  bool matches;
};

TEST(EntryPattern, HoldsWhenAllThatIsSetHolds) {
  const JournalEntry entry{.event = JournalEvent::Message,
                           .connection = 2,
                           .host = "ws.kraken.com",
                           .path = "/v2",
                           .method = "subscribe",
                           .channel = "book",
                           .symbols = {"BTC/USD", "ETH/USD"},
                           .success = true,
                           .code = 7,
                           .by = "client",
                           .name = "n",
                           .text = "some text"};
  const auto with = [](auto set) {
    EntryPattern pattern{.event = JournalEvent::Message};
    set(pattern);
    return pattern;
  };
  const PatternCase cases[] = {
      {with([](EntryPattern&) {}), true},
      {{.event = JournalEvent::Sent}, false},
      {with([](EntryPattern& p) { p.connection = 2; }), true},
      {with([](EntryPattern& p) { p.connection = 1; }), false},
      {with([](EntryPattern& p) { p.host = "ws.kraken.com"; }), true},
      {with([](EntryPattern& p) { p.host = "ws"; }), false},
      {with([](EntryPattern& p) { p.path = "/v2"; }), true},
      {with([](EntryPattern& p) { p.path = "/"; }), false},
      {with([](EntryPattern& p) { p.method = "subscribe"; }), true},
      {with([](EntryPattern& p) { p.method = "unsubscribe"; }), false},
      {with([](EntryPattern& p) { p.channel = "trade"; }), false},
      {with([](EntryPattern& p) { p.symbol = "ETH/USD"; }), true},
      {with([](EntryPattern& p) { p.symbol = "ETH"; }), false},
      {with([](EntryPattern& p) { p.by = "server"; }), false},
      {with([](EntryPattern& p) { p.name = "n"; }), true},
      {with([](EntryPattern& p) { p.text = "me te"; }), true},
      {with([](EntryPattern& p) { p.text = "metoo"; }), false},
      {with([](EntryPattern& p) { p.code = 7; }), true},
      {with([](EntryPattern& p) { p.code = 8; }), false},
      {with([](EntryPattern& p) { p.success = true; }), true},
      {with([](EntryPattern& p) { p.success = false; }), false},
  };
  for (const PatternCase& one : cases) EXPECT_EQ(one.pattern.matches(entry), one.matches) << describe(one.pattern);
}

}  // namespace
}  // namespace ktape::scenario
