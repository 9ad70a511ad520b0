#include "core/protocol/spot_v2/trading_request_reader.hpp"

#include <charconv>

#include <fmt/format.h>

namespace ktape::spot_v2 {
namespace {

using Problems = std::vector<std::string>;

// What is done with one member: false if it is of the wrong type, which is then told as `expected`.
bool read(const JsonNode& value, std::string& out) {
  if (value.kind != JsonKind::String) return false;
  out = value.text();
  return true;
}
bool read(const JsonNode& value, std::optional<Decimal>& out) {
  if (value.kind != JsonKind::Number) return false;
  const auto number = Decimal::parse(value.text());
  if (!number) return false;
  out = *number;
  return true;
}
bool read(const JsonNode& value, Decimal& out) {
  std::optional<Decimal> number;
  if (!read(value, number)) return false;
  out = *number;
  return true;
}
bool read(const JsonNode& value, std::optional<bool>& out) {
  if (value.kind != JsonKind::True && value.kind != JsonKind::False) return false;
  out = value.kind == JsonKind::True;
  return true;
}
bool read(const JsonNode& value, std::int64_t& out) { return read_integer(value, out); }
bool read(const JsonNode& value, std::optional<std::int64_t>& out) {
  std::int64_t number = 0;
  if (!read_integer(value, number)) return false;
  out = number;
  return true;
}
template <class T>
bool read(const JsonNode& value, std::vector<T>& out) {
  out.clear();
  return value.kind == JsonKind::Array &&
         for_each_element(value, [&](const JsonNode& element) { return read(element, out.emplace_back()); });
}

constexpr const char* expected(const std::string&) { return "a string"; }
constexpr const char* expected(const std::optional<Decimal>&) { return "a number_float"; }
constexpr const char* expected(const Decimal&) { return "a number_float"; }
constexpr const char* expected(const std::optional<bool>&) { return "a boolean"; }
constexpr const char* expected(std::int64_t) { return "an integer"; }
constexpr const char* expected(const std::optional<std::int64_t>&) { return "an integer"; }
constexpr const char* expected(const std::vector<std::string>&) { return "an array of strings"; }
constexpr const char* expected(const std::vector<std::int64_t>&) { return "an array of integers"; }

// One member of an object, offered to one name after the other.
class Member {
 public:
  Member(std::string_view name, const JsonNode& value, Problems& problems)
      : name_(name), value_(value), problems_(problems) {}

  template <class T>
  Member& take(std::string_view name, T& out) {
    if (is(name) && !read(value_, out)) problems_.push_back(wrong_type_problem(name, expected(out)));
    return *this;
  }
  // read_one(value) for an object of its own.
  template <class ReadOne>
  Member& take_object(std::string_view name, ReadOne read_one) {
    if (!is(name)) return *this;
    if (value_.kind == JsonKind::Object) {
      read_one(value_);
    } else {
      problems_.push_back(wrong_type_problem(name, "an object"));
    }
    return *this;
  }
  template <class T, class ReadOne>
  Member& take_objects(std::string_view name, std::vector<T>& out, ReadOne read_one) {
    if (!is(name)) return *this;
    out.clear();
    const bool fits = value_.kind == JsonKind::Array && for_each_element(value_, [&](const JsonNode& element) {
                        if (element.kind == JsonKind::Object) read_one(element, out.emplace_back());
                        return element.kind == JsonKind::Object;
                      });
    if (!fits) problems_.push_back(wrong_type_problem(name, "an array of objects"));
    return *this;
  }
  Member& ignore(std::string_view name) {
    static_cast<void>(is(name));
    return *this;
  }
  bool taken() const { return taken_; }

 private:
  bool is(std::string_view name) {
    if (taken_ || name_ != name) return false;
    taken_ = true;
    return true;
  }

  std::string_view name_;
  const JsonNode& value_;
  Problems& problems_;
  bool taken_ = false;
};

class ParamsReader {
 public:
  ParamsReader(std::string_view method, Problems& problems) : method_(method), problems_(problems) {}

  TradingRequest read_request(const JsonNode& params) {
    if (method_ == "add_order") return add_order(params);
    if (method_ == "amend_order") return amend_order(params);
    if (method_ == "edit_order") return edit_order(params);
    if (method_ == "cancel_order") return cancel_order(params);
    if (method_ == "cancel_all_orders_after") return cancel_all_orders_after(params);
    if (method_ == "batch_add") return batch_add(params);
    if (method_ == "batch_cancel") return batch_cancel(params);
    each(params, [](Member&) {});
    return CancelAll{};
  }

 private:
  // Offers each member to `offer`; the token is always welcome, what nobody takes is refused.
  template <class Offer>
  void each(const JsonNode& object, Offer offer) {
    for_each_member(object, [&](std::string_view name, const JsonNode& value) {
      Member member(name, value, problems_);
      offer(member);
      if (!member.taken() && !(name == "token" && depth_ == 0)) {
        problems_.push_back(unsupported_field_problem(name, method_));
      }
    });
  }

  template <class Offer>
  void each_inside(const JsonNode& object, Offer offer) {
    ++depth_;
    each(object, offer);
    --depth_;
  }

  void invalid(std::string_view parameter) {
    problems_.push_back(fmt::format("EGeneral:Invalid arguments:{}", parameter));
  }

  void take_trigger(Member& member, std::optional<OrderTrigger>& out) {
    member.take_object("triggers", [&](const JsonNode& object) {
      OrderTrigger& trigger = out.emplace();
      each_inside(object, [&](Member& inner) {
        inner.take("price", trigger.price).take("reference", trigger.reference).take("price_type", trigger.price_type);
      });
    });
  }

  void take_conditional(Member& member, std::optional<ConditionalClose>& out) {
    member.take_object("conditional", [&](const JsonNode& object) {
      ConditionalClose& close = out.emplace();
      each_inside(object, [&](Member& inner) {
        inner.take("order_type", close.order_type)
            .take("limit_price", close.limit_price)
            .take("limit_price_type", close.limit_price_type)
            .take("trigger_price", close.trigger_price)
            .take("trigger_price_type", close.trigger_price_type);
      });
    });
  }

  void take_order(Member& member, NewOrder& order, std::string& side) {
    member.take("order_type", order.order_type)
        .take("side", side)
        .take("order_qty", order.quantity)
        .take("limit_price", order.limit_price)
        .take("limit_price_type", order.limit_price_type)
        .take("time_in_force", order.time_in_force)
        .take("margin", order.margin)
        .take("post_only", order.post_only)
        .take("reduce_only", order.reduce_only)
        .take("effective_time", order.effective_time)
        .take("expire_time", order.expire_time)
        .take("cl_ord_id", order.client_order_id)
        .take("order_userref", order.user_reference)
        .take("display_qty", order.display_quantity)
        .take("fee_preference", order.fee_preference)
        .take("stp_type", order.self_trade_prevention)
        .take("cash_order_qty", order.cash_quantity)
        .take("sender_sub_id", order.sender_sub_id)
        .ignore("no_mpp")
        .ignore("stop_price")
        .ignore("trigger");
    take_trigger(member, order.trigger);
    take_conditional(member, order.conditional);
  }

  void finish_order(NewOrder& order, std::string_view side) {
    if (side != "buy" && side != "sell") invalid("side");
    order.side = side == "sell" ? Side::Sell : Side::Buy;
  }

  TradingRequest add_order(const JsonNode& params) {
    AddOrder add;
    add.order.order_type.clear();
    std::string side;
    each(params, [&](Member& member) {
      take_order(member, add.order, side);
      member.take("symbol", add.order.symbol).take("deadline", add.deadline).take("validate", add.validate);
    });
    finish_order(add.order, side);
    return add;
  }

  TradingRequest amend_order(const JsonNode& params) {
    AmendOrder amend;
    each(params, [&](Member& member) {
      member.take("order_id", amend.order_id)
          .take("cl_ord_id", amend.client_order_id)
          .take("order_qty", amend.quantity)
          .take("display_qty", amend.display_quantity)
          .take("limit_price", amend.limit_price)
          .take("limit_price_type", amend.limit_price_type)
          .take("trigger_price", amend.trigger_price)
          .take("trigger_price_type", amend.trigger_price_type)
          .take("post_only", amend.post_only)
          .take("deadline", amend.deadline)
          .take("symbol", amend.symbol);
    });
    return amend;
  }

  TradingRequest edit_order(const JsonNode& params) {
    EditOrder edit;
    each(params, [&](Member& member) {
      member.take("order_id", edit.order_id)
          .take("symbol", edit.symbol)
          .take("order_qty", edit.quantity)
          .take("limit_price", edit.limit_price)
          .take("display_qty", edit.display_quantity)
          .take("order_userref", edit.user_reference)
          .take("post_only", edit.post_only)
          .take("reduce_only", edit.reduce_only)
          .take("deadline", edit.deadline)
          .take("validate", edit.validate)
          .take("fee_preference", edit.fee_preference)
          .ignore("price")
          .ignore("trigger")
          .ignore("stop_price")
          .ignore("no_mpp");
      take_trigger(member, edit.trigger);
    });
    return edit;
  }

  TradingRequest cancel_order(const JsonNode& params) {
    CancelOrder cancel;
    each(params, [&](Member& member) {
      member.take("order_id", cancel.order_ids)
          .take("cl_ord_id", cancel.client_order_ids)
          .take("order_userref", cancel.user_references);
    });
    return cancel;
  }

  TradingRequest cancel_all_orders_after(const JsonNode& params) {
    CancelAllOrdersAfter after;
    after.timeout_seconds = -1;  // absent: refused by the rule for it
    each(params, [&](Member& member) { member.take("timeout", after.timeout_seconds); });
    return after;
  }

  TradingRequest batch_add(const JsonNode& params) {
    BatchAdd batch;
    each(params, [&](Member& member) {
      member.take("symbol", batch.symbol).take("deadline", batch.deadline).take("validate", batch.validate);
      member.take_objects("orders", batch.orders, [&](const JsonNode& element, NewOrder& order) {
        order.order_type.clear();
        std::string side;
        each_inside(element, [&](Member& inner) { take_order(inner, order, side); });
        finish_order(order, side);
      });
    });
    return batch;
  }

  TradingRequest batch_cancel(const JsonNode& params) {
    BatchCancel cancel;
    each(params,
         [&](Member& member) { member.take("orders", cancel.order_ids).take("cl_ord_id", cancel.client_order_ids); });
    return cancel;
  }

  std::string_view method_;
  Problems& problems_;
  int depth_ = 0;
};

}  // namespace

std::string wrong_type_problem(std::string_view field, std::string_view expected) {
  std::string name(field);
  if (!name.empty() && name.front() >= 'a' && name.front() <= 'z') {
    name.front() = static_cast<char>(name.front() - 'a' + 'A');
  }
  return fmt::format("{} field must be {}", name, expected);
}

std::string unsupported_field_problem(std::string_view field, std::string_view method) {
  return fmt::format("Unsupported field: '{}' for the given msg type: {}", field, method);
}

bool read_integer(const JsonNode& value, std::int64_t& out) {
  if (value.kind != JsonKind::Number) return false;
  const char* const end = value.begin + value.length;
  const auto [stop, error] = std::from_chars(value.begin, end, out);
  return error == std::errc{} && stop == end;
}

std::optional<TradingRequest> read_trading_params(std::string_view method, const JsonNode& params,
                                                  std::vector<std::string>& problems) {
  const std::size_t before = problems.size();
  TradingRequest request = ParamsReader(method, problems).read_request(params);
  if (problems.size() > before) return std::nullopt;
  return request;
}

}  // namespace ktape::spot_v2
