// How a project tests its bot: against a recording, and against what no recording holds. Usage: bot_test FILE
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "core/client/client.hpp"
#include "core/protocol/dialect.hpp"
#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"
#include "testing/kraken_fixture.hpp"

using namespace std::chrono_literals;

namespace {

std::string recording;

// The bot: keeps a book, and counts how often it had to be told that it lost the exchange.
class Bot final : public ktape::EventSink {
 public:
  Bot(const std::string& url, const std::string& ca_file) : socket_(loop_, ktape::ConnectionId{1}, trust(ca_file)) {
    client_ = std::make_unique<ktape::Client>(socket_, *codec_, loop_.clock(), *this,
                                              ktape::ClientOptions{.endpoint = ktape::Endpoint::parse(url).value()});
    client_->add_book("EUR/USD");
    client_->start();
  }
  bool has_book() const {
    const auto* book = client_->book("EUR/USD");
    return book != nullptr && book->state() == ktape::BookState::Live;
  }
  // Runs until something is so.
  template <class Done>
  bool until(Done done) {
    for (int turns = 0; turns < 10'000 && !done(); ++turns) loop_.turn(5ms);
    return done();
  }
  int lost = 0;

 private:
  static ktape::WebSocketOptions trust(const std::string& ca_file) {
    ktape::WebSocketOptions options;
    options.ca_file = ca_file;
    return options;
  }
  void on_event(const ktape::Event& event) override {
    const auto* link = std::get_if<ktape::LinkChange>(&event);
    if (link != nullptr && link->state == ktape::LinkState::Down) ++lost;
  }

  ktape::LiveLoop loop_;
  ktape::WebSocketTransport socket_;
  std::unique_ptr<ktape::Codec> codec_ = ktape::make_codec(ktape::Dialect::SpotV2);
  std::unique_ptr<ktape::Client> client_;
};

class BotTest : public ktape::testing::KrakenFixture {
 protected:
  bool asked_for_a_book(std::size_t times) {
    std::size_t count = 0;
    for (const auto& word : kraken().journal())
      count += word.text.find(R"("channel":"book")") != std::string::npos ? 1 : 0;
    return count == times;
  }
};

TEST_F(BotTest, HasItsBookSoonAfterItHasAsked) {
  play(recording);
  Bot bot(kraken().url(), kraken().ca_file());
  ASSERT_TRUE(bot.until([&] { return asked_for_a_book(1); }));
  EXPECT_FALSE(bot.has_book());
  kraken().advance(1s);
  EXPECT_TRUE(bot.until([&] { return bot.has_book(); }));
}

TEST_F(BotTest, ComesBackWhenTheExchangeRestarts) {
  serve_script([](ktape::testing::ScriptedExchange& exchange) {
    exchange.greet(
        R"({"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":1}]})");
  });
  Bot bot(kraken().url(), kraken().ca_file());
  ASSERT_TRUE(bot.until([&] { return asked_for_a_book(1); }));
  script([](auto& exchange) { exchange.close({1012, "service restart"}); });
  EXPECT_TRUE(bot.until([&] { return asked_for_a_book(2); }));
  EXPECT_EQ(bot.lost, 1);
}

}  // namespace

int main(int count, char** arguments) {
  ::testing::InitGoogleTest(&count, arguments);
  recording = arguments[1];
  return RUN_ALL_TESTS();
}
