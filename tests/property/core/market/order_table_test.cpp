#include "core/market/order_table.hpp"

#include <array>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;

// The same account, kept in the plainest way: a map of texts per order.
using Facts = std::map<std::string, std::string>;
struct Model {
  std::map<std::string, Facts> orders;

  static bool closed(const Facts& facts) {
    const auto status = facts.find("status");
    return status != facts.end() && (status->second == "filled" || status->second == "canceled");
  }
  void tell(const std::string& id, const Facts& report) {
    Facts& facts = orders[id];
    const bool was_closed = closed(facts);
    for (const auto& [name, value] : report) {
      if (name != "status" || !was_closed) facts[name] = value;
    }
  }
  void forget_open() {
    std::erase_if(orders, [](const auto& one) { return !closed(one.second); });
  }
};

Facts facts_of(const Order& order) {
  Facts facts;
  const auto note = [&](const char* name, const std::string& value) {
    if (!value.empty()) facts[name] = value;
  };
  note("status", order.status);
  note("symbol", order.symbol);
  note("client", order.client_order_id);
  if (order.quantity) note("quantity", order.quantity->text());
  if (order.filled_quantity) note("filled", order.filled_quantity->text());
  return facts;
}

class Account {
 public:
  explicit Account(std::uint64_t seed) : random_(seed) {}

  void step() {
    now_ += 1ms;
    if (random_.below(40) == 0) return snapshot();
    std::vector<std::string> texts;
    const std::string id = fmt::format("O{}", random_.below(30));
    const Facts report = any_report(id);
    model_.tell(id, report);
    apply({{id, report}}, false);
  }

  void compare(std::uint64_t seed) const {
    std::size_t open = 0;
    for (const auto& [id, facts] : model_.orders) {
      const auto order = table_.get(id);
      ASSERT_NE(order, nullptr) << "seed " << seed << " order " << id;
      EXPECT_EQ(facts_of(*order), facts) << "seed " << seed << " order " << id;
      EXPECT_EQ(order->closed, Model::closed(facts)) << "seed " << seed << " order " << id;
      if (!order->closed) ++open;
      if (order->closed || order->client_order_id.empty()) continue;
      EXPECT_EQ(table_.find_by_client_id(order->client_order_id)->order_id, id) << "seed " << seed;
    }
    EXPECT_EQ(table_.open_count(), open) << "seed " << seed;
    EXPECT_EQ(table_.open_orders().size(), open) << "seed " << seed;
    EXPECT_EQ(table_.open_count() + table_.closed_count(), model_.orders.size()) << "seed " << seed;
  }

 private:
  // Sparse, in no order that an exchange would keep.
  Facts any_report(const std::string& id) {
    static constexpr std::array kStatuses{"pending_new", "new", "partially_filled", "filled", "canceled", "new", "new"};
    Facts report{{"status", kStatuses[random_.below(kStatuses.size())]}};
    if (random_.below(2) == 0) report["symbol"] = random_.below(2) == 0 ? "BTC/USD" : "ETH/EUR";
    if (random_.below(2) == 0) report["quantity"] = fmt::format("{}.50", 1 + random_.below(9));
    if (random_.below(2) == 0) report["filled"] = fmt::format("0.{}1", 1 + random_.below(9));
    if (random_.below(3) == 0) report["client"] = "c" + id;  // unique among open orders, as the exchange sees to
    return report;
  }

  void snapshot() {
    model_.forget_open();
    std::vector<std::pair<std::string, Facts>> reports;
    for (int i = 0; i < 30; ++i) {
      if (random_.below(4) != 0) continue;
      const std::string id = fmt::format("O{}", i);
      reports.emplace_back(id, any_report(id));
      model_.tell(id, reports.back().second);
    }
    apply(reports, true);
  }

  void apply(const std::vector<std::pair<std::string, Facts>>& told, bool snapshot) {
    std::vector<OrderReport> reports;
    for (const auto& [id, facts] : told) {
      OrderReport& report = reports.emplace_back();
      report.order_id = id;
      report.what = "status";
      for (const auto& [name, value] : facts) {
        if (name == "status") report.status = value;
        if (name == "symbol") report.symbol = value;
        if (name == "client") report.client_order_id = value;
        if (name == "quantity") report.quantity = Decimal::parse(value).value();
        if (name == "filled") report.filled_quantity = Decimal::parse(value).value();
      }
    }
    const auto applied = table_.apply({.channel = "executions", .snapshot = snapshot, .reports = reports}, now_);
    EXPECT_TRUE(applied.has_value());
  }

  Random random_;
  Model model_;
  OrderTable table_;
  Timestamp now_ = from_nanoseconds(1'788'249'607'000'000'000);
};

TEST(OrderTableProperty, HoldsWhatAPlainMapOfReportsHolds) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Account account(seed);
    for (int i = 0; i < 120; ++i) {
      account.step();
      if (i % 20 == 0) account.compare(seed);
    }
    account.compare(seed);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace ktape
