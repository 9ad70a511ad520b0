// A thousand connections with different subscriptions to one server, and one client that does not read.
#include <map>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/session/session_reader.hpp"
#include "live/live_loop.hpp"
#include "mock_server/mock_server.hpp"
#include "replay/file_source.hpp"
#include "replay/playback_exchange.hpp"
#include "tests/support/network.hpp"
#include "tests/support/places.hpp"
#include "tests/support/process_limits.hpp"
#include "tests/support/raw_peer.hpp"
#include "tests/support/rude_peer.hpp"

namespace ktape::test {
namespace {

Result<std::unique_ptr<FrameSource>> ten_minutes() {
  auto file = FileSource::open(in_source_tree("datasets/ten-minutes.ktape"));
  if (!file) return tl::unexpected<Error>(file.error());
  auto reader = SessionReader::open(std::move(*file));
  if (!reader) return tl::unexpected<Error>(reader.error());
  return std::unique_ptr<FrameSource>(std::move(*reader));
}

// What comes after the status, which tells every connection a number of its own, of its own length.
std::string after_its_number(const std::string& text) {
  const std::string end = R"("emergency":[]}]})";
  const auto at = text.find(end);
  return at == std::string::npos ? text : text.substr(at + end.size());
}

TEST(ManyClients, AreServedEachWithItsOwnSubscription) {
  constexpr std::size_t kClients = 1000;
  if (raise_file_limit() < 2 * kClients + 100) GTEST_SKIP() << "this system allows too few open files";
  const Timestamp start = parse_rfc3339("2026-09-01T08:00:00Z").value();
  VirtualClock clock(start);
  PlaybackOptions playback;
  const auto exchange = PlaybackExchange::create(clock, ten_minutes, playback).value();
  clock.advance_to(start + std::chrono::seconds(2));
  LiveLoop loop;
  MockServerOptions options;
  options.pace = ServerPace::Manual;
  options.max_queued_bytes = std::size_t{1} << 20U;
  options.close_timeout = std::chrono::milliseconds(50);
  std::vector<std::string> lines;
  options.log = [&](std::string_view line) { lines.emplace_back(line); };
  MockServer server(loop.context(), *exchange, clock, std::move(options));
  const Endpoint endpoint = server.listen().value().front();
  const auto until = [&](const std::function<bool()>& done) { return loop.run_until(done, kPatience); };

  // What can be asked for: each channel and pair, alone or together, and smaller books.
  std::vector<std::string> wishes;
  for (const char* const symbol : {"BTC/USD", "ETH/USD", "XRP/USD"}) {
    for (const char* const params : {R"("channel":"book","depth":10)", R"("channel":"ohlc","interval":1)",
                                     R"("channel":"trade","snapshot":true)", R"("channel":"ticker")"}) {
      wishes.push_back(fmt::format(R"({{"method":"subscribe","params":{{{},"symbol":["{}"]}}}})", params, symbol));
    }
  }
  const std::size_t memory_before = resident_bytes();
  std::vector<RudePeer> peers;
  std::map<std::size_t, std::vector<std::size_t>> alike;  // clients by what they asked for
  for (std::size_t i = 0; i < kClients; ++i) {
    peers.emplace_back(loop.context(), endpoint, static_cast<unsigned>(i));
    peers.back().read();
    peers.back().write(RawPeer::upgrade_request("/v2"));
    const std::size_t one = i % wishes.size();
    const std::size_t other = i / wishes.size() % wishes.size();
    alike[one * wishes.size() + other].push_back(i);
    peers.back().write(RawPeer::client_frame(0x81, wishes[one]));
    if (other != one) peers.back().write(RawPeer::client_frame(0x81, wishes[other]));
    loop.turn(Duration::zero());
  }
  RudePeer deaf(loop.context(), endpoint, 249);
  deaf.write(RawPeer::upgrade_request("/v2"));
  ASSERT_TRUE(until([&] { return server.clients() == kClients + 1; }));
  const std::size_t memory_with = resident_bytes();

  // It asks and asks, and never reads an answer.
  std::string pings;
  for (int i = 0; i < 500; ++i) pings += RawPeer::client_frame(0x81, R"({"method":"ping","req_id":1})");
  std::string unsent = pings;
  int second = 2;
  ASSERT_TRUE(until([&] {
    unsent.erase(0, deaf.write(unsent));
    if (unsent.empty()) unsent = pings;
    if (second < 6) server.advance_to(start + std::chrono::seconds(++second));
    return server.clients() == kClients;
  })) << "the one that does not read is closed";
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("1008 too slow"), std::string::npos) << lines[0];

  for (; second < 9; ++second) server.advance_to(start + std::chrono::seconds(second + 1));
  // All of them have the answer to a last question behind everything else.
  for (RudePeer& peer : peers) peer.write(RawPeer::client_frame(0x81, R"({"method":"ping","req_id":777})"));
  ASSERT_TRUE(until([&] {
    return std::all_of(peers.begin(), peers.end(), [](const RudePeer& peer) {
      return peer.tail().find(R"("req_id":777)") != std::string::npos || peer.ended();
    });
  }));
  for (const auto& [wish, clients] : alike) {
    for (const std::size_t client : clients) {
      ASSERT_FALSE(peers[client].ended()) << client;
      // Clients that asked for the same at the same instant have heard the same.
      ASSERT_EQ(after_its_number(peers[client].tail()), after_its_number(peers[clients.front()].tail())) << client;
    }
  }
  const std::size_t each = (memory_with - memory_before) / kClients;
  RecordProperty("bytes_per_connection", static_cast<int>(each));
  fmt::print("{} connections, both ends: {} KiB each\n", kClients, each / 1024);
#ifndef KTAPE_SANITIZED
  EXPECT_LT(each, std::size_t{128} << 10U);
#endif
}

}  // namespace
}  // namespace ktape::test
