// `ktape import`, `serve`, `record` and `cut` in the dialects Spot v1 and Futures, over real sockets.
#include <algorithm>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/protocol/time_shift.hpp"
#include "tests/integration/cli/ktape_program.hpp"
#include "tests/integration/cli/peer.hpp"
#include "tests/support/dialect_markets.hpp"

namespace ktape::test {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

// What came from the exchange, a line each.
std::vector<std::string> heard(const std::string& recording) {
  const Ended shown = run_ktape({"cat", recording, "--direction", "in", "--format", "payload"});
  EXPECT_EQ(shown.code, 0) << shown.errors;
  std::vector<std::string> lines;
  std::istringstream text(shown.output);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

class Dialects : public ::testing::Test {
 protected:
  // A line of cryptofeed's archives for each message, in two-hundredths of a second.
  void opened(std::string_view url) {
    url_ = url;
    archive_ += fmt::format("{} <-> {}\n", url, time());
  }
  void said(std::string_view text) { archive_ += fmt::format("{} <- {}: {}\n", url_, time(), text); }
  void heard_then(std::string_view text) { archive_ += fmt::format("{}: {}\n", time(), text); }
  Timestamp now() const { return from_nanoseconds(begin_ * 1'000'000'000) + milliseconds(5 * ticks_); }

  void spot_v1_session() {
    SpotV1Market market(5, 10, 14);
    const auto acknowledged = [&](std::string_view channel, std::string_view subscription, int reqid) {
      heard_then(fmt::format(
          R"({{"channelID":464,"channelName":"{}","event":"subscriptionStatus","pair":"XBT/USD","reqid":{},"status":"subscribed","subscription":{{{}}}}})",
          channel, reqid, subscription));
    };
    opened("wss://ws.kraken.com/");
    heard_then(R"({"connectionID":17843232920108168701,"event":"systemStatus","status":"online","version":"1.9.1"})");
    ticks_ = 20;
    acknowledged("book-10", R"("depth":10,"name":"book")", 1);
    acknowledged("trade", R"("name":"trade")", 2);
    heard_then(market.snapshot());
    for (int i = 0; i < 200; ++i) {
      ++ticks_;
      market.move(now());
      if (const auto text = market.update(now()); !text.empty()) heard_then(text);
      if (i % 9 == 0)
        heard_then(R"([337,[["63000.10000","0.01000000","1788249601.123456","b","l",""]],"trade","XBT/USD"])");
      if (i % 50 == 0) heard_then(R"({"event":"heartbeat"})");
    }
    import();
  }

  void futures_session(bool with_a_hole = false) {
    FuturesMarket market(5, "PF_XBTUSD");
    opened("wss://futures.kraken.com/ws/v1");
    heard_then(R"({"event":"info","version":1})");
    ticks_ = 20;
    heard_then(R"({"event":"subscribed","feed":"heartbeat"})");
    heard_then(R"({"event":"subscribed","feed":"book","product_ids":["PF_XBTUSD"]})");
    heard_then(R"({"event":"subscribed","feed":"trade","product_ids":["PF_XBTUSD"]})");
    heard_then(market.snapshot(now()));
    for (int i = 0; i < 200; ++i) {
      ++ticks_;
      heard_then(market.move(now()));
      if (with_a_hole && i == 150) market.move(now());
      if (i % 50 == 0) heard_then(R"({"feed":"heartbeat","time":1788249601000})");
      if (i % 9 == 0) {
        heard_then(fmt::format(
            R"({{"feed":"trade","product_id":"PF_XBTUSD","uid":"u-{}","side":"buy","type":"fill","seq":{},"time":1788249600123,"qty":10.0,"price":64000.5}})",
            i, 100 + i / 9));
      }
    }
    import();
  }

  void import() {
    write_file(folder.file("archive.txt"), archive_);
    const Ended imported = run_ktape({"import", folder.file("archive.txt"), "--format", "cryptofeed", "-o", original});
    ASSERT_EQ(imported.code, 0) << imported.errors;
  }

  std::string time() const { return fmt::format("{}.{:06}", begin_ + ticks_ / 200, (ticks_ % 200) * 5000); }

  TemporaryFolder folder;
  std::int64_t begin_ = 1'788'249'600;
  std::string original = folder.file("original.ktape");
  std::string copy = folder.file("copy.ktape");

 private:
  std::string archive_;
  std::string url_;
  int ticks_ = 0;
};

std::string at_path(const Server& server, const std::string& path) {
  const auto url = server.url();
  return url.substr(0, url.rfind("/v2")) + path;
}

TEST_F(Dialects, ASessionOfSpotV1IsServedAndRecordedAgainByteForByte) {
  spot_v1_session();
  const Server server(folder, {original, "--clock", "lockstep", "--once"});
  EXPECT_THAT(server.process->errors(), HasSubstr(at_path(server, "/\n")));
  const Ended run = run_ktape({"record", "--dialect", "spot-v1", "--url", at_path(server, "/"), "--clock", "server",
                               "--symbols", "XBT/USD", "--channels", "book,trade", "-o", copy});
  EXPECT_EQ(run.code, 0) << run.errors;
  EXPECT_THAT(run.errors, HasSubstr(" checksums right, 0 wrong, 0 holes"));
  EXPECT_EQ(heard(copy), heard(original));
  EXPECT_THAT(run_ktape({"info", copy}).output, HasSubstr("spot-v1"));
  const Ended verified = run_ktape({"verify", copy});
  EXPECT_EQ(verified.code, 0) << verified.output;
}

TEST_F(Dialects, ASessionOfFuturesIsServedAndRecordedAgainByteForByte) {
  futures_session();
  const Server server(folder, {original, "--clock", "lockstep", "--once"});
  const Ended run = run_ktape({"record", "--dialect", "futures", "--url", at_path(server, "/ws/v1"), "--clock",
                               "server", "--channels", "book,trade,heartbeat", "-o", copy, "--json"});
  EXPECT_EQ(run.code, 0) << run.errors;
  EXPECT_THAT(run.errors, HasSubstr(" numbers of books right, 0 wrong, 0 holes"));
  EXPECT_THAT(run.output, HasSubstr(R"("sequences_verified":200,"sequences_failed":0)"));
  EXPECT_EQ(heard(copy), heard(original));
}

TEST_F(Dialects, HolesInTheNumbersOfABookAreCountedNotedAndRecoveredFrom) {
  futures_session(true);
  const Server server(folder, {original, "--clock", "lockstep", "--once"});
  const Ended run = run_ktape({"record", "--dialect", "futures", "--url", at_path(server, "/ws/v1"), "--clock",
                               "server", "--channels", "book", "-o", copy, "--json"});
  EXPECT_EQ(run.code, 3) << run.errors;
  EXPECT_THAT(run.output, HasSubstr(R"("sequences_failed":1,)"));
  EXPECT_THAT(run_ktape({"info", copy}).output, HasSubstr("sequence_gap"));
}

TEST_F(Dialects, AWrongChecksumOfSpotV1IsCountedAndNoted) {
  Peer peer;
  peer.exchange.said = [&](const Frame& frame) {
    if (frame.kind != FrameKind::Text || frame.payload.find("\"unsubscribe\"") != std::string_view::npos) return;
    peer.exchange.send(
        frame.connection,
        R"({"channelID":464,"channelName":"book-10","event":"subscriptionStatus","pair":"XBT/USD","reqid":1,"status":"subscribed","subscription":{"depth":10,"name":"book"}})");
    peer.exchange.send(frame.connection,
                       R"([464,{"as":[["0.05005","0.00000500","1618678123.1"]],"bs":[]},"book-10","XBT/USD"])");
    peer.exchange.send(frame.connection,
                       R"([464,{"a":[["0.05010","0.00000500","1618678124.1"]],"c":"17"},"book-10","XBT/USD"])");
  };
  Process program(ktape(
      {"record", "--dialect", "spot-v1", "--url", peer.url(), "--channels", "book", "--with", "none", "-o", copy}));
  const auto told = [&] { return program.errors().find("says checksum 17") != std::string::npos; };
  ASSERT_TRUE(peer.until(program, told)) << program.errors();
  program.signal(SIGTERM);
  EXPECT_EQ(peer.exit_code(program), 3) << program.errors();
  EXPECT_THAT(run_ktape({"info", copy}).output, HasSubstr("checksum_mismatch"));
}

TEST_F(Dialects, ACutOfASessionBeginsWithItsState) {
  spot_v1_session();
  const Ended cut = run_ktape({"cut", original, "-o", copy, "--from", "+600ms"});
  EXPECT_EQ(cut.code, 0) << cut.errors;
  const Ended verified = run_ktape({"verify", copy});
  EXPECT_EQ(verified.code, 0) << verified.output << verified.errors;
  const auto all = heard(copy);
  EXPECT_NE(std::find_if(all.begin(), all.end(), [](const auto& line) { return line.starts_with(R"([464,{"as":)"); }),
            all.end())
      << "a snapshot of the book";
}

TEST_F(Dialects, SettingsThatADialectDoesNotHaveAreRefused) {
  const auto record = [&](std::vector<std::string> more) {
    std::vector<std::string> all{"record", "-o", copy};
    all.insert(all.end(), more.begin(), more.end());
    return run_ktape(all);
  };
  EXPECT_TRUE(refuses(record({"--dialect", "spot-v3"}), 2, {"--dialect", "'spot-v3'", "spot-v1"}));
  EXPECT_TRUE(refuses(record({"--dialect", "futures", "--depth", "10"}), 2, {"--depth", "futures-v1"}));
  EXPECT_TRUE(refuses(record({"--dialect", "futures", "--channels", "ohlc"}), 2, {"--channels", "'ohlc'"}));
  EXPECT_TRUE(refuses(record({"--dialect", "futures", "--symbols", "BTC/USD"}), 2, {"--symbols", "BTC/USD"}));
  EXPECT_TRUE(refuses(record({"--dialect", "spot-v1", "--all-symbols"}), 2, {"--all-symbols", "spot-v1"}));
  EXPECT_TRUE(refuses(record({"--dialect", "spot-v1", "--channels", "instrument"}), 2, {"--channels", "'instrument'"}));
}

TEST_F(Dialects, OneServerSpeaksAllOfThem) {
  begin_ -= 86'400'000;
  futures_session();
  const std::string spot = make_market(folder, "20s", "BTC/USD");
  Server server(folder, {spot, original, "--clock", "lockstep"});
  EXPECT_TRUE(server.process->says(original + " is told ")) << "it happened at another time";
  EXPECT_THAT(server.process->errors(), HasSubstr(at_path(server, "/ws/v1\n")));
  const auto record = [&](std::vector<std::string> how, const std::string& path) {
    std::filesystem::remove(copy);
    how.insert(how.begin(), {"record", "--clock", "server", "--url", at_path(server, path), "-o", copy});
    return run_ktape(std::move(how));
  };
  for (int round = 0; round < 2; ++round) {
    const Ended v2 = record({"--symbols", "BTC/USD", "--channels", "book,trade,ohlc"}, "/v2");
    EXPECT_EQ(v2.code, 0) << v2.errors;
    EXPECT_THAT(v2.errors, HasSubstr(" checksums right, 0 wrong"));
    const Ended v1 = record({"--dialect", "spot-v1", "--symbols", "XBT/USD", "--channels", "book,trade,ohlc"}, "/");
    EXPECT_EQ(v1.code, 0) << v1.errors;
    EXPECT_THAT(v1.errors, HasSubstr(" checksums right, 0 wrong"));
    EXPECT_THAT(heard(copy), ::testing::Contains(HasSubstr(R"("book-10","XBT/USD")")));
    const Ended futures =
        record({"--dialect", "futures", "--symbols", "PF_XBTUSD", "--channels", "book,trade"}, "/ws/v1");
    EXPECT_EQ(futures.code, 0) << futures.errors;
    EXPECT_THAT(heard(copy), ::testing::Contains(HasSubstr(R"("feed":"book_snapshot")")));
  }
}

TEST_F(Dialects, TwoRecordingsOfOneDialectAreNotServedTogether) {
  const std::string spot = make_market(folder, "20s", "BTC/USD");
  EXPECT_TRUE(refuses(run_ktape({"serve", spot, spot}), 2, {"are both of spot-v2"}));
}

TEST_F(Dialects, AMarketIsToldAsIfItHappenedAtAnotherTime) {
  const std::string spot = make_market(folder, "20s", "BTC/USD");
  const auto record = [&](std::vector<std::string> options) {
    std::filesystem::remove(copy);
    options.insert(options.begin(), {spot, "--clock", "lockstep", "--once"});
    const Server server(folder, std::move(options));
    const Ended run = run_ktape({"record", "--clock", "server", "--url", server.url(), "--symbols", "BTC/USD",
                                 "--channels", "book,trade,ticker,ohlc", "-o", copy});
    EXPECT_EQ(run.code, 0) << run.errors;
    EXPECT_THAT(run.errors, HasSubstr(" checksums right, 0 wrong"));
    return heard(copy);
  };
  const auto as_it_was = record({});
  const auto later = record({"--rebase", "2031-02-03T04:05:06Z"});
  ASSERT_FALSE(as_it_was.empty());
  ASSERT_EQ(later.size(), as_it_was.size());
  // Synthetic markets begin at a full second.
  const std::string first = R"("time_in":")";
  const auto instant = [&](const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
      if (const auto at = line.find(first); at != std::string::npos) {
        return parse_rfc3339(line.substr(at + first.size(), std::string_view("2026-09-01T08:00:00.000000Z").size()))
            .value();
      }
    }
    return Timestamp{};
  };
  TimeShift shift(Dialect::SpotV2,
                  std::chrono::duration_cast<std::chrono::seconds>(instant(later) - instant(as_it_was)));
  std::vector<std::string> expected;
  for (const std::string& line : as_it_was) expected.emplace_back(shift.moved(line));
  EXPECT_EQ(later, expected) << "nothing but times has changed";
  EXPECT_GE(instant(later), parse_rfc3339("2031-02-03T04:05:06Z").value());
  EXPECT_LE(instant(later), parse_rfc3339("2031-02-03T04:05:26Z").value());
  EXPECT_TRUE(refuses(run_ktape({"serve", spot, "--rebase", "yesterday"}), 2, {"--rebase", "yesterday"}));
}

}  // namespace
}  // namespace ktape::test
