// One function call per candle: for every pair and interval, at every end of the interval, whether or not anything
// traded. Here the market is a recording, played through the client on a virtual clock; with a WebSocketTransport and a
// LiveLoop in place of the Player (see live/) the same CandleCallbacks hear Kraken.
//
// Usage: candle_callback RECORDING PAIR

#include <cstdio>
#include <exception>
#include <string>

#include <fmt/format.h>

#include "core/market/candle_callbacks.hpp"
#include "core/session/session_reader.hpp"
#include "replay/file_source.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"

namespace {

using namespace ktape;

int fail_with(const std::string& what) {
  std::fputs(fmt::format("candle_callback: {}\n", what).c_str(), stderr);
  return 1;
}

int run(const std::string& path, const std::string& pair) {
  auto file = FileSource::open(path);
  if (!file) return fail_with(file.error().detail);
  auto reader = SessionReader::open(std::move(*file));
  if (!reader) return fail_with(reader.error().detail);

  CandleCallbacks candles([](std::string_view of, Duration, std::string_view what) {
    std::fputs(fmt::format("the callback of {} threw: {}\n", of, what).c_str(), stderr);
  });
  int calls = 0;
  candles.subscribe(pair, std::chrono::minutes(1),
                    [&](std::string_view of, Duration, Timestamp begin, const Decimal& open, const Decimal& high,
                        const Decimal& low, const Decimal& close, const Decimal& volume) {
                      ++calls;
                      std::fputs(
                          fmt::format("{} {} open {} high {} low {} close {} volume {}\n", format_rfc3339(begin, 0), of,
                                      open.text(), high.text(), low.text(), close.text(), volume.text())
                              .c_str(),
                          stdout);
                    });

  VirtualClock clock(Timestamp::min());
  ClientOptions options;
  options.candles.intervals = {std::chrono::minutes(1)};
  RecordedClients clients(
      Dialect::SpotV2, clock, [&](ConnectionId) -> EventSink& { return candles; }, options);
  Player player(**reader, clock, clients);
  for (;;) {
    const auto stepped = player.step();
    if (!stepped) return fail_with(stepped.error().detail);
    if (!*stepped) break;
  }
  return calls > 0 ? 0 : fail_with(fmt::format("{} has no candle of {}", path, pair));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return fail_with("two arguments expected: RECORDING PAIR");
  try {
    return run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    return fail_with(error.what());
  }
}
