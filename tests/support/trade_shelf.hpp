#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/support/scripted_rest.hpp"

namespace ktape::test {

// Kraken's Trades over a list of trades of one pair.
struct TradeShelf {
  struct Row {
    std::int64_t id;
    std::int64_t at;  // nanoseconds
  };
  std::vector<Row> rows;
  bool inclusive = false;  // which of the two Kraken does is not known

  ScriptedRest::Answer answer(const net::HttpRequest& request) const {
    const std::int64_t since = std::stoll(*field_of(request.target, "since"));
    const auto count = static_cast<std::size_t>(std::stoll(*field_of(request.target, "count")));
    std::string list;
    std::int64_t last = since;
    std::size_t given = 0;
    for (const Row& row : rows) {
      if (row.at < since || (row.at == since && !inclusive)) continue;
      if (given++ == count) break;
      last = row.at;
      if (!list.empty()) list += ',';
      // Seven places, as Kraken rounds.
      list += fmt::format(R"(["3120.90000","0.05000000",{}.{:07},"{}","l","",{}])", row.at / 1'000'000'000,
                          row.at % 1'000'000'000 / 100, row.id % 2 == 0 ? 'b' : 's', row.id);
    }
    return json_answer(fmt::format(R"({{"error":[],"result":{{"ETH/EUR":[{}],"last":"{}"}}}})", list, last));
  }
};

}  // namespace ktape::test
