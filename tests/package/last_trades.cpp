// Replays a recording, and prints the last trade of each symbol. Usage: last_trades FILE
#include <iostream>
#include <map>
#include <string>

#include "core/base/virtual_clock.hpp"
#include "core/client/client.hpp"
#include "core/protocol/dialect.hpp"
#include "replay/player.hpp"
#include "replay/recorded_transport.hpp"
#include "replay/session_files.hpp"

class LastTrades final : public ktape::EventSink {
 public:
  void on_event(const ktape::Event& event) override {
    if (const auto* trade = std::get_if<ktape::Trade>(&event)) prices[std::string(trade->symbol)] = trade->price.text();
  }
  std::map<std::string, std::string> prices;
};

int main(int, char** arguments) {
  auto reader = ktape::open_segment(arguments[1]);
  if (!reader) {
    std::cerr << reader.error().detail << '\n';
    return 1;
  }
  ktape::VirtualClock clock(ktape::Timestamp::min());
  ktape::RecordedTransport recorded;
  const auto codec = ktape::make_codec(ktape::Dialect::SpotV2);
  LastTrades trades;
  ktape::Client client(recorded, *codec, clock, trades, {});
  client.start();
  ktape::Player player(**reader, clock, recorded);
  while (player.step().value()) {
  }
  for (const auto& [symbol, price] : trades.prices) std::cout << symbol << ' ' << price << '\n';
}
