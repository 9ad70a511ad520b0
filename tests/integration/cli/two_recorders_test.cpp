// Two recorders beside each other, each of which loses its connection at another time, make one whole recording.
#include <csignal>
#include <optional>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "replay/session_files.hpp"
#include "tests/integration/cli/ktape_program.hpp"
#include "tests/integration/cli/peer.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;

std::string acknowledged(std::string_view request) {
  const std::size_t begin = request.find("\"req_id\":") + 9;
  return fmt::format(
      R"({{"method":"subscribe","req_id":{},"result":{{"channel":"trade","snapshot":true,"symbol":"ETH/EUR"}},)"
      R"("success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}})",
      request.substr(begin, request.find_first_of(",}", begin) - begin));
}

std::string trade(int id) {
  return fmt::format(
      R"({{"channel":"trade","type":"update","data":[{{"symbol":"ETH/EUR","side":"buy","price":10.0,"qty":1.00000000,)"
      R"("ord_type":"limit","trade_id":{},"timestamp":"2026-09-01T08:00:{:02}.000000Z"}}]}})",
      id, id % 60);
}

// The two connections, known by the address that each recorder asks for.
class Desk : public ::testing::Test {
 protected:
  Desk() {
    peer.exchange.said = [this](const Frame& frame) {
      if (frame.kind != FrameKind::Text || frame.payload.find("\"subscribe\"") == std::string_view::npos) return;
      const bool first = peer.exchange.endpoints.at(frame.connection).target.find("a=1") != std::string::npos;
      (first ? a : b) = frame.connection;
      peer.exchange.send(frame.connection, acknowledged(frame.payload));
    };
  }
  std::vector<std::string> record(const std::string& name, const std::string& query) const {
    return ktape({"record", "--url", peer.url() + query, "--symbols", "ETH/EUR", "--channels", "trade", "--with",
                  "none", "-o", folder.file(name)});
  }
  void tell(int from, int to) {
    for (int id = from; id <= to; ++id) {
      if (a) peer.exchange.send(*a, trade(id));
      if (b) peer.exchange.send(*b, trade(id));
    }
  }
  // Until both have answered a Ping, and so have read all that was sent before.
  bool have_heard_all(Process& program) {
    const auto pongs = [&] { return peer.exchange.heard.count(Direction::ToExchange, FrameKind::Pong); };
    const auto before = pongs();
    peer.exchange.send(*a, FrameKind::Ping, "a?");
    peer.exchange.send(*b, FrameKind::Ping, "b?");
    return peer.until(program, [&] { return pongs() == before + 2; });
  }
  void cut(std::optional<ConnectionId>& connection) {
    peer.exchange.send(*connection, FrameKind::Closed, CloseInfo{1001, "restart"}.text());
    connection.reset();
  }
  static std::vector<int> trades_in(const std::string& path) {
    const auto reader = open_segment(path).value();
    std::vector<int> ids;
    while (const auto frame = reader->next().value()) {
      const std::size_t at = frame->payload.find("\"trade_id\":");
      if (at != std::string_view::npos) ids.push_back(std::stoi(std::string(frame->payload.substr(at + 11, 8))));
    }
    return ids;
  }

  TemporaryFolder folder;
  Peer peer;
  std::optional<ConnectionId> a, b;
};

TEST_F(Desk, OfTwoRecordersLosesNothingThatOneOfThemHeard) {
  Process first(record("a.ktape", "?a=1"));
  Process second(record("b.ktape", "?b=1"));
  const auto both = [&] { return a && b; };
  ASSERT_TRUE(peer.until(first, both)) << first.errors();
  tell(1, 20);
  cut(a);
  tell(21, 30);
  ASSERT_TRUE(peer.until(first, both)) << first.errors();
  tell(31, 40);
  cut(b);
  tell(41, 50);
  ASSERT_TRUE(peer.until(second, both)) << second.errors();
  tell(51, 60);
  ASSERT_TRUE(have_heard_all(first)) << first.errors();
  for (Process* program : {&first, &second}) {
    program->signal(SIGTERM);
    EXPECT_EQ(peer.exit_code(*program), 3) << program->errors();  // a connection was lost, and the recorder says so
  }
  ASSERT_EQ(trades_in(folder.file("a.ktape")).size(), 50U) << first.errors();
  ASSERT_EQ(trades_in(folder.file("b.ktape")).size(), 50U) << second.errors();

  const std::string whole = folder.file("whole.ktape");
  const Ended merged =
      run_ktape({"merge", "--dedupe", folder.file("a.ktape"), folder.file("b.ktape"), "-o", whole, "--json"});
  // Both processes may have been held up and stamp the same moment differently, so that for a moment of the recording
  // neither was connected, which is told and means code 3; no message may be missing for that.
  if (merged.code != 0) {
    EXPECT_EQ(merged.code, 3);
    EXPECT_THAT(merged.errors, HasSubstr(" in both: "));
  }
  EXPECT_THAT(merged.output, HasSubstr(R"("disagreements":0)"));
  std::vector<int> wanted(60);
  for (int i = 0; i < 60; ++i) wanted[static_cast<std::size_t>(i)] = i + 1;
  EXPECT_EQ(trades_in(whole), wanted);
  const Ended verified = run_ktape({"verify", whole});
  EXPECT_THAT(verified.output, HasSubstr("60 trades, 0 holes in their ids"));
  EXPECT_THAT(verified.output, HasSubstr("0 places damaged"));
}

}  // namespace
}  // namespace ktape::test
