// Clients that mean no good, by seed: what breaks the rules of TCP's users, HTTP, websockets, JSON and Kraken, against
// all of Kraken's hosts. KTAPE_HOSTILE_CLIENTS=100000 tries that many in place of a few hundred.
#include <cstdlib>
#include <fstream>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "admin/admin_api.hpp"
#include "core/base/random.hpp"
#include "live/http_server.hpp"
#include "live/live_loop.hpp"
#include "mock_server/mock_server.hpp"
#include "scenario/scenario_exchange.hpp"
#include "tests/support/network.hpp"
#include "tests/support/places.hpp"
#include "tests/support/process_limits.hpp"
#include "tests/support/raw_peer.hpp"
#include "tests/support/rude_peer.hpp"
#include "tests/support/small_market.hpp"

namespace ktape::test {
namespace {

using std::chrono::milliseconds;

class HostileClients : public ::testing::Test {
 protected:
  HostileClients() {
    MockServerOptions options;
    options.listen = {{.security = ListenAddress::Security::Both}};
    options.identity = test_identity();
    options.pace = ServerPace::Manual;
    options.accepts = [this](const Endpoint& asked) { return market_.kraken.serves(asked); };
    options.answer_http = [this](const net::HttpRequest& request) { return market_.kraken.answer(request); };
    options.max_message_bytes = 64 * 1024;
    options.max_queued_bytes = 256 * 1024;
    options.handshake_timeout = milliseconds(200);
    options.close_timeout = milliseconds(200);
    server_.emplace(loop_.context(), market_.kraken, market_.clock, std::move(options));
    endpoint_ = server_->listen().value().front();
    std::ifstream file(in_source_tree("tests/golden/spot_v2/replies.json"), std::ios::binary);
    for (std::string line; std::getline(file, line);) lines_.push_back(line);
  }

  // What a client that wants to do harm might send after each other; the same for the same seed.
  std::string attack(Random& random) {
    const std::string target = kTargets[random.below(kTargets.size())];
    const std::string upgrade = RawPeer::upgrade_request(target);
    switch (random.below(21)) {
      case 0:
        return noise(random, 1 + random.below(2000));
      case 1:  // slowloris: a request that does not end
        return upgrade.substr(0, random.below(upgrade.size()));
      case 2:
        return "GET /v2 HTTP/1.1\r\nX: " + std::string(20'000 + random.below(20'000), 'a');
      case 3: {
        std::string many = "GET /v2 HTTP/1.1\r\n";
        for (int i = 0; i < 2000; ++i) many += fmt::format("H{}: {}\r\n", i, i);
        return many + "\r\n";
      }
      case 4:  // deep JSON
        return upgrade + frame(0x81, std::string(1 + random.below(60'000), random.below(2) == 0 ? '[' : '{'));
      case 5:
        return upgrade +
               frame(0x81, R"({"method":"subscribe","params":)" + repeated(R"({"a":)", 1 + random.below(9000)));
      case 6:  // a frame that says it is endless
        return upgrade + "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff" + noise(random, random.below(300));
      case 7:  // one that is too long
        return upgrade + frame(0x81, std::string(65'000 + random.below(2000), 'x'));
      case 8:  // no UTF-8
        return upgrade + frame(0x81, noise(random, 1 + random.below(500)));
      case 9:  // no mask
        return upgrade + "\x81\x05hello";
      case 10:  // reserved bits and operations
        return upgrade + frame(static_cast<unsigned>(random.below(256)), noise(random, random.below(200)));
      case 11:  // control frames in pieces, or too long
        return upgrade + frame(0x09, "half") + frame(0x89, std::string(126 + random.below(100), 'p'));
      case 12: {  // a message that never ends
        std::string pieces = upgrade + frame(0x01, "{");
        for (int i = 0; i < 200; ++i) pieces += frame(0x00, std::string(random.below(400), ' '));
        return pieces;
      }
      case 13: {  // many requests at once, and nothing is read
        std::string flood = upgrade;
        for (int i = 0; i < 300; ++i) {
          flood += frame(
              0x81, fmt::format(R"({{"method":"{}","req_id":{},"params":{{"channel":"book","symbol":["BTC/USD"]}}}})",
                                i % 2 == 0 ? "subscribe" : "unsubscribe", i));
        }
        return flood;
      }
      case 14: {  // requests and answers of the golden files, damaged
        std::string damaged = upgrade;
        for (int i = 0; i < 20; ++i) {
          std::string line = lines_[random.below(lines_.size())];
          for (std::uint64_t n = random.below(4); n > 0; --n) {
            line[random.below(line.size())] = static_cast<char>(random.below(128));
          }
          damaged += frame(0x81, line);
        }
        return damaged;
      }
      case 15:  // ends that are none
        return upgrade + frame(0x88, noise(random, random.below(130))) + frame(0x81, "after the end");
      case 16:  // REST
        return fmt::format(
            "POST {} HTTP/1.1\r\nHost: api.kraken.com\r\nAPI-Key: {}\r\nAPI-Sign: {}\r\nContent-Length: {}\r\n\r\n{}",
            random.below(2) == 0 ? "/0/private/AddOrder" : "/derivatives/api/v3/sendorder", random.next(),
            std::string(random.below(500), 'A'), random.below(2) == 0 ? "99999999999" : "3000",
            std::string(3000, random.below(2) == 0 ? '{' : '&'));
      case 17: {  // upgrades without end: those behind the first are frames that are none
        std::string flood;
        for (std::uint64_t n = 1 + random.below(60); n > 0; --n) flood += upgrade;
        return flood;
      }
      case 18: {  // and those that never come about, one after the other on the same connection
        std::string flood;
        for (std::uint64_t n = 1 + random.below(60); n > 0; --n) {
          flood += fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n{}\r\n",
                               random.below(2) == 0 ? "/0/public/Time" : target, std::string(random.below(300), 'h'),
                               random.below(2) == 0 ? "Upgrade: websocket\r\nSec-WebSocket-Key: short\r\n" : "");
        }
        return flood;
      }
      case 19: {  // REST without end, lengths that lie, chunks, and parameters deep and wide
        const std::string body = random.below(2) == 0 ? std::string(random.below(60'000), '[')
                                                      : repeated("nonce=1&nonce[]=%00%", random.below(3000));
        const std::string length = random.below(3) == 0   ? "Transfer-Encoding: chunked"
                                   : random.below(2) == 0 ? "Content-Length: -1"
                                                          : fmt::format("Content-Length: {}", body.size());
        return fmt::format("POST /0/{}?{} HTTP/1.1\r\nHost: api.kraken.com\r\n{}\r\n\r\n{}",
                           random.below(2) == 0 ? "public/Depth" : "private/Balance",
                           std::string(random.below(4000), '%'), length, body);
      }
      default:  // TLS that is none
        return "\x16\x03\x01" + noise(random, 200 + random.below(2000));
    }
  }

  static std::string frame(unsigned first_byte, std::string_view payload) {
    return RawPeer::client_frame(first_byte, payload);
  }
  static std::string noise(Random& random, std::uint64_t size) {
    std::string out;
    for (std::uint64_t i = 0; i < size; ++i) out += static_cast<char>(random.next() & 0xFFU);
    return out;
  }
  static std::string repeated(std::string_view text, std::uint64_t times) {
    std::string out;
    for (std::uint64_t i = 0; i < times; ++i) out += text;
    return out;
  }
  ::testing::AssertionResult until(const std::function<bool()>& done) {
    return loop_.run_until(done, kPatience) ? ::testing::AssertionSuccess() : ::testing::AssertionFailure();
  }

  static inline const std::vector<std::string> kTargets{"/v2", "/v2/auth", "/", "/v1/auth", "/v2?x=1", "/nowhere"};

  SmallMarket market_;
  LiveLoop loop_;
  std::optional<MockServer> server_;
  Endpoint endpoint_;
  std::vector<std::string> lines_;
};

constexpr std::uint64_t kTogether = 50;

std::uint64_t clients_to_try() {
  const char* const asked = std::getenv("KTAPE_HOSTILE_CLIENTS");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 500;
}

TEST_F(HostileClients, HarmNobodyAndLeaveNothingBehind) {
  const std::uint64_t count = clients_to_try();

  // A client that behaves, beside them all the time.
  RudePeer witness(loop_.context(), endpoint_, 250);
  witness.read();
  witness.write(RawPeer::upgrade_request("/v2"));
  witness.write(frame(0x81, R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"]}})"));
  server_->advance_to(SmallMarket::kStart + std::chrono::seconds(5));
  ASSERT_TRUE(until([&] { return witness.tail().find(R"("type":"snapshot")") != std::string::npos; }));

  std::size_t memory_after_first = 0;
  for (std::uint64_t first = 0; first < count; first += kTogether) {
    SCOPED_TRACE(fmt::format("clients {} to {}", first, first + kTogether));
    std::vector<RudePeer> peers;
    std::vector<std::string> unsent;
    for (std::uint64_t seed = first; seed < std::min(count, first + kTogether); ++seed) {
      Random random(seed);
      peers.emplace_back(loop_.context(), endpoint_, static_cast<unsigned>(seed));
      ASSERT_FALSE(peers.back().ended()) << seed;
      if (random.below(3) != 0) peers.back().read();
      std::string text = attack(random);
      // Some at once, some drop by drop.
      const std::size_t begin = random.below(3) == 0 ? random.below(text.size() + 1) : text.size();
      text.erase(0, peers.back().write(std::string_view(text).substr(0, begin)));
      unsent.push_back(std::move(text));
    }
    for (int drop = 0; drop < 4; ++drop) {
      loop_.turn(Duration::zero());
      for (std::size_t i = 0; i < peers.size(); ++i) {
        const std::string_view next = std::string_view(unsent[i]).substr(0, 1 + unsent[i].size() / 4);
        unsent[i].erase(0, peers[i].write(next));
      }
    }
    // The one that behaves is served meanwhile.
    const std::string id = std::to_string(1'000'000 + first);
    witness.write(frame(0x81, R"({"method":"ping","req_id":)" + id + "}"));
    ASSERT_TRUE(until([&] { return witness.tail().find(R"("req_id":)" + id) != std::string::npos; }));
    for (std::size_t i = 0; i < peers.size(); ++i) {
      if (i % 3 == 0) peers[i].finish_writing();
      // Of the last ones some stay, until the server has had enough of those who ask for nothing.
      if (i % 5 != 0 || first + kTogether < count) peers[i].hang_up(i % 2 == 0);
    }
    ASSERT_TRUE(until([&] { return server_->connections() == server_->clients(); }));
    for (RudePeer& peer : peers) peer.hang_up(true);
    ASSERT_TRUE(until([&] { return server_->connections() == 1; }));
    if (first == 0) memory_after_first = resident_bytes();
  }
  EXPECT_FALSE(witness.ended());
  EXPECT_EQ(server_->clients(), 1U);
#ifndef KTAPE_SANITIZED
  constexpr std::size_t kGrowth = std::size_t{48} << 20U;
  EXPECT_LT(resident_bytes(), memory_after_first + kGrowth) << "memory is bounded";
#endif
  RecordProperty("clients", static_cast<int>(count));
  RecordProperty("resident_growth_bytes", static_cast<int>(resident_bytes()) - static_cast<int>(memory_after_first));
  fmt::print("{} hostile clients, resident memory from {} to {} KiB\n", count, memory_after_first / 1024,
             resident_bytes() / 1024);
}

// Time as nobody moves it.
struct NoTime final : admin::ClockControl {
  explicit NoTime(VirtualClock& its_clock) : clock(its_clock) {}
  admin::ClockStatus status() const override { return {.mode = "step", .state = "standing", .at = clock.now()}; }
  Result<void> pause() override { return {}; }
  Result<void> resume() override { return {}; }
  Result<void> set_rate(Rate) override { return {}; }
  Result<void> advance_to(Timestamp) override { return {}; }
  Result<void> seek(const admin::RecordedPlace&) override { return {}; }
  void at_present(const std::function<void()>& action) override { action(); }

  VirtualClock& clock;
};

// The port of the admin API: whoever may steer may add faults and expectations, but nothing else is to come of it.
class HostileAdminClients : public ::testing::Test {
 protected:
  HostileAdminClients() {
    exchange_.begin();
    server_ = HttpServer::listen(loop_,
                                 {.max_connections = 64,
                                  .max_body_bytes = std::size_t{64} << 10U,
                                  .request_timeout = milliseconds(200),
                                  .answer_timeout = milliseconds(200)},
                                 [this](const net::HttpRequest& request) { return api_.answer(request); })
                  .value();
    endpoint_ = {.secure = false, .host = "127.0.0.1", .port = server_->port(), .target = "/"};
    for (const auto& route : api_.routes()) {
      std::string path(route.path);
      if (const auto id = path.find("{id}"); id != path.npos) path.replace(id, 4, "1");
      routes_.emplace_back(std::string(route.method), std::move(path));
    }
  }

  static std::string repeated(std::string_view text, std::uint64_t times) {
    std::string out;
    for (std::uint64_t i = 0; i < times; ++i) out += text;
    return out;
  }

  std::string body(Random& random) {
    switch (random.below(7)) {
      case 0:
        return std::string(random.below(70'000), random.below(2) == 0 ? '[' : '{');
      case 1:  // YAML that refers to itself, and nests
        return "{kind: &a [*a, *a], name: " + std::string(random.below(2000), '[');
      case 2:
        return R"({"kind":"drop","contains":")" + std::string(random.below(60'000), 'x') + "\"}";
      case 3:
        return R"({"name":"n","message":)" + repeated(R"({"text":)", random.below(5000));
      case 4:
        return R"({"by":"99999999999999999999h","offset":"-1s","state":"\u0000","rate":"0/0","instants":-1})";
      case 5: {
        std::string noise;
        for (std::uint64_t n = random.below(3000); n > 0; --n) noise += static_cast<char>(random.next() & 0xFFU);
        return noise;
      }
      default:
        return R"({"kind":"latency","latency":"1ms","probability":"1/3","times":1})";
    }
  }

  std::string attack(Random& random) {
    const auto& [method, path] = routes_[random.below(routes_.size())];
    const std::string text = body(random);
    switch (random.below(6)) {
      case 0:  // slowloris
        return fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n", method, path, text.size());
      case 1:
        return fmt::format("{} {} HTTP/1.1\r\nContent-Length: {}\r\n\r\n{}", method, path, text.size() * 2 + 1, text);
      case 2:
        return fmt::format("{} {}?{} HTTP/1.1\r\n\r\n", method, path, std::string(random.below(20'000), '%'));
      case 3:
        return RawPeer::upgrade_request(path) + text;
      case 4:
        return fmt::format("{} /__admin/{} HTTP/1.1\r\nHost: {}\r\n\r\n", text.substr(0, 20), text,
                           std::string(random.below(200), ':'));
      default:
        return fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n{}", method, path,
                           text.size(), text);
    }
  }

  LiveLoop loop_;
  SmallMarket market_;
  scenario::ScenarioExchange exchange_{
      market_.clock, market_.kraken, scenario::parse_scenario("name: hostile", "test").value(), {}};
  NoTime time_{market_.clock};
  admin::AdminApi api_{exchange_, time_};
  std::unique_ptr<HttpServer> server_;
  Endpoint endpoint_;
  std::vector<std::pair<std::string, std::string>> routes_;
};

TEST_F(HostileAdminClients, AreAnsweredOrCutOffAndOthersAreServed) {
  const std::uint64_t count = clients_to_try();
  for (std::uint64_t first = 0; first < count; first += kTogether) {
    SCOPED_TRACE(fmt::format("clients {} to {}", first, first + kTogether));
    std::vector<RudePeer> peers;
    for (std::uint64_t seed = first; seed < std::min(count, first + kTogether); ++seed) {
      Random random(~seed);
      peers.emplace_back(loop_.context(), endpoint_, static_cast<unsigned>(seed));
      if (random.below(4) != 0) peers.back().read();
      peers.back().write(attack(random));
      if (random.below(3) == 0) peers.back().finish_writing();
      loop_.turn(Duration::zero());
    }
    RudePeer witness(loop_.context(), endpoint_, 250);
    witness.read();
    witness.write("GET /__admin/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    ASSERT_TRUE(loop_.run_until([&] { return witness.tail().find(R"({"ok":true)") != std::string::npos; }, kPatience));
    for (RudePeer& peer : peers) peer.hang_up(true);
    loop_.turn(Duration::zero());
    // What they have managed to add may stay for others to see, but must not grow with them here.
    for (const FaultStatus& fault : exchange_.faults().list()) exchange_.remove_fault(fault.id);
  }
}

}  // namespace
}  // namespace ktape::test
