// The same troubles for what the simulation of Spot v2's public side has not: private channels and their tokens, Spot
// v1, Futures. Each market is small; what a client knows of it in the end has to be what it is.

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/client/client.hpp"
#include "core/market/balance_table.hpp"
#include "core/market/event_text.hpp"
#include "core/protocol/dialect.hpp"
#include "core/protocol/futures/server_encode.hpp"
#include "core/protocol/spot_v1/server_encode.hpp"
#include "core/wire/loopback.hpp"
#include "tests/support/bad_line.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;

constexpr Duration kTrouble = 40s;
const Timestamp kStart = parse_rfc3339("2026-09-01T08:00:00Z").value();

// One thing to subscribe to, which changes four times a second, and heartbeats.
class Market : public Exchange {
 public:
  Market(VirtualClock& clock, Dialect dialect, std::uint64_t seed)
      : clock_(clock), random_(seed), codec_(make_codec(dialect)) {
    tick(0);
  }

  void attach(ConnectionId connection, const Endpoint&, FrameSink& client) override {
    lines_.insert_or_assign(connection, Line{&client});
  }

  void on_frame(const Frame& frame) override {
    if (frame.kind == FrameKind::Closed) lines_.erase(frame.connection);
    if (frame.kind != FrameKind::Text || !lines_.contains(frame.connection)) return;
    if (const auto request = codec_->decode_request(frame.payload)) answer(frame.connection, *request);
  }

 protected:
  struct Line {
    FrameSink* client;
    bool subscribed = false;
    bool heartbeats = false;
    std::int64_t sequence = 0;
    std::string token{};  // that its subscription was made with
  };

  virtual void answer(ConnectionId connection, const Request& request) = 0;
  virtual void change() = 0;
  virtual std::string heartbeat() const = 0;

  // A line may be cut by what is said on it.
  void say(ConnectionId connection, std::string_view text) {
    const auto line = lines_.find(connection);
    if (line == lines_.end()) return;
    line->second.client->on_frame({clock_.now(), connection, Direction::FromExchange, FrameKind::Text, text});
  }
  template <class Function>
  void to_each(bool Line::*wants, Function text) {
    std::vector<ConnectionId> all;
    for (const auto& [connection, line] : lines_) {
      if (line.*wants) all.push_back(connection);
    }
    for (const ConnectionId connection : all) {
      if (lines_.contains(connection)) say(connection, text(lines_.at(connection)));
    }
  }
  Line* line(ConnectionId connection) {
    const auto found = lines_.find(connection);
    return found == lines_.end() ? nullptr : &found->second;
  }

  VirtualClock& clock_;
  Random random_;

 private:
  void tick(int quarter) {
    timer_ = clock_.at(clock_.now() + 250ms, [this, quarter](Timestamp) {
      change();
      if (quarter == 3) to_each(&Line::heartbeats, [this](const Line&) { return heartbeat(); });
      tick((quarter + 1) % 4);
    });
  }

  std::unique_ptr<Codec> codec_;
  std::map<ConnectionId, Line> lines_;
  Timer timer_;
};

// ---- Spot v2, balances

class Account final : public Market, public Authoriser {
 public:
  Account(VirtualClock& clock, std::uint64_t seed, Timestamp good_from)
      : Market(clock, Dialect::SpotV2, seed), good_from_(good_from) {}

  // Like TokenAuthoriser, but it believes in its token for ever: the account has to tell it.
  void authorise(const Need& need, Done done) override {
    if (need.renew) given_.clear();
    const bool bad = clock_.now() < good_from_;
    const auto drawn = random_.below(6);
    waiting_.push_back(clock_.at(clock_.now() + 300ms, [this, bad, drawn, done = std::move(done)](Timestamp) {
      if (bad && drawn == 0) return done(fail(Errc::Io, "no route"));
      if (bad && drawn == 1) return done(fail(Errc::Protocol, "EGeneral:Internal error"));
      if (given_.empty()) tokens_[given_ = fmt::format("T{}", ++issued_)] = clock_.now();
      done(Authorisation{.token = given_});
    }));
  }

  bool is_told_by(const BalanceTable& table) const {
    return std::all_of(totals_.begin(), totals_.end(), [&](const auto& each) {
      const auto told = table.get(each.first);
      return told && told->total && told->total->text() == each.second;
    });
  }

 private:
  void answer(ConnectionId connection, const Request& request) override {
    Line& asking = *line(connection);
    const std::int64_t id = request.request_id;
    if (request.method == Method::Ping) return say(connection, fmt::format(R"({{"method":"pong","req_id":{}}})", id));
    const std::string& token = request.authorisation.token;
    const auto known = tokens_.find(token);
    const bool good = known != tokens_.end() && (asking.token == token || clock_.now() < known->second + 15min);
    if (!good) {
      return say(connection, fmt::format(R"({{"channel":"balances","error":"ESession:Invalid session","method":"{}",)"
                                         R"("req_id":{},"status":"error","success":false}})",
                                         to_string(request.method), id));
    }
    if (request.method == Method::Unsubscribe) {
      asking.subscribed = false;
      return say(connection, fmt::format(R"({{"method":"unsubscribe","req_id":{},"result":{{"channel":"balances"}},)"
                                         R"("success":true}})",
                                         id));
    }
    if (asking.subscribed) {
      return say(connection, fmt::format(R"({{"channel":"balances","error":"Already subscribed","method":"subscribe",)"
                                         R"("req_id":{},"status":"error","success":false}})",
                                         id));
    }
    asking.subscribed = asking.heartbeats = true;
    asking.token = token;
    asking.sequence = 1;
    std::string all;
    for (const auto& [asset, total] : totals_) {
      all += fmt::format(R"({}{{"asset":"{}","asset_class":"currency","wallets":[],"balance":{}}})",
                         all.empty() ? "" : ",", asset, total);
    }
    say(connection, fmt::format(R"({{"method":"subscribe","req_id":{},"result":{{"channel":"balances",)"
                                R"("snapshot":true}},"success":true}})",
                                id));
    say(connection, fmt::format(R"({{"channel":"balances","type":"snapshot","data":[{}],"sequence":1}})", all));
  }

  void change() override {
    if (clock_.now() < good_from_ && random_.below(40) == 0) tokens_.clear();  // a new version of the server
    const auto chosen = std::next(totals_.begin(), static_cast<std::ptrdiff_t>(random_.below(totals_.size())));
    chosen->second = fmt::format("{}.{:04}", random_.below(1000), random_.below(10'000));
    to_each(&Line::subscribed, [&](Line& each) {
      return fmt::format(R"({{"channel":"balances","type":"update","data":[{{"ledger_id":"L","ref_id":"T","timestamp":)"
                         R"("2026-09-01T08:01:01.710082Z","type":"deposit","asset":"{}","asset_class":"currency",)"
                         R"("category":"deposit","wallet_type":"spot","wallet_id":"main","amount":1.0,"fee":0.0,)"
                         R"("balance":{}}}],"sequence":{}}})",
                         chosen->first, chosen->second, ++each.sequence);
    });
  }
  std::string heartbeat() const override { return R"({"channel":"heartbeat"})"; }

  Timestamp good_from_;
  std::map<std::string, std::string> totals_{{"EUR", "5000.0000"}, {"ETH", "2.5"}, {"USD", "0.0"}};
  std::map<std::string, Timestamp> tokens_;
  std::string given_;
  int issued_ = 0;
  std::vector<Timer> waiting_;
};

// ---- books of Spot v1 and of Futures

class BookMarket : public Market {
 public:
  bool is_told_by(const Client& client) const {
    const OrderBook* told = client.book(book_.spec().symbol);
    return told != nullptr && told->state() == BookState::Live && same(told->bids(), book_.bids()) &&
           same(told->asks(), book_.asks());
  }

 protected:
  BookMarket(VirtualClock& clock, Dialect dialect, std::uint64_t seed, BookSpec spec,
             std::optional<std::uint64_t> first)
      : Market(clock, dialect, seed), book_(std::move(spec)), number_(first) {
    std::vector<Level> bids, asks;
    for (std::uint64_t i = 0; i < 10; ++i) {
      bids.push_back(level(99 - i));
      asks.push_back(level(101 + i));
    }
    EXPECT_TRUE(book_.reset({.symbol = book_.spec().symbol, .bids = bids, .asks = asks, .sequence = number_}));
  }

  BookSnapshot snapshot() {
    bids_.assign(book_.bids().begin(), book_.bids().end());
    asks_.assign(book_.asks().begin(), book_.asks().end());
    BookSnapshot all{.symbol = book_.spec().symbol, .bids = bids_, .asks = asks_};
    all.sequence = number_;
    all.exchange_time = clock_.now();
    return all;
  }

  virtual std::string text_of(const BookUpdate& update) = 0;

  OrderBook book_;

 private:
  static bool same(LevelsView a, LevelsView b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const auto& x, const auto& y) {
             return x.price == y.price && x.quantity == y.quantity;
           });
  }
  Level level(std::uint64_t price) {
    return {Decimal::parse(fmt::format("{}.5", price)).value(),
            Decimal::parse(fmt::format("{}.{:03}", 1 + random_.below(9), random_.below(1000))).value()};
  }

  void change() override {
    const bool bid = random_.below(2) == 0;
    const std::vector changed{level(bid ? 90 + random_.below(10) : 101 + random_.below(10))};
    BookUpdate update{.symbol = book_.spec().symbol};
    (bid ? update.bids : update.asks) = changed;
    if (number_) update.sequence = ++*number_;
    update.exchange_time = clock_.now();
    EXPECT_TRUE(book_.apply(update));
    if (!number_) update.checksum = book_.checksum();
    const std::string text = text_of(update);
    to_each(&Line::subscribed, [&](const Line&) { return text; });
  }

  std::optional<std::uint64_t> number_;
  std::vector<Level> bids_, asks_;
};

class SpotV1Market final : public BookMarket {
 public:
  SpotV1Market(VirtualClock& clock, std::uint64_t seed)
      : BookMarket(clock, Dialect::SpotV1, seed, {.symbol = "BTC/USD", .depth = 10}, {}) {}

 private:
  void answer(ConnectionId connection, const Request& request) override {
    Line& asking = *line(connection);
    std::string text;
    Reply reply{.method = request.method == Method::Ping ? "pong" : to_string(request.method)};
    reply.request_id = request.request_id;
    reply.success = true;
    if (request.method == Method::Ping) {
      spot_v1::append_reply(text, reply);
      return say(connection, text);
    }
    const bool subscribing = request.method == Method::Subscribe;
    if (asking.subscribed == subscribing) {
      reply.success = false;
      reply.error = subscribing ? "Already subscribed" : "Subscription Not Found";
    }
    asking.subscribed = subscribing;
    if (subscribing) asking.heartbeats = true;
    reply.channel = "book";
    reply.symbol = "BTC/USD";
    reply.depth = 10;
    spot_v1::append_reply(text, reply, {.channel_id = 7});
    say(connection, text);
    if (!subscribing || !reply.success) return;
    text.clear();
    spot_v1::append_book(text, 7, 10, snapshot());
    say(connection, text);
  }
  std::string text_of(const BookUpdate& update) override {
    std::string text;
    spot_v1::append_book(text, 7, 10, update);
    return text;
  }
  std::string heartbeat() const override { return std::string(spot_v1::kHeartbeat); }
};

class FuturesMarket final : public BookMarket {
 public:
  FuturesMarket(VirtualClock& clock, std::uint64_t seed)
      : BookMarket(clock, Dialect::FuturesV1, seed, {.symbol = "PF_XBTUSD", .depth = 0}, 41) {}

 private:
  void answer(ConnectionId connection, const Request& request) override {
    std::string text;
    if (request.method == Method::Ping) {
      futures::append_pong(text);
      return say(connection, text);
    }
    Line& asking = *line(connection);
    const bool subscribing = request.method == Method::Subscribe;
    const bool is_book = request.subscription.channel == Channel::Book;
    bool& stands = is_book ? asking.subscribed : asking.heartbeats;
    if (stands == subscribing) {
      return say(connection,
                 fmt::format(R"({{"event":"alert","message":"{}"}})",
                             subscribing ? "Already subscribed to feed, re-requesting" : "Not subscribed to feed"));
    }
    stands = subscribing;
    futures::append_confirmation(
        text,
        {.method = request.method, .feed = is_book ? "book" : "heartbeat", .product = is_book ? "PF_XBTUSD" : ""});
    say(connection, text);
    if (!subscribing || !is_book) return;
    text.clear();
    futures::append_book_snapshot(text, snapshot());
    say(connection, text);
  }
  std::string text_of(const BookUpdate& update) override {
    std::string text;
    futures::append_book(text, update);
    return text;
  }
  std::string heartbeat() const override {
    std::string text;
    futures::append_heartbeat(text, clock_.now());
    return text;
  }
};

// ---- runs

class Balances final : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (const auto* reports = std::get_if<BalanceReports>(&event)) {
      EXPECT_TRUE(table.apply(*reports));
    }
  }
  BalanceTable table;
};

// What was asked for and what came of it, for people; and whether the client has said that it gave something up.
class Diary final : public FrameSink, public ClientNotices, public EventSink {
 public:
  Diary(const Clock& clock, EventSink& next) : clock_(clock), next_(next) {}

  void on_frame(const Frame& frame) override {
    if (frame.direction == Direction::ToExchange) note(fmt::format("> {}", frame.payload));
    if (frame.kind != FrameKind::Text) note(fmt::format("{} {}", to_string(frame.kind), frame.payload));
  }
  void on_event(const Event& event) override {
    next_.on_event(event);
    std::visit(
        [this, &event](const auto& what) {
          using What = std::remove_cvref_t<decltype(what)>;
          if constexpr (std::is_same_v<What, Reply> || std::is_same_v<What, RequestUnanswered> ||
                        std::is_same_v<What, StreamStateChange> || std::is_same_v<What, SequenceGap>) {
            std::string line;
            append_event_text(line, {}, 0, event);
            note(line);
          }
        },
        event);
  }
  void failed(const Error& what) override { note("failed: " + what.detail); }
  void not_sent(std::int64_t id, const Error& why) override {
    if (why.code != Errc::Io) gave_up_ = true;  // an account that refuses is not asked for ever
    note(fmt::format("not sent {}: {}", id, why.detail));
  }

  bool gave_up() const { return gave_up_; }
  std::string text() const {
    std::string all;
    for (const std::string& line : lines_) all += "  " + line + "\n";
    return all;
  }

 private:
  void note(const std::string& line) {
    lines_.push_back(fmt::format("{} {}", format_rfc3339(clock_.now(), 3).substr(14), line));
    if (lines_.size() > 60) lines_.pop_front();
  }

  const Clock& clock_;
  EventSink& next_;
  std::deque<std::string> lines_;
  bool gave_up_ = false;
};

struct Trial {
  Dialect dialect;
  std::vector<Subscription> wanted;
  bool garbles;
};

// What is wrong at the end; empty if nothing is.
template <class Knows>
std::string run(Exchange& market, VirtualClock& exchange_clock, const Trial& trial, std::uint64_t seed,
                Authoriser* authoriser, EventSink& events, Knows knows) {
  VirtualClock client_clock(kStart);
  test::BadLine line(market, exchange_clock, seed, kStart + kTrouble, trial.garbles);
  Loopback loopback(line, client_clock, exchange_clock);
  const auto transport = loopback.make_transport(ConnectionId{1});
  const auto codec = make_codec(trial.dialect);
  ClientOptions options;
  options.endpoint = Endpoint::parse("wss://exchange/").value();
  options.reconnect = {.delay = 1s, .jitter = 500ms, .longest_delay = 8s};
  options.seed = seed;
  options.authoriser = authoriser;
  Diary diary(client_clock, events);
  options.frames = &diary;
  options.notices = &diary;
  Client client(*transport, *codec, client_clock, diary, options);
  for (const Subscription& each : trial.wanted) {
    if (const auto done = client.subscribe(each); !done) return done.error().detail;
  }
  client.start();
  loopback.run_until(kStart + kTrouble + 100s);

  std::string wrong;
  if (!client.connected()) wrong += "it is not connected\n";
  for (const auto& [key, stream] : client.streams()) {
    if (stream.state == StreamState::Live) continue;
    if (diary.gave_up()) return {};                                              // and so does this
    if (stream.state == StreamState::Dead && !stream.reason.empty()) return {};  // and says why
    wrong += fmt::format("{} is {}: {}\n", to_string(key.channel), to_string(stream.state), stream.reason);
  }
  if (client.streams().size() < trial.wanted.size()) {
    if (diary.gave_up()) return {};
    wrong += "a stream is missing\n";
  }
  bool equal = false;
  for (int tries = 0; tries < 100 && !equal; ++tries) {
    equal = knows(client);
    if (!equal) loopback.run_until(client_clock.now() + 20ms);
  }
  if (!equal) wrong += "it does not know what is\n";
  return wrong.empty() ? wrong : wrong + "after\n" + diary.text();
}

std::string run_account(std::uint64_t seed) {
  VirtualClock clock(kStart);
  Account account(clock, seed, kStart + kTrouble);
  Balances balances;
  return run(account, clock, {Dialect::SpotV2, {{.channel = Channel::Balances}}, false}, seed, &account, balances,
             [&](const Client&) { return account.is_told_by(balances.table); });
}

class Nobody final : public EventSink {
  void on_event(const Event&) override {}
};

template <class Book>
std::string run_book(std::uint64_t seed, const Trial& trial) {
  VirtualClock clock(kStart);
  Book market(clock, seed);
  Nobody nobody;
  return run(market, clock, trial, seed, nullptr, nobody,
             [&](const Client& client) { return market.is_told_by(client); });
}

// KTAPE_SIMULATION_SEEDS=10000 runs as many; a failure prints its seed, and KTAPE_SIMULATION_FIRST=seed begins there.
void for_each_seed(const std::function<std::string(std::uint64_t)>& run_one) {
  const auto number = [](const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
  };
  const std::uint64_t first = number("KTAPE_SIMULATION_FIRST", 1);
  const std::uint64_t seeds = number("KTAPE_SIMULATION_SEEDS", 20);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    ASSERT_EQ(run_one(seed), "") << "with KTAPE_SIMULATION_FIRST=" << seed;
  }
}

TEST(DialectSimulation, KeepsAnAccountThroughLostMessagesAndTokens) { for_each_seed(run_account); }

TEST(DialectSimulation, KeepsABookOfSpotV1) {
  for_each_seed([](std::uint64_t seed) {
    return run_book<SpotV1Market>(
        seed, {Dialect::SpotV1, {{.channel = Channel::Book, .symbols = {"BTC/USD"}, .depth = 10}}, true});
  });
}

TEST(DialectSimulation, KeepsABookOfFutures) {
  for_each_seed([](std::uint64_t seed) {
    return run_book<FuturesMarket>(
        seed, {Dialect::FuturesV1,
               {{.channel = Channel::Heartbeat}, {.channel = Channel::Book, .symbols = {"PF_XBTUSD"}}},
               false});
  });
}

}  // namespace
}  // namespace ktape
