#include "inspect/frame_text.hpp"

#include <gtest/gtest.h>

#include "core/market/event_text.hpp"
#include "import/archive.hpp"
#include "inspect/selection.hpp"

namespace ktape {
namespace {

Frame frame(std::string_view payload, FrameKind kind = FrameKind::Text) {
  return {.at = from_nanoseconds(1'500'000'000),
          .connection = ConnectionId{7},
          .direction = Direction::ToExchange,
          .kind = kind,
          .payload = payload};
}

using Append = void (*)(std::string&, const Frame&, const TimeStyle&);
std::string text(Append append, const Frame& what, TimeStyle style = {}) {
  std::string out;
  append(out, what, style);
  return out;
}

TEST(FrameText, IsOneLineWithTimeConnectionDirectionAndPayload) {
  EXPECT_EQ(text(append_frame_text, frame("{}")), "1970-01-01T00:00:01.500000000Z 7 > {}\n");
  EXPECT_EQ(text(append_frame_text, frame("1000", FrameKind::Closed), {TimeFormat::Offset, Timestamp{}}),
            "+1.500000000 7 > [closed] 1000\n");
}

TEST(FrameCsv, QuotesAsRfc4180Does) {
  EXPECT_EQ(text(append_frame_csv, frame("{\"a\":1}\n"), {TimeFormat::UnixS, Timestamp{}}),
            "1.500000000,7,to_exchange,text,\"{\"\"a\"\":1}\n\"\n");
  EXPECT_EQ(text(append_frame_csv, frame("1000", FrameKind::Closed), {TimeFormat::UnixNs, Timestamp{}}),
            "1500000000,7,to_exchange,closed,1000\n");
}

TEST(FrameJson, IsANumberOfNanosecondsOrAString) {
  EXPECT_EQ(text(append_frame_json, frame("{\"a\":1}"), {TimeFormat::UnixNs, Timestamp{}}),
            R"({"at":1500000000,"connection":7,"direction":"to_exchange","kind":"text","payload":"{\"a\":1}"})"
            "\n");
  EXPECT_EQ(text(append_frame_json, frame("x"), {TimeFormat::UnixS, Timestamp{}}),
            R"({"at":"1.500000000","connection":7,"direction":"to_exchange","kind":"text","payload":"x"})"
            "\n");
}

// Every byte comes back, also of what is no text.
TEST(FrameJson, IsTakenBackByTheImport) {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte.push_back(static_cast<char>(i));
  for (const std::string& payload : {std::string(), std::string("\xc3\x28"), every_byte, std::string("a\nb\"\\\x01"),
                                     std::string("\xf0\x9f\x90\x99")}) {
    const Frame before = frame(payload, FrameKind::Binary);
    auto archive = open_archive(text(append_frame_json, before, {TimeFormat::UnixNs, Timestamp{}}),
                                {.format = ArchiveFormat::JsonLines});
    ASSERT_TRUE(archive.has_value()) << archive.error().detail;
    const auto after = (*archive)->next();
    ASSERT_TRUE(after.has_value() && after->has_value());
    EXPECT_EQ(**after, before);
  }
}

TEST(EventLine, IsTakenApart) {
  std::string line;
  append_event_text(line, from_nanoseconds(-17), 3, Heartbeat{});
  const std::string with_newline = line + "\n";
  const auto parsed = parse_event_line(with_newline);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->at, from_nanoseconds(-17));
  EXPECT_EQ(parsed->connection, 3U);
  EXPECT_EQ(parsed->rest, R"("event":"heartbeat"})");
}

TEST(EventLine, IsNothingElse) {
  for (const char* const line :
       {"", "{}", "{\"at\":1}", "{\"at\":x,\"connection\":1,\"event\":\"trade\"}", "{\"at\":1,\"connection\":-1,",
        "{\"at\":1,\"connection\":1,\"direction\":\"from_exchange\"}"}) {
    EXPECT_FALSE(parse_event_line(line).has_value()) << line;
  }
}

// The names by which events are selected are those that they are written with.
TEST(Selection, NamesEventsAsTheirTextDoes) {
  const Event events[] = {
      BookSnapshot{},      BookUpdate{},   Trade{},          Ticker{},         Candle{},          InstrumentUpdate{},
      StatusChange{},      Heartbeat{},    Reply{},          UnknownMessage{}, BookStateChange{}, LinkChange{},
      RequestUnanswered{}, TradeGap{},     Level3Snapshot{}, Level3Update{},   Spread{},          TradingReply{},
      Challenge{},         OrderReports{}, FillReports{},    BalanceReports{}, PositionReports{}, AccountNotice{},
      StreamStateChange{}, SequenceGap{}};
  ASSERT_EQ(std::size(events), event_names().size());
  for (const Event& event : events) {
    std::string line;
    append_event_text(line, {}, 1, event);
    const std::string expected = "\"event\":\"" + std::string(name_of(event)) + "\"";
    EXPECT_NE(line.find(expected), std::string::npos) << line;
    EXPECT_EQ(event_names()[event.index()], name_of(event));
  }
}

TEST(Selection, AdmitsEventsByChannelSymbolConnectionAndName) {
  const Event trade = Trade{.symbol = "BTC/USD"};
  const ConnectionId one{1};
  EXPECT_TRUE(admits({}, one, trade));
  EXPECT_TRUE(admits({.channels = {"book", "trade"}, .symbols = {"BTC/USD"}}, one, trade));
  EXPECT_FALSE(admits({.channels = {"book"}}, one, trade));
  EXPECT_FALSE(admits({.symbols = {"ETH/USD"}}, one, trade));
  EXPECT_FALSE(admits({.connections = {ConnectionId{2}}}, one, trade));
  EXPECT_FALSE(admits({.events = {"trade_gap"}}, one, trade));
  EXPECT_FALSE(admits({.symbols = {"BTC/USD"}}, one, Event{Heartbeat{}}));
  EXPECT_TRUE(admits({.channels = {"trade"}}, one, Event{Reply{.channel = "trade"}}));
  EXPECT_TRUE(admits({.channels = {"book"}}, one, Event{BookStateChange{.symbol = "BTC/USD"}}));
  EXPECT_TRUE(admits({.channels = {"level3"}}, one, Event{BookStateChange{.channel = "level3"}}));
  EXPECT_TRUE(admits({.channels = {"executions"}}, one, Event{OrderReports{.channel = "executions"}}));
}

class Fixed final : public FrameClassifier {
 public:
  FrameClass classify(const Frame&) override { return {"book", "BTC/USD"}; }
};

TEST(Selection, AdmitsFramesByWhatTheClassifierSays) {
  Fixed classifier;
  const Frame sent = frame("{}");
  EXPECT_TRUE(admits({.channels = {"book"}, .symbols = {"BTC/USD"}}, sent, &classifier));
  EXPECT_FALSE(admits({.channels = {"trade"}}, sent, &classifier));
  EXPECT_FALSE(admits({.channels = {"book"}}, sent, nullptr));
  EXPECT_FALSE(admits({.direction = Direction::FromExchange}, sent, &classifier));
  EXPECT_TRUE(admits({.direction = Direction::ToExchange, .frame_kinds = {FrameKind::Text}}, sent, nullptr));
  EXPECT_FALSE(admits({.frame_kinds = {FrameKind::Ping}}, sent, nullptr));
}

}  // namespace
}  // namespace ktape
