// A recorder: every frame of the connection, both ways, into a file that `ktape` reads. `ktape record` adds what a
// recorder for months needs.
//
// Usage: tiny_recorder FILE SYMBOL... [--url URL] [--ca FILE]

#include <csignal>

#include "core/client/kraken_client.hpp"
#include "examples/words.hpp"
#include "live/live_connections.hpp"
#include "recorder/new_recording.hpp"

using namespace ktape;

class Nobody final : public EventSink {
  void on_event(const Event&) override {}
};

int main(int argc, char** argv) {
  const examples::Words words(argc, argv);
  if (words.rest.size() < 2) return examples::fail_with("usage: tiny_recorder FILE SYMBOL... [--url URL] [--ca FILE]");
  WebSocketOptions socket;
  socket.ca_file = words.option("ca", "");
  const auto url = Endpoint::parse(words.option("url", "wss://ws.kraken.com/v2"));
  if (!url) return examples::fail_with(url.error().detail);

  // The ten lines.
  LiveLoop loop;
  auto recording = new_recording(words.rest[0], Dialect::SpotV2, "tiny_recorder", loop.clock());
  if (!recording) return examples::fail_with(recording.error().detail);
  Nobody nobody;
  KrakenClient kraken(live_connections(loop, socket), loop.clock(), nobody,
                      {.hosts = ExchangeHosts{*url, {}, {}}, .client = {.frames = recording->get()}});
  const std::vector<std::string> symbols(words.rest.begin() + 1, words.rest.end());
  for (const Channel channel : {Channel::Book, Channel::Trade}) {
    const auto asked = kraken.subscribe({.channel = channel, .symbols = symbols});
    if (!asked) return examples::fail_with(asked.error().detail);
  }
  kraken.start();
  for (const int signal : {SIGINT, SIGTERM}) loop.on_signal(signal, [&] { kraken.stop(); });
  loop.after_turn([&] {
    if (kraken.stopped() && kraken.disconnected()) loop.stop();
  });
  loop.run();
  const auto sealed = (*recording)->finish();
  return sealed ? 0 : examples::fail_with(sealed.error().detail);
}
