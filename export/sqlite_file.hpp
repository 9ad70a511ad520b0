#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "export/event_tables.hpp"

namespace ktape {

// Rows as an SQLite database: a STRICT table for each Table, `meta` (key, value), and indexes by symbol and time.
// Numbers that have a point are TEXT; no floating point is anywhere. The first error sticks.
class SqliteFile final : public RowSink {
 public:
  // `path` is an empty file or none. One transaction, no journal: what is not finished is worth nothing.
  static Result<std::unique_ptr<SqliteFile>> create(const std::string& path, std::span<const Table> tables);
  ~SqliteFile();
  SqliteFile(const SqliteFile&) = delete;
  SqliteFile& operator=(const SqliteFile&) = delete;

  // Rows of tables that were not asked for are left out.
  void on_row(Table table, std::span<const Cell> cells) override;

  const Result<void>& status() const { return status_; }

  // Writes `meta` and the indexes, and closes the file.
  Result<void> finish(const std::vector<std::pair<std::string, std::string>>& meta);

 private:
  struct Impl;
  explicit SqliteFile(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
  Result<void> status_;
};

}  // namespace ktape
