// info, cat, verify, diff, export and import as their user meets them. What they print of the data sets is kept beside
// tests/golden/cli; KTAPE_REWRITE_GOLDEN=1 writes it anew.
#include <csignal>
#include <cstdlib>

#include <gmock/gmock.h>

#include "core/base/sha256.hpp"
#include "recorder/file_sink.hpp"
#include "tests/integration/cli/ktape_program.hpp"
#include "tests/support/places.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Words = std::vector<std::string>;

const std::string kDatasets = test::in_source_tree("datasets/");
const std::string kGolden = test::in_source_tree("tests/golden/cli/");

// Output that does not depend on where the sources are.
std::string relative(std::string text) {
  for (std::size_t at = text.find(kDatasets); at != text.npos; at = text.find(kDatasets))
    text.erase(at, kDatasets.size());
  return text;
}

void expect_golden(const std::string& name, const std::string& text) {
  if (std::getenv("KTAPE_REWRITE_GOLDEN") != nullptr) write_file(kGolden + name, text);
  EXPECT_EQ(text, read_file(kGolden + name)) << name;
}

Ended on(const std::string& dataset, Words words) {
  words.insert(words.begin() + 1, kDatasets + dataset);
  return run_ktape(std::move(words));
}

TEST(GoldenOutput, OfInfo) {
  for (const std::string name : {"ten-minutes", "decimals"}) {
    const Ended text = on(name + ".ktape", {"info"});
    EXPECT_EQ(text.code, 0);
    expect_golden(name + ".info.txt", relative(text.output));
    expect_golden(name + ".info.json", relative(on(name + ".ktape", {"info", "--json"}).output));
  }
  expect_golden("both.info.txt", relative(on("ten-minutes.ktape", {"info", kDatasets + "decimals.ktape"}).output));
}

TEST(GoldenOutput, OfVerify) {
  for (const std::string name : {"ten-minutes", "decimals"}) {
    const Ended text = on(name + ".ktape", {"verify"});
    EXPECT_EQ(text.code, 0);
    expect_golden(name + ".verify.txt", relative(text.output));
    expect_golden(name + ".verify.json", relative(on(name + ".ktape", {"verify", "--json"}).output));
  }
}

TEST(GoldenOutput, OfCat) {
  const Words window{"--from", "+59s", "--to", "+1m3100ms", "--channel", "trade,heartbeat"};
  const std::pair<std::string, Words> kinds[] = {
      {"text", {}},
      {"json", {"--format", "json"}},
      {"csv", {"--format", "csv", "--time-format", "unix-s"}},
      {"offset", {"--time-format", "offset", "--symbol", "MINA/GBP"}},
      {"events", {"--events", "--format", "json"}},
      {"events.offset", {"--events", "--time-format", "offset", "--symbol", "EUR/USD,MINA/GBP"}},
  };
  for (const auto& [name, more] : kinds) {
    Words words{"cat"};
    words.insert(words.end(), window.begin(), window.end());
    words.insert(words.end(), more.begin(), more.end());
    const Ended run = on("decimals.ktape", words);
    EXPECT_EQ(run.code, 0) << run.errors;
    expect_golden("decimals.cat." + name, run.output);
  }
}

// The tables are large: their beginning is kept, and the SHA-256 of all.
TEST(GoldenOutput, OfExport) {
  const TemporaryFolder folder;
  const std::string out = folder.file("tables");
  const Ended run = on("decimals.ktape", {"export", "--to", "csv", "--candles", "1", "-o", out});
  EXPECT_EQ(run.code, 0) << run.errors;
  std::string text = run.errors.substr(run.errors.find(": ") + 2);
  for (const std::string table : {"trades", "book_levels", "candles", "tickers", "gaps"}) {
    const std::string csv = read_file(out + "/" + table + ".csv");
    std::size_t end = 0;
    for (int i = 0; i < 4 && end < csv.size(); ++i) end = std::min(csv.find('\n', end), csv.size() - 1) + 1;
    text += table + " " + sha256_hex(csv) + "\n" + csv.substr(0, end);
  }
  expect_golden("decimals.export.txt", text);
}

// Every event of the log is a line of the export, and `cat --events` prints the same.
TEST(Inspect, EventsAreTheSameEverywhere) {
  const TemporaryFolder folder;
  const std::string replayed = on("decimals.ktape", {"replay", "--events"}).output;
  EXPECT_TRUE(replayed == on("decimals.ktape", {"cat", "--events", "--format", "json"}).output);
  EXPECT_EQ(on("decimals.ktape", {"export", "--to", "jsonl", "-o", folder.file("events")}).code, 0);
  EXPECT_TRUE(replayed == read_file(folder.file("events")));
  EXPECT_EQ(run_ktape({"diff", "--events", kDatasets + "decimals.ktape", folder.file("events")}).code, 0);
}

class CatFollow : public ::testing::Test {
 protected:
  void SetUp() override {
    SessionWriterOptions options = plain_options();
    writer =
        SessionWriter::create(FileSink::create(path).value(), FileJournal::create(path).value(), test_info(), options)
            .value();
    hear("first");
  }
  void hear(const std::string& payload) {
    OwnedFrame frame;
    frame.at = test_info().created_at;
    frame.connection = ConnectionId{1};
    frame.payload = payload;
    writer->on_frame(frame.frame());
    ASSERT_TRUE(writer->commit().has_value());
  }

  TemporaryFolder folder;
  std::string path = folder.file("live.ktape");
  std::unique_ptr<SessionWriter> writer;
};

TEST_F(CatFollow, PrintsWhatComesUntilTheRecordingIsSealed) {
  Process cat(ktape({"cat", "-f", path, "--format", "payload"}));
  ASSERT_TRUE(cat.says("first\n"));
  hear("second");
  ASSERT_TRUE(cat.says("second\n")) << "from the journal";
  ASSERT_TRUE(writer->flush().has_value());
  hear("third");
  ASSERT_TRUE(cat.says("third\n"));
  ASSERT_TRUE(writer->finish().has_value());
  EXPECT_EQ(cat.exit_code(), 0) << cat.errors();
  EXPECT_EQ(cat.output(), "first\nsecond\nthird\n");
}

TEST_F(CatFollow, EndsOnASignal) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Process cat(ktape({"cat", "-f", path, "--format", "payload"}));
    ASSERT_TRUE(cat.says("first\n"));
    cat.signal(signal);
    EXPECT_EQ(cat.exit_code(), 0) << cat.errors();
    EXPECT_THAT(cat.errors(), IsEmpty());
  }
}

TEST_F(CatFollow, EndsWhenNobodyReadsThoughNothingComes) {
  Process cat(ktape({"cat", "-f", path, "--format", "payload"}));
  ASSERT_TRUE(cat.says("first\n"));
  cat.stop_reading_output();
  EXPECT_EQ(cat.exit_code(), 0) << cat.errors();
}

TEST_F(CatFollow, PrintsEventsAsTheyCome) {
  Process cat(ktape({"cat", "-f", path, "--events", "--format", "json"}));
  hear(R"({"channel":"heartbeat"})");
  ASSERT_TRUE(cat.says(R"("event":"heartbeat"})"));
  ASSERT_TRUE(writer->finish().has_value());
  EXPECT_EQ(cat.exit_code(), 0) << cat.errors();
}

TEST(Cat, RefusesSelectionsThatMakeNoSense) {
  const std::string file = kDatasets + "decimals.ktape";
  EXPECT_TRUE(refuses(run_ktape({"cat", file, "--from", "noon"}), 2, {"--from", "'noon'"}));
  EXPECT_TRUE(refuses(run_ktape({"cat", file, "--from", "+1h"}), 2, {"--from +1h", "2m"}));
  EXPECT_TRUE(refuses(run_ktape({"cat", file, "--kind", "shout"}), 2, {"--kind", "'shout'"}));
  EXPECT_TRUE(refuses(run_ktape({"cat", file, "--events", "--kind", "text"}), 2, {"--kind", "'text'", "book_update"}));
  EXPECT_TRUE(refuses(run_ktape({"cat", file, "--connection", "x"}), 2, {"--connection", "'x'"}));
  EXPECT_TRUE(refuses(run_ktape({"cat", file, "--events", "--direction", "in"}), 2, {"--direction"}));
  EXPECT_TRUE(refuses(run_ktape({"cat", file, "--events", "--format", "csv"}), 2, {"csv", "ktape export"}));
}

TEST(Verify, OfSeveralFilesTellsTheWorst) {
  const TemporaryFolder folder;
  const std::string good = kDatasets + "decimals.ktape";
  EXPECT_EQ(run_ktape({"verify", good, good}).code, 0);
  const Ended missing = run_ktape({"verify", folder.file("missing"), good, "--json"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.output, StartsWith(R"([{"file":)"));
  EXPECT_THAT(missing.errors, HasSubstr(folder.file("missing")));
}

TEST(Diff, TellsTheFirstDifference) {
  const TemporaryFolder folder;
  const std::string one = kDatasets + "decimals.ktape";
  EXPECT_EQ(run_ktape({"diff", one, one}).code, 0);
  const std::string lines = run_ktape({"cat", one, "--format", "json", "--limit", "40"}).output;
  std::string changed = lines;
  changed.replace(changed.find(R"(\"qty\":)"), 9, R"(\"qty\":1)");
  const auto import = [&](const std::string& name, const std::string& text) {
    write_file(folder.file(name + ".jsonl"), text);
    EXPECT_EQ(run_ktape({"import", folder.file(name + ".jsonl"), "-o", folder.file(name)}).code, 0);
  };
  import("a", lines);
  import("b", changed);
  const Ended differ = run_ktape({"diff", folder.file("a"), folder.file("b")});
  EXPECT_EQ(differ.code, 1);
  EXPECT_THAT(differ.output, HasSubstr("differs in payload"));
  EXPECT_THAT(differ.output, HasSubstr(".qty: A "));
  EXPECT_TRUE(refuses(run_ktape({"diff", one, folder.file("a.jsonl")}), 2, {"--events"}));
  EXPECT_TRUE(refuses(run_ktape({"diff", one, folder.file("missing")}), 1, {folder.file("missing")}));
}

TEST(Export, SaysWhatItRefuses) {
  const TemporaryFolder folder;
  const std::string file = kDatasets + "decimals.ktape";
  write_file(folder.file("there"), "mine");
  EXPECT_TRUE(refuses(run_ktape({"export", file, "--to", "csv", "-o", folder.file("there")}), 1, {"File exists"}));
  EXPECT_TRUE(refuses(run_ktape({"export", file, "--to", "xlsx", "-o", folder.file("x")}), 2, {"xlsx"}));
  EXPECT_TRUE(
      refuses(run_ktape({"export", file, "--to", "csv", "--candles", "7", "-o", folder.file("x")}), 2, {"'7'"}));
  EXPECT_TRUE(refuses(run_ktape({"export", file, "--to", "csv"}), 2, {"--output"}));
  const Ended full = run_ktape({"export", file, "--to", "sqlite", "-o", folder.file("db")}, {.file_size = 65536});
  EXPECT_EQ(full.code, 1);
  EXPECT_FALSE(std::filesystem::exists(folder.file("db")));
  EXPECT_FALSE(std::filesystem::exists(folder.file("db.partial")));
}

TEST(ImportOfKrakensTrades, SaysWhatItInvented) {
  const TemporaryFolder folder;
  write_file(folder.file("XBTUSD.csv"), "1381095255,122.00000,0.10000000\n1381095316,123.61000,0.10000000\n");
  const Ended run = run_ktape({"import", folder.file("XBTUSD.csv"), "-o", folder.file("out")});
  EXPECT_EQ(run.code, 0) << run.errors;
  EXPECT_THAT(run.errors, HasSubstr("trades of BTC/USD"));
  EXPECT_THAT(run.errors, HasSubstr("invented: trade ids"));
  EXPECT_THAT(run_ktape({"info", folder.file("out")}).output, HasSubstr("invented: trade ids"));
  EXPECT_EQ(run_ktape({"verify", folder.file("out")}).code, 0);
  write_file(folder.file("trades.csv"), "1381095255,122.00000,0.10000000\n");
  EXPECT_TRUE(
      refuses(run_ktape({"import", folder.file("trades.csv"), "-o", folder.file("other")}), 2, {"--symbol is needed"}));
  EXPECT_EQ(run_ktape({"import", folder.file("trades.csv"), "--symbol", "ETH/EUR", "-o", folder.file("other")}).code,
            0);
}

}  // namespace
}  // namespace ktape::test
