#include "export/sqlite_file.hpp"

#include <array>

#include <fmt/format.h>
#include <sqlite3.h>

namespace ktape {
namespace {

struct Closer {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Closer>;
using Statement = std::unique_ptr<sqlite3_stmt, Closer>;

std::string create_statement(Table table) {
  std::string sql = fmt::format("CREATE TABLE {} (", to_string(table));
  std::string_view separator;
  for (const Column& column : columns_of(table)) {
    sql += fmt::format("{}\"{}\" {}{}", separator, column.name, column.is_integer ? "INTEGER" : "TEXT",
                       column.may_be_null ? "" : " NOT NULL");
    separator = ", ";
  }
  return sql + ") STRICT";
}

std::string insert_statement(Table table) {
  std::string sql = fmt::format("INSERT INTO {} VALUES (", to_string(table));
  for (std::size_t i = 0; i < columns_of(table).size(); ++i) sql += i == 0 ? "?" : ", ?";
  return sql + ")";
}

constexpr std::array<std::string_view, kTables> kIndexes{
    "CREATE INDEX trades_by_time ON trades (symbol, exchange_time, trade_id)",
    "CREATE INDEX book_levels_by_time ON book_levels (symbol, at)",
    "CREATE INDEX candles_by_time ON candles (symbol, minutes, begin)",
    "CREATE INDEX tickers_by_time ON tickers (symbol, at)",
    "CREATE INDEX gaps_by_time ON gaps (from_time)",
};

}  // namespace

struct SqliteFile::Impl {
  std::string path;
  Database database;
  std::array<Statement, kTables> inserts;  // null for tables that were not asked for

  Error error(std::string_view what) const {
    return {Errc::Io, fmt::format("cannot {} {}: {}", what, path, sqlite3_errmsg(database.get()))};
  }
  Result<void> execute(const std::string& sql) const {
    if (sqlite3_exec(database.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return tl::unexpected<Error>(error("write"));
  }
  Result<Statement> prepare(const std::string& sql) const {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      return tl::unexpected<Error>(error("write"));
    }
    return Statement(statement);
  }
};

SqliteFile::SqliteFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteFile::~SqliteFile() = default;

Result<std::unique_ptr<SqliteFile>> SqliteFile::create(const std::string& path, std::span<const Table> tables) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  sqlite3* database = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  impl->database.reset(database);
  if (opened != SQLITE_OK) return tl::unexpected<Error>(impl->error("create"));
  // One after the other: a setting of the journal cannot change inside a transaction.
  for (const char* const sql : {"PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF", "BEGIN",
                                "CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT"}) {
    if (auto done = impl->execute(sql); !done) return tl::unexpected<Error>(done.error());
  }
  for (const Table table : tables) {
    if (auto done = impl->execute(create_statement(table)); !done) return tl::unexpected<Error>(done.error());
    auto insert = impl->prepare(insert_statement(table));
    if (!insert) return tl::unexpected<Error>(insert.error());
    impl->inserts.at(static_cast<std::size_t>(table)) = std::move(*insert);
  }
  return std::unique_ptr<SqliteFile>(new SqliteFile(std::move(impl)));
}

void SqliteFile::on_row(Table table, std::span<const Cell> cells) {
  sqlite3_stmt* const insert = impl_->inserts.at(static_cast<std::size_t>(table)).get();
  if (insert == nullptr || !status_) return;
  int place = 0;
  int bound = SQLITE_OK;
  for (const Cell& cell : cells) {
    ++place;
    if (const auto* number = std::get_if<std::int64_t>(&cell)) {
      bound |= sqlite3_bind_int64(insert, place, *number);
    } else if (const auto* text = std::get_if<std::string_view>(&cell)) {
      // The row is written before the text can change. A null pointer would bind NULL in place of empty text.
      bound |= sqlite3_bind_text64(insert, place, text->empty() ? "" : text->data(), text->size(), SQLITE_STATIC,
                                   SQLITE_UTF8);
    } else {
      bound |= sqlite3_bind_null(insert, place);
    }
  }
  if (bound != SQLITE_OK || sqlite3_step(insert) != SQLITE_DONE) {
    status_ = tl::unexpected<Error>(impl_->error("write"));
  }
  sqlite3_reset(insert);
}

Result<void> SqliteFile::finish(const std::vector<std::pair<std::string, std::string>>& meta) {
  if (!status_) return status_;
  auto insert = impl_->prepare("INSERT INTO meta VALUES (?, ?)");
  if (!insert) return tl::unexpected<Error>(insert.error());
  for (const auto& [key, value] : meta) {
    sqlite3_bind_text64(insert->get(), 1, key.data(), key.size(), SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_text64(insert->get(), 2, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
    if (sqlite3_step(insert->get()) != SQLITE_DONE) return tl::unexpected<Error>(impl_->error("write"));
    sqlite3_reset(insert->get());
  }
  insert->reset();
  for (std::size_t i = 0; i < kTables; ++i) {
    if (impl_->inserts.at(i) == nullptr) continue;
    impl_->inserts.at(i).reset();
    if (auto done = impl_->execute(std::string(kIndexes.at(i))); !done) return done;
  }
  if (auto done = impl_->execute("COMMIT"); !done) return done;
  if (sqlite3_close(impl_->database.release()) != SQLITE_OK) {
    return fail(Errc::Io, fmt::format("cannot close {}", impl_->path));
  }
  return {};
}

}  // namespace ktape
