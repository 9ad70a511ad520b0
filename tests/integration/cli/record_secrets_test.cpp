// Nothing that `ktape record` leaves behind tells a secret: neither files, nor logs, nor metrics, nor a crash.
#include <csignal>
#include <regex>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "replay/session_files.hpp"
#include "tests/integration/cli/ktape_program.hpp"
#include "tests/integration/cli/peer.hpp"
#include "tests/support/raw_peer.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;

// As Kraken's tokens look.
constexpr std::string_view kCanary = "WW91ciBhdXRoZW50aWNhdGlvbiB0b2tlbiBnb2VzIGhlcmUu";

class RecordSecrets : public ::testing::Test {
 protected:
  std::string url() const { return fmt::format("{}?token={}", peer.url(), kCanary); }

  // An exchange that repeats whatever it knows wherever it can.
  void tell_tales() {
    peer.exchange.said = [this](const Frame& frame) {
      if (frame.kind != FrameKind::Text) return;
      ++asked;
      const auto send = [&](const std::string& text) { peer.exchange.send(frame.connection, text); };
      send(fmt::format(R"({{"method":"subscribe","req_id":1,"success":false,"error":"not with {}","symbol":"A/USD"}})",
                       kCanary));
      send(fmt::format(R"({{"error":"Malformed: {{\"token\":\"{}\"}}","success":false}})", kCanary));
      send(fmt::format("what is {}?", kCanary));
      send(fmt::format(R"({{"channel":"status","type":"update","data":[{{"system":"online {}"}}]}})", kCanary));
      if (asked == 1) peer.exchange.send(frame.connection, FrameKind::Closed, fmt::format("4001 bad {}", kCanary));
    };
  }
  std::string everything() const {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.file(""))) {
      if (entry.is_regular_file()) all += entry.path().string() + "\n" + read_file(entry.path().string());
    }
    return all;
  }
  static std::string around_canary(const std::string& text) {
    const std::size_t at = text.find(kCanary);
    const std::size_t begin = at < 60 ? 0 : at - 60;
    return at == std::string::npos ? "" : text.substr(begin, 180);
  }
  // What the recordings hold, decompressed.
  static std::string payloads(const std::string& path) {
    const auto reader = open_segment(path).value();
    std::string all;
    while (const auto frame = reader->next().value()) all += std::string(frame->payload) + "\n";
    for (const Annotation& note : reader->annotations()) all += note.text + "\n";
    return all;
  }

  TemporaryFolder folder;
  Peer peer;
  int asked = 0;
};

TEST_F(RecordSecrets, AreInNoFileNorWord) {
  tell_tales();
  const std::string out = folder.file("out.ktape");
  const std::string events = folder.file("events.log");
  Process program(ktape({"record", "--url", url(), "--symbols", "A/USD", "--channels", "trade", "--with", "none", "-o",
                         out, "--events", events, "--metrics", "127.0.0.1:0", "--json"}));
  ASSERT_TRUE(peer.until(program, [&] { return asked >= 2; })) << program.errors();
  std::smatch found;
  const std::string told = program.errors();
  ASSERT_TRUE(std::regex_search(told, found, std::regex("metrics at http://127.0.0.1:([0-9]+)/metrics"))) << told;
  RawPeer metrics = RawPeer::connect(peer.io, {.secure = false,
                                               .host = "127.0.0.1",
                                               .port = static_cast<std::uint16_t>(std::stoi(found[1].str())),
                                               .target = "/"});
  metrics.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(peer.until(program, [&] { return metrics.ended(); })) << program.errors();
  program.signal(SIGTERM);
  peer.exit_code(program);
  EXPECT_THAT(program.errors(), HasSubstr("ktape-redacted-"));  // it was told, and covered
  EXPECT_THAT(metrics.received(), HasSubstr("url=\"ws://127.0.0.1"));
  EXPECT_THAT(read_file(events), HasSubstr("ktape-redacted-"));
  EXPECT_THAT(payloads(out), HasSubstr("not with ktape-redacted-"));
  for (const std::string& text :
       {program.errors(), program.output(), metrics.received(), everything(), payloads(out)}) {
    EXPECT_EQ(text.find(kCanary), std::string::npos) << around_canary(text);
  }
}

TEST_F(RecordSecrets, AreInNoSnapshotEither) {
  tell_tales();
  Process program(ktape({"record", "--url", url(), "--symbols", "A/USD", "--channels", "trade", "--with", "none", "-o",
                         folder.file("{reason}.ktape"), "--snapshot-mode", "1m"}));
  ASSERT_TRUE(peer.until(program, [&] { return asked >= 2; })) << program.errors();
  program.signal(SIGUSR1);
  ASSERT_TRUE(peer.until(program, [&] { return program.errors().find("writing") != std::string::npos; }));
  program.signal(SIGTERM);
  peer.exit_code(program);
  std::string all = program.errors() + everything();
  for (const auto& entry : std::filesystem::directory_iterator(folder.file(""))) all += payloads(entry.path().string());
  EXPECT_NE(all.find("what is ktape-redacted-"), std::string::npos);
  EXPECT_EQ(all.find(kCanary), std::string::npos) << around_canary(all);
}

// Those in the middle hear secrets of others: they pass on, and nothing keeps them.
TEST_F(RecordSecrets, OfARelaysClientsPassThroughItAndAreInNoFileNorWord) {
  tell_tales();
  const std::string out = folder.file("out.ktape");
  const std::string events = folder.file("events.log");
  const std::string port_file = folder.file("port");
  Process program(ktape({"record", "--listen", "0", "--port-file", port_file, "--url", peer.url(), "-o", out,
                         "--events", events, "--metrics", "127.0.0.1:0", "--json"}));
  ASSERT_TRUE(peer.until(program, [&] { return program.errors().find("listening on") != std::string::npos; }));
  const auto connect = [&](const std::string& port) {
    return RawPeer::connect(
        peer.io,
        {.secure = false, .host = "127.0.0.1", .port = static_cast<std::uint16_t>(std::stoi(port)), .target = "/"});
  };
  const std::string request =
      fmt::format(R"({{"method":"subscribe","params":{{"channel":"executions","token":"{}"}},"req_id":1}})", kCanary);
  RawPeer client = connect(read_file(port_file));
  client.write(RawPeer::upgrade_request(fmt::format("/v2?token={}", kCanary)));
  client.write(RawPeer::client_frame(0x81, request));
  ASSERT_TRUE(peer.until(program, [&] { return client.received().find("bad ") != std::string::npos; }));
  client.write(RawPeer::client_frame(0x88, std::string("\x0f\xa1") + std::string(kCanary)));
  ASSERT_TRUE(peer.until(program, [&] { return client.ended(); }));
  EXPECT_THAT(peer.exchange.heard.payloads(Direction::ToExchange, FrameKind::Text), ::testing::ElementsAre(request));
  EXPECT_THAT(client.received(), HasSubstr(fmt::format("what is {}?", kCanary)));

  std::smatch found;
  const std::string told = program.errors();
  ASSERT_TRUE(std::regex_search(told, found, std::regex("metrics at http://127.0.0.1:([0-9]+)/metrics"))) << told;
  RawPeer metrics = connect(found[1].str());
  metrics.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(peer.until(program, [&] { return metrics.ended(); })) << program.errors();
  program.signal(SIGTERM);
  EXPECT_EQ(peer.exit_code(program), 0) << program.errors();
  EXPECT_THAT(payloads(out), HasSubstr("\"token\":\"ktape-redacted-"));
  EXPECT_THAT(read_file(events), HasSubstr("ktape-redacted-"));
  for (const std::string& text :
       {program.errors(), program.output(), metrics.received(), everything(), payloads(out)}) {
    EXPECT_EQ(text.find(kCanary), std::string::npos) << around_canary(text);
  }
}

#ifndef KTAPE_SANITIZED  // where leaks are searched for, a process has to be open
TEST_F(RecordSecrets, AreInNoCoreFile) {
  const auto crashes = [&](std::vector<std::string> command) {
    Process victim(std::move(command), {.folder = folder.file("")});
    EXPECT_TRUE(peer.until(victim, [&] { return victim.errors().find("connected") != std::string::npos; }))
        << victim.errors();
    victim.signal(SIGSEGV);
    EXPECT_EQ(peer.exit_code(victim), 128 + SIGSEGV);
    return victim.dumped_core();
  };
  if (!crashes({"/bin/sh", "-c", "echo connected >&2; kill -SEGV $$"})) {
    GTEST_SKIP() << "this machine writes no core files";
  }
  EXPECT_FALSE(crashes(ktape({"record", "--url", url(), "--symbols", "A/USD", "--channels", "trade", "--with", "none",
                              "-o", folder.file("out.ktape")})));
}
#endif

}  // namespace
}  // namespace ktape::test
