#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/client/client.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "tests/support/scripted_transport.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class Notes final : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (const auto* const change = std::get_if<BookStateChange>(&event)) {
      lines.push_back(
          fmt::format("{} {} {}: {}", change->channel, change->symbol, to_string(change->state), change->reason));
    } else if (const auto* const snapshot = std::get_if<Level3Snapshot>(&event)) {
      lines.push_back(fmt::format("snapshot {}", snapshot->symbol));
    } else if (const auto* const update = std::get_if<Level3Update>(&event)) {
      lines.push_back(fmt::format("update {}", update->symbol));
    } else if (const auto* const late = std::get_if<RequestUnanswered>(&event)) {
      lines.push_back(fmt::format("timeout {} {}", late->request_id, late->method));
    }
  }
  std::vector<std::string> take() { return std::exchange(lines, {}); }

 private:
  std::vector<std::string> lines;
};

struct OneToken final : Authoriser {
  void authorise(const Need&, Done done) override { done(Authorisation{.token = "T"}); }
};

struct ClientLevel3Test : testing::Test {
  ClientLevel3Test() {
    ClientOptions options;
    options.endpoint = Endpoint::parse("wss://exchange/v2").value();
    options.authoriser = &token;
    options.allow_trading = true;
    client = std::make_unique<Client>(transport, codec, clock, notes, std::move(options));
    client->start();
    transport.open();
  }
  void acknowledge(int id, const char* method = "subscribe", const char* depth = "") {
    transport.say(fmt::format(
        R"({{"method":"{}","req_id":{},"result":{{"channel":"level3",{}"symbol":"ETH/EUR"}},"success":true}})", method,
        id, depth));
  }
  // The book of spot-v2 section 5.4, whose checksums are known.
  void snapshot(std::string_view checksum = "2296844629") {
    transport.say(fmt::format(
        R"({{"channel":"level3","type":"snapshot","data":[{{"symbol":"ETH/EUR","checksum":{},"bids":[{{"order_id":"OAAAA1-BBBBB-CCCCC1","limit_price":3120.55,"order_qty":1.25000000,"timestamp":"2026-09-01T07:59:58.100200300Z"}}],"asks":[{{"order_id":"OAAAA2-BBBBB-CCCCC2","limit_price":3120.90,"order_qty":0.50000000,"timestamp":"2026-09-01T07:59:50.000000001Z"}},{{"order_id":"OAAAA3-BBBBB-CCCCC3","limit_price":3120.90,"order_qty":0.25000000,"timestamp":"2026-09-01T07:59:57.000000002Z"}}],"timestamp":"2026-09-01T08:00:08.000000003Z"}}]}})",
        checksum));
  }
  void update(std::string_view checksum = "168774601") {
    transport.say(fmt::format(
        R"({{"channel":"level3","type":"update","data":[{{"checksum":{},"timestamp":"2026-09-01T08:00:08.250000004Z","symbol":"ETH/EUR","bids":[{{"event":"add","order_id":"OAAAA4-BBBBB-CCCCC4","limit_price":3120.40,"order_qty":0.10000000,"timestamp":"2026-09-01T08:00:08.240000005Z"}}],"asks":[{{"event":"modify","order_id":"OAAAA2-BBBBB-CCCCC2","limit_price":3120.90,"order_qty":0.20000000,"timestamp":"2026-09-01T07:59:50.000000001Z"}}]}}]}})",
        checksum));
  }

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  ScriptedTransport transport{clock};
  spot_v2::SpotV2Codec codec;
  Notes notes;
  OneToken token;
  std::unique_ptr<Client> client;
  const Subscription eth{.channel = Channel::Level3, .symbols = {"ETH/EUR"}, .depth = 100};
};

TEST_F(ClientLevel3Test, KeepsTheBookOfItsSubscription) {
  client->subscribe(eth);
  clock.advance_to(clock.now());
  EXPECT_THAT(
      transport.sent,
      ElementsAre(
          R"({"method":"subscribe","params":{"channel":"level3","symbol":["ETH/EUR"],"depth":100,"snapshot":true,"token":"T"},"req_id":1})"));
  acknowledge(1);
  snapshot();
  update();
  EXPECT_THAT(notes.take(), ElementsAre("level3 ETH/EUR await_snapshot: subscribed", "snapshot ETH/EUR",
                                        "level3 ETH/EUR live: snapshot", "update ETH/EUR"));
  ASSERT_NE(client->level3_book("ETH/EUR"), nullptr);
  EXPECT_EQ(client->level3_book("ETH/EUR")->spec().depth, 100) << "the request knows what the answer does not say";
  EXPECT_EQ(client->level3_book("ETH/EUR")->order_count(), 4U);
  EXPECT_EQ(client->stats().checksums_verified, 2U);
  EXPECT_EQ(client->book("ETH/EUR"), nullptr);
}

TEST_F(ClientLevel3Test, SubscribesAgainAfterAWrongChecksum) {
  client->subscribe(eth);
  clock.advance_to(clock.now());
  acknowledge(1);
  snapshot();
  transport.sent.clear();
  notes.take();
  update("17");
  clock.advance_to(clock.now());
  EXPECT_THAT(notes.take(), ElementsAre("level3 ETH/EUR invalid: level3 book ETH/EUR: update says checksum 17, the "
                                        "book gives 168774601",
                                        "level3 ETH/EUR await_snapshot: unsubscribed"));
  EXPECT_THAT(
      transport.sent,
      ElementsAre(
          R"({"method":"unsubscribe","params":{"channel":"level3","symbol":["ETH/EUR"],"depth":100,"token":"T"},"req_id":2})",
          R"({"method":"subscribe","params":{"channel":"level3","symbol":["ETH/EUR"],"depth":100,"snapshot":true,"token":"T"},"req_id":3})"));
  update();
  EXPECT_THAT(notes.take(), IsEmpty()) << "nothing is shown meanwhile";
  acknowledge(2, "unsubscribe");
  acknowledge(3);
  snapshot();
  EXPECT_EQ(client->level3_book("ETH/EUR")->state(), BookState::Live);
}

TEST_F(ClientLevel3Test, TakesTheDepthFromTheSnapshotWhereNobodyToldIt) {
  acknowledge(77);
  EXPECT_THAT(notes.take(), ElementsAre("level3 ETH/EUR await_snapshot: subscribed"));
  snapshot();
  EXPECT_EQ(client->level3_book("ETH/EUR")->spec().depth, 10);
}

TEST_F(ClientLevel3Test, TheBookIsStaleAfterUnsubscribingAndWithoutAConnection) {
  client->subscribe(eth);
  acknowledge(1);
  snapshot();
  notes.take();
  transport.drop();
  EXPECT_THAT(notes.take(),
              ElementsAre("level3 ETH/EUR await_snapshot: the connection is down", "timeout 1 subscribe"));
  clock.advance_to(clock.now() + 1s);
  transport.open();
  acknowledge(2);
  snapshot();
  notes.take();
  acknowledge(3, "unsubscribe");
  EXPECT_THAT(notes.take(), ElementsAre("level3 ETH/EUR await_snapshot: unsubscribed"));
}

TEST_F(ClientLevel3Test, ATradingRequestWaitsForTheAnswerToEachOfItsOrders) {
  transport.send(R"({"method":"cancel_order","params":{"order_id":["O1","O2"],"token":"T"},"req_id":50})");
  transport.send(R"({"method":"cancel_all","params":{"token":"T"},"req_id":51})");
  transport.send(R"({"method":"cancel_all","params":{"token":"T"},"req_id":52})");
  transport.say(R"({"method":"cancel_order","req_id":50,"result":{"order_id":"O2"},"success":true})");
  transport.say(R"({"method":"cancel_all","req_id":51,"result":{"count":0},"success":true})");
  clock.advance_to(clock.now() + 10s);
  EXPECT_THAT(notes.take(), ElementsAre("timeout 50 cancel_order", "timeout 52 cancel_all"));
}

}  // namespace
}  // namespace ktape
