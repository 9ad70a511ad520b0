#include "tests/support/private_facts.hpp"

#include <array>

#include <fmt/format.h>
#include <rapidjson/document.h>

namespace ktape::test {
namespace {

using Json = rapidjson::Value;

// Numbers come as text: they are told from strings by nothing, which the codec has checked.
constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;

// The last member of that name, or nullptr.
const Json* member(const Json& object, std::string_view name) {
  const Json* found = nullptr;
  if (!object.IsObject()) return found;
  for (const auto& one : object.GetObject()) {
    if (std::string_view(one.name.GetString(), one.name.GetStringLength()) == name) found = &one.value;
  }
  return found;
}

std::string text(const Json& object, std::string_view name) {
  const Json* const value = member(object, name);
  return value != nullptr && value->IsString() ? std::string(value->GetString(), value->GetStringLength()) : "";
}

std::string number(const std::string& written) {
  const auto decimal = Decimal::parse(written);
  return decimal ? decimal->text() : "";
}
std::string number(const Json& object, std::string_view name) { return number(text(object, name)); }
std::string number(const std::optional<Decimal>& value) { return value ? value->text() : ""; }

std::string moment(const Json& object, std::string_view name) {
  const auto time = parse_rfc3339(text(object, name));
  return time ? format_rfc3339(*time) : "";
}
std::string moment(const std::optional<Timestamp>& time) { return time ? format_rfc3339(*time) : ""; }

std::string integer(const Json& object, std::string_view name) {
  const auto decimal = Decimal::parse(text(object, name));
  const auto whole = decimal ? decimal->rescaled(0) : std::nullopt;
  return whole ? whole->text() : "";
}
template <class Integer>
std::string integer(const std::optional<Integer>& value) {
  return value ? fmt::to_string(*value) : "";
}

// "-0" is a zero like any other to a codec that counts in integers.
std::string plain(std::string digits) { return digits == "-0" ? "0" : digits; }

template <class Visit>
void each(const Json* array, Visit visit) {
  if (array == nullptr || !array->IsArray()) return;
  for (const auto& one : array->GetArray()) visit(one);
}

std::string level3(const Json& root, bool snapshot) {
  std::string out;
  each(member(root, "data"), [&](const Json& book) {
    out += fmt::format("level3 {} {} {}\n", text(book, "symbol"), plain(integer(book, "checksum")), snapshot);
    for (const char* const side : {"bids", "asks"}) {
      each(member(book, side), [&](const Json& order) {
        out +=
            fmt::format("{} {} {} {} {} {}\n", side, snapshot ? "add" : text(order, "event"), text(order, "order_id"),
                        number(order, "limit_price"), number(order, "order_qty"), moment(order, "timestamp"));
      });
    }
  });
  return out;
}

std::string executions(const Json& root, bool snapshot) {
  std::string out = fmt::format("orders {} {}\n", snapshot, plain(integer(root, "sequence")));
  std::string fills;
  each(member(root, "data"), [&](const Json& report) {
    out += fmt::format("{} {} {} {} {} {} {} {} {} {}\n", text(report, "order_id"), text(report, "cl_ord_id"),
                       text(report, "exec_type"), text(report, "order_status"), text(report, "symbol"),
                       text(report, "side"), number(report, "order_qty"), number(report, "limit_price"),
                       number(report, "cum_qty"), moment(report, "timestamp"));
    if (text(report, "exec_type") != "trade") return;
    fills += fmt::format("{} {} {} {} {}", text(report, "exec_id"), plain(integer(report, "trade_id")),
                         number(report, "last_price"), number(report, "last_qty"), number(report, "cost"));
    each(member(report, "fees"),
         [&](const Json& fee) { fills += fmt::format(" {}={}", text(fee, "asset"), number(fee, "qty")); });
    fills += '\n';
  });
  if (!fills.empty()) out += fmt::format("fills {} {}\n", snapshot, plain(integer(root, "sequence"))) + fills;
  return out;
}

std::string balances(const Json& root, bool snapshot) {
  std::string out = fmt::format("balances {} {}\n", snapshot, plain(integer(root, "sequence")));
  each(member(root, "data"), [&](const Json& entry) {
    std::string wallet;
    if (!snapshot && (!text(entry, "wallet_type").empty() || !text(entry, "wallet_id").empty())) {
      wallet = text(entry, "wallet_type") + "/" + text(entry, "wallet_id");
    }
    out += fmt::format("{} {} {} {} {}\n", text(entry, "asset"), wallet, number(entry, "balance"),
                       snapshot ? "" : number(entry, "amount"), snapshot ? "" : number(entry, "fee"));
    if (!snapshot) return;
    each(member(entry, "wallets"), [&](const Json& part) {
      out += fmt::format("{} {}/{} {}  \n", text(entry, "asset"), text(part, "type"), text(part, "id"),
                         number(part, "balance"));
    });
  });
  return out;
}

std::string answer(const Json& object) {
  return fmt::format("order {} {} {} {}\n", text(object, "order_id"), text(object, "cl_ord_id"),
                     plain(integer(object, "order_userref")), text(object, "error"));
}

std::string trading(const Json& root) {
  const Json* const result = member(root, "result");
  const std::string error = text(root, "error");
  const Json* const success = member(root, "success");
  const bool ok = success != nullptr && success->IsBool() ? success->GetBool() : error.empty();
  std::string count;
  std::string orders;
  if (result != nullptr && result->IsObject()) {
    count = integer(*result, "count");
    const std::string one = answer(*result);
    if (one != "order    \n") orders += one;
    each(member(*result, "orders"), [&](const Json& order) { orders += answer(order); });
  }
  each(result, [&](const Json& order) { orders += answer(order); });
  if (count.empty()) count = integer(root, "orders_cancelled");
  return fmt::format("trading {} {} {} {} {}\n", text(root, "method"), plain(integer(root, "req_id")), ok, error,
                     plain(count)) +
         orders;
}

struct Facts {
  std::string& out;

  void operator()(const Level3Snapshot& book) const { level3(book, true); }
  void operator()(const Level3Update& book) const { level3(book, false); }
  void operator()(const OrderReports& orders) const {
    out += fmt::format("orders {} {}\n", orders.snapshot, integer(orders.sequence));
    for (const OrderReport& report : orders.reports) {
      out +=
          fmt::format("{} {} {} {} {} {} {} {} {} {}\n", report.order_id, report.client_order_id, report.what,
                      report.status, report.symbol, report.side ? to_string(*report.side) : "", number(report.quantity),
                      number(report.limit_price), number(report.filled_quantity), moment(report.exchange_time));
    }
  }
  void operator()(const FillReports& fills) const {
    out += fmt::format("fills {} {}\n", fills.snapshot, integer(fills.sequence));
    for (const Fill& fill : fills.fills) {
      out += fmt::format("{} {} {} {} {}", fill.fill_id, integer(fill.trade_id), fill.price.text(),
                         fill.quantity.text(), number(fill.cost));
      for (const Fee& fee : fill.fees) out += fmt::format(" {}={}", fee.asset, fee.quantity.text());
      out += '\n';
    }
  }
  void operator()(const BalanceReports& balances) const {
    out += fmt::format("balances {} {}\n", balances.snapshot, integer(balances.sequence));
    for (const Balance& balance : balances.balances) {
      out += fmt::format("{} {} {} {} {}\n", balance.asset, balance.wallet, balance.balance.text(),
                         number(balance.amount), number(balance.fee));
    }
  }
  void operator()(const TradingReply& reply) const {
    out += fmt::format("trading {} {} {} {} {}\n", reply.method, integer(reply.request_id), reply.success, reply.error,
                       integer(reply.count));
    for (const OrderAnswer& order : reply.orders) {
      out += fmt::format("order {} {} {} {}\n", order.order_id, order.client_order_id, integer(order.user_reference),
                         order.error);
    }
  }
  template <class Other>
  void operator()(const Other&) const {}

  template <class Book>
  void level3(const Book& book, bool snapshot) const {
    out += fmt::format("level3 {} {} {}\n", book.symbol, integer(book.checksum), snapshot);
    side("bids", book.bids);
    side("asks", book.asks);
  }
  void side(const char* name, std::span<const RestingOrder> orders) const {
    for (const RestingOrder& order : orders) {
      out += fmt::format("{} {} {} {} {} {}\n", name, to_string(order.action), order.order_id, order.price.text(),
                         order.quantity.text(), format_rfc3339(order.exchange_time));
    }
  }
};

constexpr std::array<std::string_view, 8> kMethods{"add_order",    "amend_order", "edit_order",
                                                   "cancel_order", "cancel_all",  "cancel_all_orders_after",
                                                   "batch_add",    "batch_cancel"};

}  // namespace

std::optional<std::string> facts_of_json(std::string_view message) {
  rapidjson::Document root;
  root.Parse<kFlags>(message.data(), message.size());
  if (root.HasParseError() || !root.IsObject()) return std::nullopt;
  if (member(root, "method") != nullptr) {
    const std::string method = text(root, "method");
    for (const auto known : kMethods) {
      if (method == known) return trading(root);
    }
    return std::nullopt;
  }
  const std::string channel = text(root, "channel");
  const bool snapshot = text(root, "type") == "snapshot";
  if (channel == "level3") return level3(root, snapshot);
  if (channel == "executions") return executions(root, snapshot);
  if (channel == "balances") return balances(root, snapshot);
  return std::nullopt;
}

void FactsOfEvents::on_event(const Event& event) {
  if (std::holds_alternative<UnknownMessage>(event)) understood_ = false;
  std::visit(Facts{facts_}, event);
}

}  // namespace ktape::test
