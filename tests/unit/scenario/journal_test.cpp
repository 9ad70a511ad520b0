#include "scenario/journal.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "core/protocol/json_tape.hpp"

namespace ktape::scenario {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

class JournalTest : public ::testing::Test {
 protected:
  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
};

JournalEntry note(std::string text) { return {.event = JournalEvent::Note, .text = std::move(text)}; }

TEST_F(JournalTest, WritesOneLineOfJsonForEachEntry) {
  Journal journal(clock);
  std::string lines;
  journal.write_to([&](std::string_view line) { lines += line; });
  journal.add({.event = JournalEvent::Connect, .connection = 1, .host = "ws.kraken.com", .path = "/v2"});
  clock.advance_to(clock.now() + seconds(2));
  journal.add({.event = JournalEvent::Message,
               .connection = 1,
               .method = "subscribe",
               .channel = "book",
               .symbols = {"BTC/USD", "ETH/USD"},
               .text = R"({"method":"subscribe"})"});
  journal.add({.event = JournalEvent::Close, .connection = 1, .code = 1000, .by = "client", .text = "bye\n"});
  EXPECT_EQ(
      lines,
      R"({"number":1,"at":"2026-09-01T08:00:00.000000000Z","event":"connect","connection":1,"host":"ws.kraken.com","path":"/v2"})"
      "\n"
      R"({"number":2,"at":"2026-09-01T08:00:02.000000000Z","event":"message","connection":1,"method":"subscribe","channel":"book","symbols":["BTC/USD","ETH/USD"],"text":"{\"method\":\"subscribe\"}"})"
      "\n"
      R"({"number":3,"at":"2026-09-01T08:00:02.000000000Z","event":"close","connection":1,"by":"client","code":1000,"text":"bye\n"})"
      "\n");
}

TEST_F(JournalTest, CallsSecretsByNumbersThatAreTheSameInEveryRun) {
  const auto run = [&] {
    Journal journal(clock);
    journal.add(
        note(R"({"method":"subscribe","params":{"channel":"executions","token":"a-token-of-many-characters"}})"));
    journal.add(
        note(R"({"method":"subscribe","params":{"channel":"balances","token":"another-token-of-many-chars"}})"));
    journal.add(note("refused: a-token-of-many-characters"));
    journal.add(note("?nonce=1234567890123456&otp=42"));
    std::string all;
    for (const JournalEntry& entry : journal.entries()) all += entry.text + "\n";
    return all;
  };
  const std::string all = run();
  EXPECT_EQ(all,
            "{\"method\":\"subscribe\",\"params\":{\"channel\":\"executions\",\"token\":\"secret-1\"}}\n"
            "{\"method\":\"subscribe\",\"params\":{\"channel\":\"balances\",\"token\":\"secret-2\"}}\n"
            "refused: secret-1\n"
            "?nonce=secret-3&otp=secret-4\n");
  EXPECT_EQ(all, run());
}

TEST_F(JournalTest, IsBoundedByEntriesBytesAndTheLengthOfATextAndSaysWhatIsGone) {
  Journal by_count(clock, {.max_entries = 3});
  for (int i = 0; i < 5; ++i) by_count.add(note(std::to_string(i)));
  ASSERT_EQ(by_count.entries().size(), 3U);
  EXPECT_EQ(by_count.entries().front().text, "2");
  EXPECT_EQ(by_count.total(), 5U);
  EXPECT_EQ(by_count.forgotten(), 2U);

  Journal by_bytes(clock, {.max_bytes = 10'000});
  for (int i = 0; i < 100; ++i) by_bytes.add(note(std::string(1000, 'x')));
  EXPECT_LT(by_bytes.entries().size(), 10U);
  EXPECT_GT(by_bytes.entries().size(), 3U);

  Journal by_text(clock, {.max_text_bytes = 4});
  by_text.add(note("ab\u00e4\u00e4\u00e4"));  // the limit is in the middle of nothing
  by_text.add(note("abc\u00e4\u00e4"));       // and here within a character
  EXPECT_EQ(by_text.entries()[0].text, "ab\u00e4...");
  EXPECT_EQ(by_text.entries()[1].text, "abc...");
}

TEST_F(JournalTest, ClearForgetsEntriesAndGoesOnCounting) {
  Journal journal(clock);
  journal.add(note("one"));
  journal.clear();
  EXPECT_TRUE(journal.entries().empty());
  EXPECT_EQ(journal.forgotten(), 0U);
  journal.add(note("two"));
  EXPECT_EQ(journal.entries().front().number, 2U);
}

struct Hearer : JournalListener {
  void on_entry(const JournalEntry& entry) override {
    heard.push_back(entry.text);
    if (entry.text == "cause") journal->add(note("effect"));
  }
  bool wants_sent() const override { return sent; }
  Journal* journal = nullptr;
  bool sent = false;
  std::vector<std::string> heard;
};

TEST_F(JournalTest, TellsWhatAListenerAddsAfterWhatItIsTelling) {
  Journal journal(clock);
  Hearer first;
  Hearer second;
  first.journal = &journal;
  second.journal = &journal;
  journal.listen(first);
  journal.listen(second);
  second.heard.reserve(4);
  journal.add(note("cause"));
  // Both have added one, in the order of their hearing.
  EXPECT_EQ(first.heard, (std::vector<std::string>{"cause", "effect", "effect"}));
  EXPECT_EQ(second.heard, first.heard);
  EXPECT_EQ(journal.entries().size(), 3U);
}

TEST_F(JournalTest, KeepsWhatTheExchangeSaysOnlyWhereThatIsAskedFor) {
  const JournalEntry sent{.event = JournalEvent::Sent, .connection = 1, .channel = "book", .text = "{}"};
  Journal journal(clock);
  EXPECT_FALSE(journal.wants_sent());
  Hearer deaf;
  Hearer curious;
  curious.sent = true;
  journal.listen(deaf);
  EXPECT_FALSE(journal.wants_sent());
  journal.listen(curious);
  EXPECT_TRUE(journal.wants_sent());
  journal.add(sent);
  EXPECT_TRUE(journal.entries().empty());
  EXPECT_TRUE(deaf.heard.empty());
  EXPECT_EQ(curious.heard.size(), 1U);

  Journal keeper(clock, {.keep_sent = true});
  EXPECT_TRUE(keeper.wants_sent());
  keeper.add(sent);
  EXPECT_EQ(keeper.entries().size(), 1U);
}

TEST_F(JournalTest, EveryLineIsJsonWhateverBytesAClientSends) {
  Journal journal(clock);
  JsonTape tape;
  for (const std::string& text :
       {std::string("\xff\xfe"), std::string("a\0b", 3), std::string("\"\\"), std::string()}) {
    journal.add({.event = JournalEvent::Message, .connection = 1, .method = text, .symbols = {text}, .text = text});
    EXPECT_TRUE(tape.parse(to_json(journal.entries().back())));
  }
}

TEST(JournalEvent, HasAWordForEachAndNoOther) {
  for (int i = 0; i <= static_cast<int>(JournalEvent::Note); ++i) {
    const auto event = static_cast<JournalEvent>(i);
    EXPECT_EQ(parse_journal_event(to_string(event)), event);
    EXPECT_THAT(journal_event_words(), HasSubstr(std::string(to_string(event))));
  }
  EXPECT_FALSE(parse_journal_event("connects"));
}

}  // namespace
}  // namespace ktape::scenario
