// A program with several connections hears on a recording of them what it heard live, and its account stands as it
// stood.
#include "core/client/kraken_client.hpp"

#include <optional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/client/event_log.hpp"
#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"
#include "core/wire/loopback.hpp"
#include "replay/player.hpp"
#include "replay/recorded_connections.hpp"
#include "tests/support/book_market.hpp"
#include "tests/support/memory_bytes.hpp"
#include "tests/support/open_exchange.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;

const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();

class Tokens final : public Authoriser {
  void authorise(const Need&, Done done) override { done(Authorisation{.token = "TOKEN"}); }
};

// Wants its account as soon as the book is there, and cancels everything when an order is told.
class Bot final : public EventSink {
 public:
  Bot(KrakenClient::TransportFor transport_for, TimerService& timers, FrameSink* frames)
      : log_(timers, [this](std::string_view line) { history += line; }),
        kraken_(std::move(transport_for), timers, *this, options(frames)) {
    EXPECT_TRUE(kraken_.add_book("BTC/USD"));
    kraken_.start();
  }
  const KrakenClient& kraken() const { return kraken_; }

  std::string history;

 private:
  KrakenClientOptions options(FrameSink* frames) {
    KrakenClientOptions out;
    out.allow_trading = HostKind::Private;
    out.client.authoriser = &tokens_;
    out.client.frames = frames;
    return out;
  }
  void on_event(const Event& event) override {
    log_.of(connection_to(*kraken_.source())).on_event(event);
    history += fmt::format("{} orders, {}\n", kraken_.orders().open_count(), to_string(kraken_.orders_state().state));
    if (std::holds_alternative<BookSnapshot>(event)) {
      EXPECT_TRUE(kraken_.subscribe({.channel = Channel::Executions}));
    }
    const auto* const reports = std::get_if<OrderReports>(&event);
    if (reports != nullptr && !reports->snapshot && !reports->reports.empty()) kraken_.trade(CancelAll{});
  }

  Tokens tokens_;
  EventLog log_;
  KrakenClient kraken_;
};

// Answers subscriptions, moves its book ten times a second, opens orders, and loses the private connection now and
// then.
class Exchange {
 public:
  explicit Exchange(VirtualClock& clock) : clock_(clock) {
    open.said = [this](const Frame& frame) { answer(frame); };
    tick();
  }

 private:
  VirtualClock& clock_;

 public:
  OpenExchange open{clock_};

 private:
  void answer(const Frame& frame) {
    const std::string_view text = frame.payload;
    if (frame.kind != FrameKind::Text || !text.starts_with(R"({"method":"subscribe")")) return;
    const auto id = text.substr(text.find("\"req_id\":") + 9, 1);
    const bool book = text.find("\"book\"") != std::string_view::npos;
    open.send(frame.connection,
              fmt::format(R"({{"method":"subscribe","req_id":{},"result":{{"channel":"{}","snapshot":true{}}},)"
                          R"("success":true,"time_in":"2026-09-01T08:00:00.000100Z",)"
                          R"("time_out":"2026-09-01T08:00:00.000140Z"}})",
                          id, book ? "book" : "executions", book ? R"(,"depth":10,"symbol":"BTC/USD")" : ""));
    if (book) {
      told_book_ = true;
      open.send(frame.connection, market_.snapshot(clock_.now()));
    } else {
      sequence_ = 1;
      open.send(frame.connection, R"({"channel":"executions","type":"snapshot","data":[],"sequence":1})");
    }
  }
  void tick() {
    timer_ = clock_.at(clock_.now() + 100ms, [this](Timestamp now) {
      market_.move();
      if (told_book_) {
        if (const std::string update = market_.update(now); !update.empty()) open.send(ConnectionId{1}, update);
      }
      if (++ticks_ % 7 == 0 && sequence_ > 0) {
        open.send(
            ConnectionId{2},
            fmt::format(R"({{"channel":"executions","type":"update","data":[{{"order_id":"O{}","symbol":"BTC/USD",)"
                        R"("order_qty":1.0,"exec_type":"new","side":"buy","order_type":"limit",)"
                        R"("limit_price":1.0,"order_status":"new","timestamp":"2026-09-01T08:00:00.0Z"}}],)"
                        R"("sequence":{}}})",
                        ticks_, ++sequence_));
      }
      if (ticks_ % 40 == 0) {
        sequence_ = 0;
        open.send(ConnectionId{2}, FrameKind::Closed, "1001 restarting");
      }
      tick();
    });
  }

  BookMarket market_{3, "BTC/USD", 10};
  bool told_book_ = false;
  int ticks_ = 0;
  int sequence_ = 0;
  Timer timer_;
};

TEST(KrakenClientHistory, IsTheSameOnTheRecordingOfItsConnections) {
  const MemoryFile file = memory_file();
  SessionInfo info;
  info.session_id = "facade";
  info.writer = "test";
  SessionWriterOptions how;
  how.compression_level = 1;
  how.redaction = Redaction::None;
  auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, info, how).value();

  VirtualClock exchange_clock(kStart);
  VirtualClock live_clock(kStart);
  Exchange exchange(exchange_clock);
  Loopback loopback(exchange.open, live_clock, exchange_clock);
  Bot live([&](ConnectionId id) { return loopback.make_transport(id); }, live_clock, writer.get());
  loopback.run_until(kStart + 19500ms);
  ASSERT_TRUE(writer->finish());
  ASSERT_GT(live.history.size(), 20'000U);
  ASSERT_GT(live.kraken().orders().open_count(), 0U);

  auto reader = SessionReader::open(std::make_unique<MemorySource>(*file)).value();
  VirtualClock clock(kStart);
  RecordedConnections recorded;
  Bot replayed([&](ConnectionId id) { return recorded.take(id); }, clock, nullptr);
  Player player(*reader, clock, recorded);
  while (player.step().value()) {
  }
  clock.advance_to(kStart + 19500ms);
  EXPECT_EQ(recorded.unheard(), 0U);
  EXPECT_EQ(replayed.kraken().orders().open_count(), live.kraken().orders().open_count());
  EXPECT_TRUE(replayed.history == live.history)
      << "they part after "
      << std::mismatch(replayed.history.begin(), replayed.history.end(), live.history.begin(), live.history.end())
                 .first -
             replayed.history.begin();
}

}  // namespace
}  // namespace ktape::test
