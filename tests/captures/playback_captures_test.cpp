// What Kraken really sent in v1 and on Futures, served again: byte for byte to a client that asks what was asked.

#include <memory>
#include <string>
#include <string_view>

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

// Counts what a client makes of what it hears; wrong checksums and holes in numbers fail.
class BookKeeper final : public EventSink {
 public:
  explicit BookKeeper(Dialect dialect) : codec_(make_codec(dialect)) {}

  void hear(std::string_view text) { codec_->decode(text, *this); }
  void on_event(const Event& event) override {
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      const int depth = snapshot->sequence ? 0 : 1000;
      auto& book =
          books.try_emplace(std::string(snapshot->symbol), BookSpec{std::string(snapshot->symbol), depth, {}, {}})
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
};

struct Capture {
  const char* file;
  Dialect dialect;
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
    if (entry.kind != FrameKind::Text) continue;
    if (entry.direction == Direction::FromExchange) {
      recorded.push_back({entry.at, entry.kind, entry.payload});
    } else {
      driver->run_to(std::max(entry.at, clock->now()));
      driver->say(client, entry.payload);
    }
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
  for (const auto& entry : tape.entries) {
    if (entry.direction == Direction::ToExchange && entry.kind == FrameKind::Text) driver->say(client, entry.payload);
  }
  driver->run_to(tape.entries.back().at);
  auto heard = driver->take(client);
  ASSERT_EQ(heard.back(), "closed 1001 recording ended");
  heard.pop_back();
  BookKeeper keeper(GetParam().dialect);
  for (const auto& text : heard) keeper.hear(text);
  const bool has_books = std::string_view(GetParam().file).find("ws.48") == std::string_view::npos &&
                         std::string_view(GetParam().file).find("ws.49") == std::string_view::npos;
  EXPECT_EQ(keeper.books.size(), has_books ? 10U : 0U);
  EXPECT_EQ(keeper.updates > 1000, has_books);
}

INSTANTIATE_TEST_SUITE_P(Files, PlaybackCaptures,
                         testing::Values(Capture{"spot-v1/cryptofeed_20210417_KRAKEN.ws.50.0.zst", Dialect::SpotV1},
                                         Capture{"spot-v1/cryptofeed_20210417_KRAKEN.ws.48.0", Dialect::SpotV1},
                                         Capture{"spot-v1/cryptofeed_20210417_KRAKEN.ws.49.0", Dialect::SpotV1},
                                         Capture{"futures-v1/cryptofeed_20210722_KRAKEN_FUTURES.ws.1.0.zst",
                                                 Dialect::FuturesV1}));

}  // namespace
}  // namespace ktape
