#include "export/exporter.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "export/partial_output.hpp"
#include "tests/support/session_fixture.hpp"
#include "tests/support/temporary_folder.hpp"

namespace ktape {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

// Two trades with a hole in their ids, a book with one update, a ticker with numbers of many places, and a reconnect.
std::unique_ptr<SessionReader> market() {
  std::vector<OwnedFrame> frames;
  const auto add = [&](FrameKind kind, std::string payload) {
    OwnedFrame& frame = frames.emplace_back();
    frame.at = test_info().created_at + std::chrono::seconds(frames.size());
    frame.connection = ConnectionId{1};
    frame.kind = kind;
    frame.payload = std::move(payload);
  };
  const auto trade = [&](const std::string& price, const std::string& quantity, int id) {
    add(FrameKind::Text, R"({"channel":"trade","type":"update","data":[{"symbol":"A/B","side":"sell","price":)" +
                             price + R"(,"qty":)" + quantity + R"(,"ord_type":"market","trade_id":)" +
                             std::to_string(id) + R"(,"timestamp":"2026-01-01T00:00:01.000001Z"}]})");
  };
  add(FrameKind::Opened, "wss://h/");
  trade("63390.70", "0.10000000", 7);
  trade("0.000000000012", "184467440737095.51615", 9);
  add(FrameKind::Text,
      R"({"channel":"book","type":"snapshot","data":[{"symbol":"A/B","bids":[{"price":1.0,"qty":2.00}],)"
      R"("asks":[{"price":1.5,"qty":3.00}]}]})");
  add(FrameKind::Text, R"({"channel":"book","type":"update","data":[{"symbol":"A/B","bids":[{"price":1.0,"qty":0.00}],)"
                       R"("asks":[],"timestamp":"2026-01-01T00:00:02.000000Z"}]})");
  add(FrameKind::Closed, "1006 lost, \"really\"");
  add(FrameKind::Opened, "wss://h/");
  return opened(recorded(frames));
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::istringstream text(read_file(path));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

TEST(ExportCsv, WritesATableEachWithExactNumbers) {
  const TemporaryFolder folder;
  const std::string out = folder.file("tables");
  const auto reader = market();
  const auto exported = export_recording(*reader, Dialect::SpotV2, out, {.format = ExportFormat::Csv});
  ASSERT_TRUE(exported.has_value()) << exported.error().detail;
  EXPECT_THAT(exported->rows, ElementsAre(2, 3, 0, 0, 2));
  EXPECT_THAT(lines_of(out + "/trades.csv"),
              ElementsAre("at,connection,symbol,trade_id,exchange_time,side,price,quantity,order_type,snapshot,"
                          "price_e10,quantity_e8",
                          "1767225602000000000,1,A/B,7,1767225601000001000,sell,63390.70,0.10000000,market,0,"
                          "633907000000000,10000000",
                          // Twelve places do not fit into ten, nor so large a number into 64 bits.
                          "1767225603000000000,1,A/B,9,1767225601000001000,sell,0.000000000012,184467440737095.51615,"
                          "market,0,,"));
  EXPECT_THAT(
      lines_of(out + "/book_levels.csv"),
      ElementsAre(
          StartsWith("at,connection,symbol,exchange_time,message,snapshot,side,price,quantity,checksum,sequence"),
          "1767225604000000000,1,A/B,,1,1,bid,1.0,2.00,,,10000000000,200000000",
          "1767225604000000000,1,A/B,,1,1,ask,1.5,3.00,,,15000000000,300000000",
          "1767225605000000000,1,A/B,1767225602000000000,2,0,bid,1.0,0.00,,,10000000000,0"));
  EXPECT_THAT(lines_of(out + "/gaps.csv"),
              ElementsAre("kind,from_time,to_time,connection,cause,frames,symbol,first_id,last_id,detail",
                          "trade_ids,1767225603000000000,1767225603000000000,1,missing,,A/B,8,8,",
                          "recording,1767225606000000000,1767225607000000000,1,disconnected,,,,,"
                          "\"1006 lost, \"\"really\"\"\""));
  EXPECT_EQ(lines_of(out + "/candles.csv").size(), 1U) << "a table without rows has its header";
  EXPECT_FALSE(fs::exists(out + ".partial"));
}

TEST(ExportCsv, WritesOneTableToOneFile) {
  const TemporaryFolder folder;
  const std::string out = folder.file("trades.csv");
  const auto reader = market();
  const auto exported =
      export_recording(*reader, Dialect::SpotV2, out, {.format = ExportFormat::Csv, .table = Table::Trades});
  ASSERT_TRUE(exported.has_value()) << exported.error().detail;
  EXPECT_THAT(exported->rows, ElementsAre(2, 0, 0, 0, 0));
  EXPECT_EQ(lines_of(out).size(), 3U);
}

TEST(ExportJsonLines, WritesEveryEventOrThoseOfATable) {
  const TemporaryFolder folder;
  const auto all = market();
  const auto exported = export_recording(*all, Dialect::SpotV2, folder.file("all"), {});
  ASSERT_TRUE(exported.has_value()) << exported.error().detail;
  EXPECT_EQ(exported->events, 10U);
  EXPECT_EQ(lines_of(folder.file("all")).size(), 10U);
  EXPECT_THAT(lines_of(folder.file("all")).front(), HasSubstr(R"("event":"link")"));
  const auto trades = market();
  EXPECT_EQ(export_recording(*trades, Dialect::SpotV2, folder.file("trades"), {.table = Table::Trades}).value().events,
            2U);
  for (const std::string& line : lines_of(folder.file("trades"))) EXPECT_THAT(line, HasSubstr(R"("event":"trade")"));
}

// What a query gives: rows as text, cells separated by |.
std::vector<std::string> query(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  std::vector<std::string> rows;
  const auto take = [](void* to, int columns, char** values, char**) {
    std::string row;
    for (int i = 0; i < columns; ++i)
      row += std::string(i == 0 ? "" : "|") + (values[i] == nullptr ? "NULL" : values[i]);
    static_cast<std::vector<std::string>*>(to)->push_back(row);
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), take, &rows, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
  sqlite3_close(database);
  return rows;
}

TEST(ExportSqlite, HoldsTextAsItWasAndIntegersToSortBy) {
  const TemporaryFolder folder;
  const std::string out = folder.file("market.db");
  const auto reader = market();
  const auto exported = export_recording(*reader, Dialect::SpotV2, out,
                                         {.format = ExportFormat::Sqlite, .exporter = "test", .source = "x.ktape"});
  ASSERT_TRUE(exported.has_value()) << exported.error().detail;
  EXPECT_THAT(query(out, "PRAGMA integrity_check"), ElementsAre("ok"));
  EXPECT_THAT(query(out, "SELECT trade_id, price, quantity, price_e10, quantity_e8, typeof(price) FROM trades"),
              ElementsAre("7|63390.70|0.10000000|633907000000000|10000000|text",
                          "9|0.000000000012|184467440737095.51615|NULL|NULL|text"));
  EXPECT_THAT(query(out, "SELECT message, side, price, quantity, checksum FROM book_levels ORDER BY rowid"),
              ElementsAre("1|bid|1.0|2.00|NULL", "1|ask|1.5|3.00|NULL", "2|bid|1.0|0.00|NULL"));
  EXPECT_THAT(query(out, "SELECT kind, cause, first_id, detail FROM gaps"),
              ElementsAre("trade_ids|missing|8|", "recording|disconnected|NULL|1006 lost, \"really\""));
  EXPECT_THAT(query(out, "SELECT value FROM meta WHERE key IN ('exporter', 'recording', 'rows.trades') ORDER BY key"),
              ElementsAre("test", "x.ktape", "2"));
  EXPECT_THAT(query(out, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict = 1"),
              ElementsAre("6"));
}

// What a client makes of one message.
std::unique_ptr<SessionReader> one_message(std::string payload) {
  OwnedFrame frame;
  frame.at = test_info().created_at;
  frame.connection = ConnectionId{1};
  frame.payload = std::move(payload);
  return opened(recorded({frame}));
}

TEST(ExportSqlite, SaysNothingWhereADialectSaysNothing) {
  const TemporaryFolder folder;
  const std::string trades = folder.file("trades.db");
  const auto spot = one_message(R"([321,[["57126.7","0.02","1616333924.737428","b","m",""]],"trade","XBT/USD"])");
  ASSERT_TRUE(export_recording(*spot, Dialect::SpotV1, trades, {.format = ExportFormat::Sqlite}).has_value());
  EXPECT_THAT(query(trades, "SELECT trade_id, price FROM trades"), ElementsAre("NULL|57126.7"));
  const std::string book = folder.file("book.db");
  const auto futures =
      one_message(R"({"feed":"book_snapshot","product_id":"PF_XBTUSD","timestamp":1788249600100,"seq":41,)"
                  R"("tickSize":null,"bids":[{"price":34969.5,"qty":0.7}],"asks":[]})");
  ASSERT_TRUE(export_recording(*futures, Dialect::FuturesV1, book, {.format = ExportFormat::Sqlite}).has_value());
  EXPECT_THAT(query(book, "SELECT price, checksum, sequence FROM book_levels"), ElementsAre("34969.5|NULL|41"));
}

TEST(ExportSqlite, BuildsCandles) {
  const TemporaryFolder folder;
  const std::string out = folder.file("market.db");
  std::vector<OwnedFrame> frames;
  const auto add = [&](Duration after, FrameKind kind, std::string payload) {
    OwnedFrame& frame = frames.emplace_back();
    frame.at = test_info().created_at + after;
    frame.connection = ConnectionId{1};
    frame.kind = kind;
    frame.payload = std::move(payload);
  };
  using namespace std::chrono_literals;
  add(0s, FrameKind::Opened, "wss://h/");
  add(1s, FrameKind::Text,
      R"({"channel":"trade","type":"update","data":[{"symbol":"A/B","side":"buy","price":1.50,"qty":2.00,)"
      R"("ord_type":"limit","trade_id":1,"timestamp":"2026-01-01T00:00:01.000000Z"}]})");
  add(61s, FrameKind::Text, R"({"channel":"heartbeat"})");
  const auto reader = opened(recorded(frames));
  ASSERT_TRUE(export_recording(*reader, Dialect::SpotV2, out,
                               {.format = ExportFormat::Sqlite, .candles = {std::chrono::minutes(1)}})
                  .has_value());
  EXPECT_THAT(query(out, "SELECT minutes, source, state, open, close, volume, trades FROM candles"),
              ElementsAre("1|trades|partial|1.50|1.50|2.00|1"));
}

TEST(Export, LeavesNothingBehindWhenItIsInterrupted) {
  const TemporaryFolder folder;
  for (const auto format : {ExportFormat::JsonLines, ExportFormat::Csv, ExportFormat::Sqlite}) {
    const std::string out = folder.file("out");
    std::vector<OwnedFrame> frames(3000);
    for (OwnedFrame& frame : frames) frame.at = test_info().created_at;
    const auto reader = opened(recorded(frames));
    bool seen = false;
    ExportOptions options{.format = format};
    options.progress = [&](std::uint64_t) {
      seen = fs::exists(out + ".partial") && !fs::exists(out);
      return false;
    };
    const auto exported = export_recording(*reader, Dialect::SpotV2, out, options);
    ASSERT_FALSE(exported.has_value());
    EXPECT_THAT(exported.error().detail, HasSubstr("interrupted"));
    EXPECT_TRUE(seen);
    EXPECT_TRUE(fs::is_empty(fs::path(out).parent_path())) << "nothing is left";
  }
}

TEST(Export, ReplacesNothing) {
  const TemporaryFolder folder;
  const std::string out = folder.file("out");
  std::ofstream(out) << "mine";
  const auto reader = market();
  EXPECT_THAT(export_recording(*reader, Dialect::SpotV2, out, {}).error().detail, HasSubstr("File exists"));
  EXPECT_EQ(read_file(out), "mine");
  fs::remove(out);
  std::ofstream(out + ".partial") << "another's";
  EXPECT_THAT(export_recording(*reader, Dialect::SpotV2, out, {}).error().detail, HasSubstr(out + ".partial exists"));
  EXPECT_EQ(read_file(out + ".partial"), "another's");
}

TEST(Export, CannotWriteWhereNoFolderIs) {
  const TemporaryFolder folder;
  const auto reader = market();
  const auto exported = export_recording(*reader, Dialect::SpotV2, folder.file("no/such/out"), {});
  EXPECT_THAT(exported.error().detail, HasSubstr("No such file or directory"));
}

TEST(PartialOutput, NeverReplacesWhatHasComeMeanwhile) {
  const TemporaryFolder folder;
  const std::string out = folder.file("out");
  auto output = PartialOutput::create(out, PartialOutput::Kind::File).value();
  std::ofstream(out) << "first";
  EXPECT_THAT(output.publish().error().detail, HasSubstr("File exists"));
  EXPECT_EQ(read_file(out), "first");
}

TEST(EventTables, HaveNamesThatAreRead) {
  for (std::size_t i = 0; i < kTables; ++i) {
    const auto table = static_cast<Table>(i);
    EXPECT_EQ(parse_table(to_string(table)), table);
    EXPECT_FALSE(columns_of(table).empty());
  }
  EXPECT_EQ(parse_table("orders"), std::nullopt);
}

}  // namespace
}  // namespace ktape
