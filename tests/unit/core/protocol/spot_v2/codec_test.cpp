#include "core/protocol/spot_v2/codec.hpp"

#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/event_log.hpp"

namespace ktape::spot_v2 {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Looks at the events where they are valid: in the handler.
class Inspect final : public EventSink {
 public:
  explicit Inspect(std::function<void(const Event&)> look) : look_(std::move(look)) {}
  void on_event(const Event& event) override {
    ++count_;
    look_(event);
  }
  int count() const { return count_; }

 private:
  std::function<void(const Event&)> look_;
  int count_ = 0;
};

class SpotV2CodecTest : public ::testing::TestWithParam<DecodePath> {
 protected:
  // The complaint about a text that gives exactly one UnknownMessage.
  std::string complaint(std::string_view text) {
    std::string what;
    const auto before = codec_.stats().unknown_messages;
    Inspect inspect([&](const Event& event) {
      const auto* unknown = std::get_if<UnknownMessage>(&event);
      ASSERT_NE(unknown, nullptr);
      what = unknown->what;
    });
    codec_.decode(text, inspect);
    EXPECT_EQ(inspect.count(), 1);
    EXPECT_EQ(codec_.stats().unknown_messages, before + 1);
    return what;
  }

  SpotV2Codec codec_{GetParam()};
};

TEST_P(SpotV2CodecTest, GivesABookWithTheDigitsAsTheyWereWritten) {
  Inspect inspect([](const Event& event) {
    const auto& book = std::get<BookUpdate>(event);
    EXPECT_EQ(book.symbol, "ETH/EUR");
    ASSERT_EQ(book.bids.size(), 2U);
    EXPECT_EQ(book.bids[0].price.text(), "3120.50");
    EXPECT_EQ(book.bids[0].quantity.text(), "0.00000000");
    EXPECT_EQ(book.bids[1].price.text(), "3120");
    EXPECT_EQ(book.bids[1].quantity.text(), "123456789.123456789");
    ASSERT_EQ(book.asks.size(), 1U);
    EXPECT_EQ(book.asks[0].quantity.text(), "1.50000000");
    EXPECT_EQ(book.checksum, 3176942565U);
    EXPECT_EQ(book.exchange_time, parse_rfc3339("2026-09-01T08:00:07.180204Z").value());
  });
  codec_.decode(R"({"channel":"book","type":"update","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.50,)"
                R"("qty":0.00000000},{"price":3120,"qty":123456789.123456789}],"asks":[{"price":3121.00,)"
                R"("qty":1.50000000}],"checksum":3176942565,"timestamp":"2026-09-01T08:00:07.180204Z"}]})",
                inspect);
  EXPECT_EQ(inspect.count(), 1);
}

TEST_P(SpotV2CodecTest, GivesEachTradeOfAMessageInItsOrder) {
  std::vector<std::int64_t> ids;
  Inspect inspect([&](const Event& event) {
    const auto& trade = std::get<Trade>(event);
    EXPECT_EQ(trade.side, Side::Sell);
    EXPECT_EQ(trade.order_type, OrderType::Market);
    EXPECT_TRUE(trade.snapshot);
    ids.push_back(trade.trade_id);
  });
  std::string list;
  for (int id = 3; id < 53; ++id) {
    list += fmt::format(R"({}{{"symbol":"A/B","side":"sell","price":1.0,"qty":2.0,"ord_type":"market","trade_id":{},)"
                        R"("timestamp":"2026-09-01T08:00:{:02}.000000Z"}})",
                        id == 3 ? "" : ",", id, id);
  }
  codec_.decode(R"({"channel":"trade","type":"snapshot","data":[)" + list + "]}", inspect);
  ASSERT_EQ(ids.size(), 50U);
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(ids[i], static_cast<std::int64_t>(i) + 3);
}

TEST_P(SpotV2CodecTest, ABrokenElementLeavesNoEventOfTheWholeMessage) {
  const std::string good = R"({"symbol":"A/B","side":"buy","price":1.0,"qty":2.0,"ord_type":"limit","trade_id":1,)"
                           R"("timestamp":"2026-09-01T08:00:00.000000Z"})";
  EXPECT_EQ(complaint(R"({"channel":"trade","type":"update","data":[)" + good + "," + good + R"(,{"symbol":"A/B"}]})"),
            "channel 'trade': no side");
}

TEST_P(SpotV2CodecTest, ReadsIntegersOfTheirFullWidth) {
  Inspect status(
      [](const Event& event) { EXPECT_EQ(std::get<StatusChange>(event).connection_id, 18446744073709551615U); });
  codec_.decode(
      R"({"channel":"status","type":"update","data":[{"system":"online","connection_id":18446744073709551615}]})",
      status);
  Inspect reply([](const Event& event) { EXPECT_EQ(std::get<Reply>(event).request_id, 9223372036854775807); });
  codec_.decode(R"({"method":"pong","req_id":9223372036854775807})", reply);
  EXPECT_THAT(complaint(R"({"method":"pong","req_id":9223372036854775808})"),
              HasSubstr("req_id is 9223372036854775808"));
  EXPECT_THAT(complaint(R"({"channel":"status","data":[{"system":"online","connection_id":18446744073709551616}]})"),
              HasSubstr("connection_id is 18446744073709551616"));
}

TEST_P(SpotV2CodecTest, ReadsTimesOfAnyPrecision) {
  for (const auto& [written, nanoseconds_after] : std::vector<std::pair<std::string, int>>{{"07Z", 0},
                                                                                           {"07.5Z", 500'000'000},
                                                                                           {"07.1802040Z", 180'204'000},
                                                                                           {"07.180204Z", 180'204'000},
                                                                                           {"07.000000001Z", 1}}) {
    Inspect inspect([&, after = nanoseconds_after](const Event& event) {
      EXPECT_EQ(std::get<BookUpdate>(event).exchange_time,
                parse_rfc3339("2026-09-01T08:00:07Z").value() + Duration{after});
    });
    codec_.decode(R"({"channel":"book","type":"update","data":[{"symbol":"A/B","bids":[],"asks":[],"checksum":0,)"
                  R"("timestamp":"2026-09-01T08:00:)" +
                      written + R"("}]})",
                  inspect);
    EXPECT_EQ(inspect.count(), 1) << written;
  }
}

TEST_P(SpotV2CodecTest, MethodComesBeforeChannel) {
  Inspect inspect([](const Event& event) {
    const auto& reply = std::get<Reply>(event);
    EXPECT_FALSE(reply.success);
    EXPECT_EQ(reply.channel, "book");
    EXPECT_EQ(reply.error, "ESession:Invalid session");
  });
  codec_.decode(
      R"({"channel":"book","type":"update","data":[],"error":"ESession:Invalid session","method":"subscribe",)"
      R"("status":"error","success":false})",
      inspect);
  EXPECT_EQ(inspect.count(), 1);
}

TEST_P(SpotV2CodecTest, CountsMessagesAndWhatItDoesNotKnow) {
  test::EventLog log;
  codec_.decode(R"({"channel":"heartbeat"})", log);
  codec_.decode(R"({"channel":"heartbeat","beats":9})", log);
  codec_.decode(R"({"channel":"trade","type":"update","data":[{"symbol":"A/B","side":"buy","price":1,"qty":1,)"
                R"("ord_type":"limit","trade_id":1,"timestamp":"2026-09-01T08:00:00Z","fee":{"x":[1,2]},"tag":null}]})",
                log);
  codec_.decode(R"({"channel":"no_such_thing","type":"update","data":[]})", log);
  EXPECT_EQ(codec_.stats().messages, 4U);
  EXPECT_EQ(codec_.stats().unknown_fields, 3U);
  EXPECT_EQ(codec_.stats().unknown_messages, 1U);
}

TEST_P(SpotV2CodecTest, TextThatIsNotJsonIsNamedWithTheByte) {
  EXPECT_EQ(complaint("CloudFlare WebSocket proxy restarting"),
            "not JSON at byte 0 (Invalid value.): 'CloudFlare WebSocket proxy restarting'");
  EXPECT_THAT(complaint(""), StartsWith("not JSON at byte 0"));
  EXPECT_THAT(complaint(std::string_view("{\"channel\":\"heartbeat\"}\0", 24)),
              StartsWith("not JSON at byte 23 (a NUL"));
  EXPECT_THAT(complaint("{\"channel\":\"\xc3\x28\"}"), StartsWith("not JSON at byte"));
  EXPECT_THAT(complaint("\x01\xff"), HasSubstr("'\\x01\\xff'"));
}

TEST_P(SpotV2CodecTest, RefusesWhatIsTooDeep) {
  EXPECT_EQ(complaint(std::string(100'000, '[')), "values nested too deeply");
  std::string nested = R"({"channel":"heartbeat","x":)";
  for (int i = 0; i < 40; ++i) nested += R"({"a":)";
  EXPECT_EQ(complaint(nested), "values nested too deeply");
}

TEST_P(SpotV2CodecTest, RefusesWhatIsTooLong) {
  const std::string limit = R"({"channel":"book)" + std::string(std::size_t{16} << 20, 'k');
  EXPECT_EQ(complaint(limit), fmt::format("a message of {} bytes, at most 16777216 are read", limit.size()));
}

TEST_P(SpotV2CodecTest, ALongStrangeTextIsShownInPart) {
  const std::string what = complaint(R"({"channel":")" + std::string(5'000, 'x') + "\"}");
  EXPECT_LT(what.size(), 100U);
  EXPECT_THAT(what, StartsWith("channel 'xxxx"));
}

TEST_P(SpotV2CodecTest, AMessageAfterABadOneIsReadAsUsual) {
  complaint(
      R"({"channel":"book","type":"update","data":[{"symbol":"A/B","bids":[{"price":1.0,"qty":1.0},{"price":"x"}]}]})");
  Inspect inspect([](const Event& event) {
    EXPECT_EQ(std::get<BookUpdate>(event).bids.size(), 1U);
    EXPECT_EQ(std::get<BookUpdate>(event).asks.size(), 0U);
  });
  codec_.decode(
      R"({"channel":"book","type":"update","data":[{"symbol":"A/B","bids":[{"price":1.0,"qty":1.0}],"asks":[],)"
      R"("checksum":1,"timestamp":"2026-09-01T08:00:07.180204Z"}]})",
      inspect);
  EXPECT_EQ(inspect.count(), 1);
}

TEST_P(SpotV2CodecTest, LeavesTheTextAsItIs) {
  const std::string original =
      R"({"channel":"trade","type":"update","data":[{"symbol":"A\u002fB","side":"buy","price":1,)"
      R"("qty":1,"ord_type":"limit","trade_id":1,"timestamp":"2026-09-01T08:00:00Z"}]})";
  const std::string text = original;
  Inspect inspect([](const Event& event) { EXPECT_EQ(std::get<Trade>(event).symbol, "A/B"); });
  codec_.decode(text, inspect);
  EXPECT_EQ(inspect.count(), 1);
  EXPECT_EQ(text, original);
}

TEST_P(SpotV2CodecTest, SpeaksTheRequestsOfItsDialect) {
  const Request ping{.method = Method::Ping, .request_id = 5, .subscription = {}};
  EXPECT_EQ(codec_.encode(ping), R"({"method":"ping","req_id":5})");
  EXPECT_EQ(codec_.decode_request(codec_.encode(ping)).value().method, Method::Ping);
  EXPECT_EQ(codec_.decode_request("{").error().detail, "Malformed request");
}

INSTANTIATE_TEST_SUITE_P(Paths, SpotV2CodecTest, ::testing::Values(DecodePath::FastFirst, DecodePath::RapidJsonOnly),
                         [](const auto& path) {
                           return path.param == DecodePath::FastFirst ? "FastFirst" : "RapidJsonOnly";
                         });

}  // namespace
}  // namespace ktape::spot_v2
