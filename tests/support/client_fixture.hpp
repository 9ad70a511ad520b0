#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/client/client.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "tests/support/scripted_transport.hpp"

// A client of Spot v2 whose exchange is the test.
namespace ktape::test {

using namespace std::chrono_literals;

using Lines = std::vector<std::string>;

// Shows what matters of an event on one short line.
class Notes final : public EventSink {
 public:
  void on_event(const Event& event) override {
    std::visit([this](const auto& what) { note(what); }, event);
    if (reaction) reaction(event);
  }
  Lines take() { return std::exchange(lines, {}); }

  Lines lines;
  std::function<void(const Event&)> reaction;

 private:
  void note(const LinkChange& e) { lines.push_back(fmt::format("link {} {}", to_string(e.state), e.detail)); }
  void note(const BookSnapshot& e) { lines.push_back(fmt::format("snapshot {}", e.symbol)); }
  void note(const BookUpdate& e) { lines.push_back(fmt::format("update {}", e.symbol)); }
  void note(const BookStateChange& e) {
    lines.push_back(fmt::format("book {} {}: {}", e.symbol, to_string(e.state), e.reason));
  }
  void note(const Trade& e) { lines.push_back(fmt::format("trade {} {}", e.symbol, e.trade_id)); }
  void note(const TradeGap& e) { lines.push_back(fmt::format("gap {} {}-{}", e.symbol, e.expected_id, e.received_id)); }
  void note(const Candle& e) {
    lines.push_back(fmt::format("candle {} {}m {} {} C {} N {} r{}", e.symbol, e.interval / 1min,
                                format_rfc3339(e.begin, 0).substr(11, 5), to_string(e.state), e.close.text(), e.trades,
                                e.revision));
  }
  void note(const Reply& e) {
    lines.push_back(fmt::format("reply {} {} {}", e.method, e.symbol, e.success ? "ok" : e.error));
  }
  void note(const RequestUnanswered& e) {
    lines.push_back(fmt::format("unanswered {} {}: {}", e.request_id, e.method, e.reason));
  }
  void note(const StreamStateChange& e) {
    lines.push_back(fmt::format("stream {} {} {}: {}", e.channel, e.symbol, to_string(e.state), e.reason));
  }
  void note(const TradingReply& e) {
    lines.push_back(fmt::format("trading {} {}", e.method, e.success ? "ok" : e.error));
  }
  void note(const UnknownMessage& e) { lines.push_back(fmt::format("unknown {}", e.what)); }
  void note(const Heartbeat&) { lines.push_back("heartbeat"); }
  void note(const StatusChange& e) { lines.push_back(fmt::format("status {}", e.system)); }
  void note(const Ticker& e) { lines.push_back(fmt::format("ticker {}", e.symbol)); }
  void note(const InstrumentUpdate&) { lines.push_back("instrument"); }
  void note(const OrderReports& e) { lines.push_back(fmt::format("orders {}", e.sequence.value_or(0))); }
  void note(const BalanceReports& e) { lines.push_back(fmt::format("balances {}", e.sequence.value_or(0))); }
  void note(const SequenceGap& e) {
    lines.push_back(fmt::format("missing {} {}-{}", e.channel, e.expected, e.received));
  }
  template <class Other>
  void note(const Other& /*event*/) {
    lines.push_back("other");
  }
};

inline constexpr Duration kNever = 24h * 36500;

struct ClientTest : testing::Test {
  void build(ClientOptions options = {}) {
    options.endpoint = Endpoint::parse("wss://exchange/v2").value();
    client = std::make_unique<Client>(transport, codec, clock, notes, std::move(options));
  }
  void open() {
    client->start();
    transport.open();
    notes.take();
  }
  void pass(Duration span) { clock.advance_to(clock.now() + span); }
  void acknowledge_book(const char* symbol, int id = 1, const char* method = "subscribe") {
    transport.say(fmt::format(
        R"({{"method":"{}","req_id":{},"result":{{"channel":"book","depth":10,"snapshot":true,"symbol":"{}"}},"success":true,)"
        R"("time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}})",
        method, id, symbol));
  }
  // The book of spot-v2 section 5.3, whose checksums are known.
  void snapshot(std::string_view checksum = "2389935577") {
    transport.say(fmt::format(
        R"({{"channel":"book","type":"snapshot","data":[{{"symbol":"ETH/EUR","bids":[{{"price":3120.55,"qty":1.25000000}},)"
        R"({{"price":3120.10,"qty":0.40000000}}],"asks":[{{"price":3120.90,"qty":0.75000000}},{{"price":3121.00,)"
        R"("qty":2.00000000}}],"checksum":{},"timestamp":"2026-09-01T08:00:07.100001Z"}}]}})",
        checksum));
  }
  void update(std::string_view checksum = "3176942565") {
    transport.say(fmt::format(
        R"({{"channel":"book","type":"update","data":[{{"symbol":"ETH/EUR","bids":[{{"price":3120.55,"qty":0.00000000}}],)"
        R"("asks":[{{"price":3121.00,"qty":1.50000000}}],"checksum":{},"timestamp":"2026-09-01T08:00:07.180204Z"}}]}})",
        checksum));
  }
  void trade(std::string_view time, int id, std::string_view price = "10.0", const char* type = "update") {
    transport.say(fmt::format(
        R"({{"channel":"trade","type":"{}","data":[{{"symbol":"ETH/EUR","side":"buy","price":{},"qty":1.00000000,)"
        R"("ord_type":"limit","trade_id":{},"timestamp":"2026-09-01T{}Z"}}]}})",
        type, price, id, time));
  }
  void at(std::string_view time) { clock.advance_to(parse_rfc3339(fmt::format("2026-09-01T{}Z", time)).value()); }

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  ScriptedTransport transport{clock};
  spot_v2::SpotV2Codec codec;
  Notes notes;
  std::unique_ptr<Client> client;
  const Subscription eth_book{.channel = Channel::Book, .symbols = {"ETH/EUR"}, .depth = 10};
};

// Notes what was asked for: "renew" or "first". Each time it gives another token, or fails.
struct Tokens final : Authoriser {
  void authorise(const Need& need, Done done) override {
    needs.push_back(need.renew ? "renew" : "first");
    if (later) {
      waiting = std::move(done);
    } else if (failure) {
      done(tl::unexpected<Error>(*failure));
    } else {
      done(Authorisation{.token = fmt::format("token-{}", needs.size())});
    }
  }
  Lines needs;
  bool later = false;
  std::optional<Error> failure;
  Done waiting;
};

struct NoticeLines final : ClientNotices {
  void not_sent(std::int64_t request_id, const Error& why) override {
    lines.push_back(fmt::format("not sent {}: {}", request_id, why.detail));
  }
  void failed(const Error& what) override { lines.push_back("failed: " + what.detail); }
  Lines take() { return std::exchange(lines, {}); }
  Lines lines;
};

}  // namespace ktape::test
