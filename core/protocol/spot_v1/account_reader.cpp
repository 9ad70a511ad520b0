#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "core/protocol/spot_v1/message_reader.hpp"
#include "core/protocol/spot_v1/text_values.hpp"

namespace ktape::spot_v1 {
namespace {

// What v1 calls a state of an order, and what v2, and so this program, calls it.
struct StatusName {
  std::string_view wire, status, what;
};
constexpr std::array kStatusNames{StatusName{"pending", "pending_new", "pending_new"}, StatusName{"open", "new", "new"},
                                  StatusName{"closed", "filled", "filled"},
                                  StatusName{"canceled", "canceled", "canceled"},
                                  StatusName{"expired", "expired", "expired"}};
struct TimeInForceName {
  std::string_view wire, name;
};
constexpr std::array kTimesInForce{TimeInForceName{"GTC", "gtc"}, TimeInForceName{"GTD", "gtd"},
                                   TimeInForceName{"IOC", "ioc"}};

// A number where there may also be null, or nothing yet.
using MaybeText = std::optional<std::string_view>;
using MaybeDecimal = std::optional<DecimalText>;
using MaybeTime = std::optional<TimeText>;

bool lists(std::string_view comma_separated, std::string_view wanted) {
  while (!comma_separated.empty()) {
    const auto comma = std::min(comma_separated.find(','), comma_separated.size());
    if (comma_separated.substr(0, comma) == wanted) return true;
    comma_separated.remove_prefix(std::min(comma + 1, comma_separated.size()));
  }
  return false;
}

// A price of an order as a price; nothing for zero, which says that there is none, and for "+5.0%", which is relative.
std::optional<Decimal> plain_price(const MaybeText& text) {
  if (!text) return std::nullopt;
  const auto price = Decimal::parse(*text);
  if (!price || price->coefficient() <= 0) return std::nullopt;
  return *price;
}

// Where a time is not set, documents show "0.000000" and the wire has null.
std::optional<Timestamp> set_time(const MaybeTime& time) {
  if (!time || nanoseconds(time->value) == 0) return std::nullopt;
  return time->value;
}

class AccountReader {
 public:
  AccountReader(const JsonNode& root, ReaderContext& context) : root_(root), context_(context) {}

  Result<void> read() {
    const JsonNode& items = *(&root_ + 1);
    const JsonNode& channel = *items.end();
    const JsonNode& last = *channel.end();
    if (channel.kind != JsonKind::String) return wrong_field("account data", "channelName", channel, "text");
    channel_ = channel.text();
    where_ = channel_ == "ownTrades" ? "channel 'ownTrades'" : "channel 'openOrders'";
    if (channel_ != "ownTrades" && channel_ != "openOrders") {
      return fail(Errc::Unsupported, fmt::format("channel '{}' with a sequence", excerpt(channel_)));
    }
    KTAPE_TRY(read_fields(last, where_, context_.unknown_fields, required("sequence", sequence_)));
    return channel_ == "ownTrades" ? read_own_trades(items) : read_open_orders(items);
  }

 private:
  template <class... T>
  Result<void> fields(const JsonNode& object, T... wanted) {
    return read_fields(object, where_, context_.unknown_fields, wanted...);
  }

  // Each member of each object in the list.
  template <class ReadOne>
  Result<void> each(const JsonNode& items, ReadOne read_one) {
    if (items.kind != JsonKind::Array) return wrong_field(where_, "the list", items, "an array");
    Result<void> result;
    for_each_element(items, [&](const JsonNode& item) {
      if (item.kind != JsonKind::Object) {
        result = wrong_field(where_, "an entry", item, "an object");
        return false;
      }
      for_each_member(item, [&](std::string_view id, const JsonNode& entry) {
        if (result) result = read_one(id, entry);
      });
      return result.has_value();
    });
    return result;
  }

  // ---- ownTrades

  Result<void> read_own_trades(const JsonNode& items) {
    // Fills point at their fees while more are added, so these must not move.
    context_.batch.fees.reserve(items.span);
    KTAPE_TRY(each(items, [this](std::string_view id, const JsonNode& entry) { return read_fill(id, entry); }));
    auto& out = add_event<FillReports>(context_);
    out.channel = channel_;
    out.snapshot = sequence_ == 1 && context_.requests.own_trades_begin_with_history();
    out.sequence = sequence_;
    out.fills = context_.batch.fills;
    return {};
  }

  Result<void> read_fill(std::string_view id, const JsonNode& entry) {
    Fill& fill = context_.batch.fills.emplace_back();
    std::string_view pair;
    std::string_view side;
    DecimalText price;
    DecimalText volume;
    MaybeDecimal cost;
    MaybeDecimal fee;
    TimeText time;
    MaybeText client_order_id;
    KTAPE_TRY(fields(entry, required("ordertxid", fill.order_id), required("pair", pair), required("time", time),
                     required("type", side), required("ordertype", fill.order_type), required("price", price),
                     required("vol", volume), optional("cost", cost), optional("fee", fee),
                     optional("cl_ord_id", client_order_id), ignored("postxid"), ignored("margin"),
                     ignored("margin_borrow"), ignored("userref"), ignored("ext_exec_id"), ignored("posstatus")));
    const auto taken = side_of_word(side);
    if (!taken)
      return fail(Errc::Protocol, fmt::format("{}: type is \"{}\", buy or sell expected", where_, excerpt(side)));
    fill.fill_id = id;
    fill.client_order_id = client_order_id.value_or(std::string_view{});
    fill.symbol = context_.names.modern(pair);
    fill.side = *taken;
    fill.price = price.value;
    fill.quantity = volume.value;
    fill.cost = value_of(cost);
    fill.exchange_time = time.value;
    fill.venue = entry.text();
    if (fee) {
      // In the quote currency (section 7.1).
      const auto slash = fill.symbol.find('/');
      const auto quote = slash == std::string_view::npos ? std::string_view{} : fill.symbol.substr(slash + 1);
      auto& fees = context_.batch.fees;
      fees.push_back({.asset = quote.substr(0, quote.find(':')), .quantity = fee->value});
      fill.fees = {&fees.back(), 1};
    }
    return {};
  }

  // ---- openOrders

  Result<void> read_open_orders(const JsonNode& items) {
    KTAPE_TRY(each(items, [this](std::string_view id, const JsonNode& entry) { return read_order(id, entry); }));
    auto& out = add_event<OrderReports>(context_);
    out.channel = channel_;
    out.snapshot = sequence_ == 1;
    out.sequence = sequence_;
    out.reports = context_.batch.reports;
    return {};
  }

  Result<void> read_order(std::string_view id, const JsonNode& entry) {
    OrderReport& report = context_.batch.reports.emplace_back();
    MaybeText status, client_order_id, flags, time_in_force, cancel_reason, amend_reason;
    MaybeText stop_price, limit_price;
    MaybeDecimal volume, executed, cost, fee, average, shown;
    MaybeTime opened, updated, start, expire;
    std::optional<IntegerOrText> user_reference;
    std::optional<bool> amended;
    const JsonNode* description = nullptr;
    KTAPE_TRY(fields(
        entry, optional("status", status), optional("userref", user_reference), optional("cl_ord_id", client_order_id),
        optional("vol", volume), optional("vol_exec", executed), optional("cost", cost), optional("fee", fee),
        optional("avg_price", average), optional("display_volume", shown), optional("stopprice", stop_price),
        optional("limitprice", limit_price), optional("oflags", flags), optional("timeinforce", time_in_force),
        optional("opentm", opened), optional("starttm", start), optional("expiretm", expire),
        optional("lastupdated", updated), optional("amended", amended), optional("cancel_reason", cancel_reason),
        optional("amend_reason", amend_reason), optional("descr", description), ignored("refid"), ignored("ext_ord_id"),
        ignored("contingent"), ignored("misc"), ignored("sender_sub_id"), ignored("ratecount"),
        ignored("display_volume_remain")));
    report.order_id = id;
    report.client_order_id = client_order_id.value_or(std::string_view{});
    report.user_reference = value_of(user_reference);
    report.quantity = value_of(volume);
    report.filled_quantity = value_of(executed);
    report.filled_cost = value_of(cost);
    report.fee = value_of(fee);
    report.average_price = value_of(average);
    report.display_quantity = value_of(shown);
    if (flags) report.post_only = lists(*flags, "post");
    if (time_in_force) report.time_in_force = time_in_force_named(*time_in_force);
    report.reason = cancel_reason ? *cancel_reason : amend_reason.value_or(std::string_view{});
    report.exchange_time = updated ? set_time(updated) : set_time(opened);
    report.effective_time = set_time(start);
    report.expire_time = set_time(expire);
    report.venue = entry.text();
    if (description != nullptr && description->kind != JsonKind::Null)
      KTAPE_TRY(read_description(*description, report));
    // Once an order is triggered, these tell its prices.
    if (const auto price = plain_price(stop_price)) report.trigger_price = price;
    if (const auto price = plain_price(limit_price)) report.limit_price = price;
    name_what_happened(report, status, amended.value_or(false) || amend_reason.has_value());
    return {};
  }

  Result<void> read_description(const JsonNode& object, OrderReport& report) {
    MaybeText pair, side, type, price, price2;
    KTAPE_TRY(fields(object, optional("pair", pair), optional("type", side), optional("ordertype", type),
                     optional("price", price), optional("price2", price2), optional("margin", report.margin),
                     ignored("position"), ignored("leverage"), ignored("order"), ignored("close")));
    if (pair) report.symbol = context_.names.modern(*pair);
    if (side) {
      report.side = side_of_word(*side);
      if (!report.side) {
        return fail(Errc::Protocol, fmt::format("{}: type is \"{}\", buy or sell expected", where_, excerpt(*side)));
      }
    }
    report.order_type = type.value_or(std::string_view{});
    if (report.order_type == "limit" || report.order_type == "iceberg") {
      report.limit_price = plain_price(price);
    } else {
      report.trigger_price = plain_price(price);
      report.limit_price = plain_price(price2);
    }
    return {};
  }

  void name_what_happened(OrderReport& report, const MaybeText& status, bool amended) const {
    if (status) {
      const auto* const known = std::find_if(kStatusNames.begin(), kStatusNames.end(),
                                             [&](const StatusName& name) { return name.wire == *status; });
      const bool is_known = known != kStatusNames.end();
      report.status = is_known ? known->status : *status;
      report.what = is_known ? known->what : *status;
      const bool has_fills = report.filled_quantity && report.filled_quantity->coefficient() > 0;
      if (*status == "open" && has_fills) report.status = "partially_filled";
      if (*status == "open" && amended) report.what = "amended";
    } else if (amended) {
      report.what = "amended";
    } else {
      report.what = report.filled_quantity ? "trade" : "status";
    }
    if (sequence_ == 1) report.what = "status";  // the state of affairs, no news
  }

  static std::string_view time_in_force_named(std::string_view wire) {
    const auto* const known = std::find_if(kTimesInForce.begin(), kTimesInForce.end(),
                                           [&](const TimeInForceName& name) { return name.wire == wire; });
    return known == kTimesInForce.end() ? wire : known->name;
  }

  const JsonNode& root_;
  ReaderContext& context_;
  std::string_view channel_;
  std::string_view where_;
  std::int64_t sequence_ = 0;
};

}  // namespace

bool is_account_data(const JsonNode& root) {
  std::size_t count = 0;
  const JsonNode* last = nullptr;
  for_each_element(root, [&](const JsonNode& element) {
    last = &element;
    return ++count <= 3;
  });
  return count == 3 && last->kind == JsonKind::Object && find_member(*last, "sequence") != nullptr;
}

Result<void> read_account_data(const JsonNode& root, ReaderContext& context) {
  return AccountReader(root, context).read();
}

}  // namespace ktape::spot_v1
