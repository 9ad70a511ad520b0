// What Kraken really sent in each dialect, served again: byte for byte to a client that asks what was asked.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "import/archive.hpp"
#include "replay/playback_exchange.hpp"
#include "tests/support/captures.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/tape.hpp"

namespace ktape {
namespace {

test::Tape tape_of(const std::string& file, Dialect dialect) {
  test::Tape tape;
  auto text = read_archive_file((*captures() / file).string());
  EXPECT_TRUE(text) << text.error().detail;
  auto archive = open_archive(std::move(*text));
  EXPECT_TRUE(archive) << archive.error().detail;
  EXPECT_EQ((*archive)->dialect(), dialect);
  for (auto frame = (*archive)->next(); frame && *frame; frame = (*archive)->next()) {
    tape.add((*frame)->at, (*frame)->kind, (*frame)->payload, static_cast<std::uint32_t>((*frame)->connection),
             (*frame)->direction);
  }
  return tape;
}

// What was asked for, told from an answer of v2, where a capture has the exchange's words only; empty for what is no
// answer to a subscription.
std::string request_of(std::string_view answer) {
  for (const std::string_view method : {"subscribe", "unsubscribe"}) {
    const std::string head = "{\"method\":\"" + std::string(method) + "\",\"result\":";
    if (!answer.starts_with(head)) continue;
    std::string asked(answer.substr(head.size(), answer.find('}') + 1 - head.size()));
    const std::string symbol = "\"symbol\":";
    if (const auto at = asked.find(symbol); at != std::string::npos) {
      const auto end = asked.find('"', at + symbol.size() + 1) + 1;
      asked.insert(end, "]").insert(at + symbol.size(), "[");
    }
    return "{\"method\":\"" + std::string(method) + "\",\"params\":" + asked + "}";
  }
  return {};
}

// The client's words of a capture, with their times.
std::vector<std::pair<Timestamp, std::string>> requests_of(const test::Tape& tape) {
  std::vector<std::pair<Timestamp, std::string>> all;
  for (const auto& entry : tape.entries) {
    if (entry.kind != FrameKind::Text) continue;
    if (entry.direction == Direction::ToExchange) all.emplace_back(entry.at, entry.payload);
    // Just before it was answered.
    const auto asked = entry.direction == Direction::FromExchange ? request_of(entry.payload) : std::string();
    if (!asked.empty()) all.emplace_back(entry.at - std::chrono::nanoseconds(1), asked);
  }
  return all;
}

// Counts what a client makes of what it hears; wrong checksums and holes in numbers fail.
class BookKeeper final : public EventSink {
 public:
  // `depth`: that of the books; those of Futures have none.
  BookKeeper(Dialect dialect, int depth) : codec_(make_codec(dialect)), depth_(depth) {}

  void hear(std::string_view text) { codec_->decode(text, *this); }
  void on_event(const Event& event) override {
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      auto& book =
          books.try_emplace(std::string(snapshot->symbol), BookSpec{std::string(snapshot->symbol), depth_, {}, {}})
              .first->second;
      const auto done = book.reset(*snapshot);
      EXPECT_TRUE(done) << done.error().detail;
    } else if (const auto* update = std::get_if<BookUpdate>(&event)) {
      const auto book = books.find(update->symbol);
      ASSERT_NE(book, books.end()) << update->symbol << ": an update before its snapshot";
      const auto done = book->second.apply(*update);
      EXPECT_TRUE(done) << done.error().detail;
      ++updates;
    } else if (const auto* unknown = std::get_if<UnknownMessage>(&event)) {
      ADD_FAILURE() << unknown->what;
    }
  }

  std::map<std::string, OrderBook, std::less<>> books;
  int updates = 0;

 private:
  std::unique_ptr<Codec> codec_;
  int depth_;
};

struct Capture {
  const char* name;
  const char* file;
  Dialect dialect;
  std::size_t books = 0;
  int depth = 0;
  int updates = 0;  // at least, in its last two thirds
};

class PlaybackCaptures : public testing::TestWithParam<Capture> {
 protected:
  void load() {
    tape = tape_of(GetParam().file, GetParam().dialect);
    clock = std::make_unique<VirtualClock>(tape.entries.front().at);
    PlaybackOptions options;
    options.dialect = GetParam().dialect;
    auto created = PlaybackExchange::create(
        *clock, [this] { return Result<std::unique_ptr<FrameSource>>(tape.source()); }, options);
    ASSERT_TRUE(created) << created.error().detail;
    exchange = std::move(*created);
    driver = std::make_unique<test::ExchangeDriver>(*clock, *exchange);
  }

  test::Tape tape;
  std::unique_ptr<VirtualClock> clock;
  std::unique_ptr<PlaybackExchange> exchange;
  std::unique_ptr<test::ExchangeDriver> driver;
};

TEST_P(PlaybackCaptures, IsHeardByteForByteByWhoAsksWhatWasAsked) {
  KTAPE_REQUIRE_CAPTURES();
  load();
  const auto client = driver->connect();
  std::vector<test::ExchangeDriver::Heard> recorded;
  for (const auto& entry : tape.entries) {
    if (entry.kind != FrameKind::Text || entry.direction != Direction::FromExchange) continue;
    recorded.push_back({entry.at, entry.kind, entry.payload});
  }
  for (const auto& [at, text] : requests_of(tape)) {
    driver->run_to(std::max(at, clock->now()));
    driver->say(client, text);
  }
  driver->run_to(tape.entries.back().at);
  auto heard = driver->heard(client);
  ASSERT_EQ(heard.back().payload, "1001 recording ended");
  heard.pop_back();
  ASSERT_EQ(heard.size(), recorded.size());
  for (std::size_t i = 0; i < heard.size(); ++i) ASSERT_EQ(heard[i], recorded[i]) << "frame " << i;
}

TEST_P(PlaybackCaptures, KeepsTheBooksOfWhoJoinsInTheMiddle) {
  KTAPE_REQUIRE_CAPTURES();
  load();
  const auto length = tape.entries.back().at - tape.entries.front().at;
  driver->run_to(tape.entries.front().at + length / 3);
  const auto client = driver->connect();
  // What is asked for again and again is asked for once here, and not given up.
  std::set<std::string> asked;
  for (const auto& [at, text] : requests_of(tape)) {
    if (text.find("unsubscribe") == std::string::npos && asked.insert(text).second) driver->say(client, text);
  }
  driver->run_to(tape.entries.back().at);
  auto heard = driver->take(client);
  ASSERT_EQ(heard.back(), "closed 1001 recording ended");
  heard.pop_back();
  BookKeeper keeper(GetParam().dialect, GetParam().depth);
  for (const auto& text : heard) keeper.hear(text);
  EXPECT_EQ(keeper.books.size(), GetParam().books);
  EXPECT_GE(keeper.updates, GetParam().updates);
}

constexpr Capture kCaptures[] = {
    {"SpotV2Book10AskedForAgain", "spot-v2/crossbook_btcusd_book10_resubscribe.cbcap", Dialect::SpotV2, 1, 10, 100},
    {"SpotV2Book25", "spot-v2/crossbook_btcusd_book25.cbcap.zst", Dialect::SpotV2, 1, 25, 1000},
    {"SpotV2Book25OfEther", "spot-v2/crossbook_ethusd_book25.cbcap.zst", Dialect::SpotV2, 1, 25, 500},
    {"SpotV1Books", "spot-v1/cryptofeed_20210417_KRAKEN.ws.50.0.zst", Dialect::SpotV1, 10, 1000, 1000},
    {"SpotV1Trades", "spot-v1/cryptofeed_20210417_KRAKEN.ws.48.0", Dialect::SpotV1},
    {"SpotV1Tickers", "spot-v1/cryptofeed_20210417_KRAKEN.ws.49.0", Dialect::SpotV1},
    {"Futures", "futures-v1/cryptofeed_20210722_KRAKEN_FUTURES.ws.1.0.zst", Dialect::FuturesV1, 10, 0, 1000},
};

INSTANTIATE_TEST_SUITE_P(Files, PlaybackCaptures, testing::ValuesIn(kCaptures),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace ktape
