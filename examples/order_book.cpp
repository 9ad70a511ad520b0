// Kraken's order book script: the best levels of a book once a second, with a checksum behind them, and never an old
// book for a new one. `ktape book` is the same with options.
//
// Usage: order_book SYMBOL [--url URL] [--ca FILE]

#include <csignal>

#include "core/client/kraken_client.hpp"
#include "examples/words.hpp"
#include "live/live_connections.hpp"

using namespace ktape;
using examples::print;

class Printer final : public EventSink {
 public:
  Printer(LiveLoop& loop, std::string symbol) : loop_(loop), symbol_(std::move(symbol)) {}

  void watch(const KrakenClient& kraken) {
    timer_ = loop_.clock().at(loop_.clock().now() + std::chrono::seconds(1), [&](Timestamp now) {
      print_book(now, kraken.book(symbol_));
      watch(kraken);
    });
  }

  void on_event(const Event& event) override {
    const auto* stream = std::get_if<StreamStateChange>(&event);
    if (stream != nullptr) print("{} is {}: {}", stream->symbol, to_string(stream->state), stream->reason);
    if (stream != nullptr && stream->state == StreamState::Dead) loop_.stop();
  }

 private:
  void print_book(Timestamp now, const OrderBook* book) const {
    if (book == nullptr || book->state() != BookState::Live) return print("{} no book", format_rfc3339(now, 0));
    print("{} after {} right checksums", format_rfc3339(now, 0), book->checksums_verified());
    for (std::size_t i = 0; i < 10 && i < book->bids().size() && i < book->asks().size(); ++i) {
      const Level bid = book->bids()[i];
      const Level ask = book->asks()[i];
      print("{:>20} {:>14} | {:<14} {}", bid.quantity.text(), bid.price.text(), ask.price.text(), ask.quantity.text());
    }
  }

  LiveLoop& loop_;
  std::string symbol_;
  Timer timer_;
};

int main(int argc, char** argv) {
  const examples::Words words(argc, argv);
  if (words.rest.size() != 1) return examples::fail_with("usage: order_book SYMBOL [--url URL] [--ca FILE]");
  LiveLoop loop;
  WebSocketOptions socket;
  socket.ca_file = words.option("ca", "");
  const auto url = Endpoint::parse(words.option("url", "wss://ws.kraken.com/v2"));
  if (!url) return examples::fail_with(url.error().detail);

  Printer printer(loop, words.rest[0]);
  KrakenClient kraken(live_connections(loop, socket), loop.clock(), printer, {.hosts = ExchangeHosts{*url, {}, {}}});
  if (auto asked = kraken.add_book(words.rest[0], 10); !asked) return examples::fail_with(asked.error().detail);
  kraken.start();
  printer.watch(kraken);
  loop.on_signal(SIGINT, [&] { loop.stop(); });
  loop.run();
  return 0;
}
