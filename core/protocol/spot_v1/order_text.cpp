#include "core/protocol/spot_v1/order_text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/protocol/json_tape.hpp"
#include "core/protocol/spot_v1/unix_time.hpp"

namespace ktape::spot_v1 {
namespace {

struct OrderKind {
  std::string_view name;
  bool trigger, limit;
};
constexpr std::array kOrderKinds{OrderKind{"limit", false, true},         OrderKind{"market", false, false},
                                 OrderKind{"iceberg", false, true},       OrderKind{"settle-position", false, false},
                                 OrderKind{"stop-loss", true, false},     OrderKind{"stop-loss-limit", true, true},
                                 OrderKind{"take-profit", true, false},   OrderKind{"take-profit-limit", true, true},
                                 OrderKind{"trailing-stop", true, false}, OrderKind{"trailing-stop-limit", true, true}};

const OrderKind* find_kind(std::string_view name) {
  const auto* const found =
      std::find_if(kOrderKinds.begin(), kOrderKinds.end(), [name](const OrderKind& kind) { return kind.name == name; });
  return found == kOrderKinds.end() ? nullptr : found;
}

}  // namespace

bool is_order_type(std::string_view type) { return find_kind(type) != nullptr; }
bool is_trailing(std::string_view type) { return type.starts_with("trailing-stop"); }
bool has_trigger(std::string_view order_type) {
  const OrderKind* const kind = find_kind(order_type);
  return kind != nullptr && kind->trigger;
}
bool has_limit(std::string_view order_type) {
  const OrderKind* const kind = find_kind(order_type);
  return kind != nullptr && kind->limit;
}

Result<void> check_price(const OrderPrice& price, std::string_view name) {
  const bool is_static = price.type.empty() || price.type == "static";
  if (!is_static && price.type != "pct" && price.type != "quote") {
    return fail(Errc::InvalidArgument,
                fmt::format("{} is of type '{}', which is not one of static, pct, quote", name, price.type));
  }
  if (is_static && price.value.coefficient() < 0) {
    return fail(Errc::InvalidArgument, fmt::format("{} {} is negative", name, price.value.text()));
  }
  return {};
}

std::string price_text(const OrderPrice& price, bool distance) {
  const bool relative = distance || price.type == "pct" || price.type == "quote";
  if (!relative) return price.value.text();
  const std::string plain = price.value.text();
  return fmt::format("{}{}{}", plain.starts_with('-') ? "" : "+", plain, price.type == "pct" ? "%" : "");
}

Result<OrderPrice> parse_price(std::string_view text, bool distance) {
  std::string_view number = text;
  OrderPrice price;
  if (number.starts_with('#')) {
    return fail(Errc::Unsupported,
                fmt::format("the price '{}' is relative in a direction of the exchange's choice", excerpt(text)));
  }
  const bool relative = number.starts_with('+') || number.starts_with('-');
  if (number.ends_with('%')) {
    number.remove_suffix(1);
    price.type = "pct";
  } else if (relative && !distance) {
    price.type = "quote";
  }
  if (number.starts_with('+')) number.remove_prefix(1);
  const auto value = Decimal::parse(number);
  if (!value || (price.type == "pct" && !relative)) {
    return fail(Errc::Protocol, fmt::format("'{}' is no price", excerpt(text)));
  }
  price.value = *value;
  return price;
}

Result<std::string> unix_text(std::string_view rfc3339, std::string_view name) {
  const auto time = parse_rfc3339(rfc3339);
  if (!time || nanoseconds(*time) <= 0) {
    return fail(Errc::InvalidArgument,
                fmt::format("{} '{}' is no UTC time after 1970, such as 2026-09-01T08:00:00Z", name, excerpt(rfc3339)));
  }
  return shortest_unix_seconds(*time);
}

Result<std::string> rfc3339_text(std::string_view unix_seconds) {
  if (unix_seconds.empty() || unix_seconds == "0") return std::string();
  if (unix_seconds.starts_with('+')) {
    return fail(Errc::Unsupported, fmt::format("the time '{}' counts from the arrival", excerpt(unix_seconds)));
  }
  const auto time = parse_unix_seconds(unix_seconds);
  if (!time) return fail(Errc::Protocol, time.error().detail);
  const std::string shortest = shortest_unix_seconds(*time);
  const auto point = shortest.find('.');
  return format_rfc3339(*time, point == std::string::npos ? 0 : static_cast<int>(shortest.size() - point - 1));
}

Result<void> check_prices(const OrderPrices& prices, std::string_view order_type) {
  const OrderKind* const kind = find_kind(order_type);
  if (kind == nullptr) {
    std::string names;
    for (const OrderKind& known : kOrderKinds) names.append(names.empty() ? "" : ", ").append(known.name);
    return fail(Errc::InvalidArgument, fmt::format("order_type '{}' is not one of {}", excerpt(order_type), names));
  }
  const auto check_one = [&](const std::optional<OrderPrice>& price, bool wanted,
                             std::string_view name) -> Result<void> {
    if (price.has_value() != wanted) {
      return fail(Errc::InvalidArgument,
                  fmt::format("a {} order {} {}", order_type, wanted ? "needs a" : "has no", name));
    }
    return wanted ? check_price(*price, name) : Result<void>{};
  };
  if (auto trigger = check_one(prices.trigger, kind->trigger, "trigger price"); !trigger) return trigger;
  if (is_trailing(order_type) && prices.trigger->value.coefficient() < 0) {
    return fail(Errc::InvalidArgument,
                fmt::format("the distance {} of a {} order is negative", prices.trigger->value.text(), order_type));
  }
  return check_one(prices.limit, kind->limit, "limit price");
}

PriceTexts price_texts(const OrderPrices& prices, std::string_view order_type) {
  const bool trailing = is_trailing(order_type);
  PriceTexts texts;
  if (prices.trigger) {
    texts.price = price_text(*prices.trigger, trailing);
    if (prices.limit) texts.price2 = price_text(*prices.limit, false);
  } else if (prices.limit) {
    texts.price = price_text(*prices.limit, false);
  }
  return texts;
}

Result<OrderPrices> parse_prices(const PriceTexts& texts, std::string_view order_type) {
  const bool trigger = has_trigger(order_type);
  const auto& limit_text = trigger ? texts.price2 : texts.price;
  OrderPrices prices;
  // A price that the type has no use for is not looked at, as some clients always send "0".
  if (has_limit(order_type)) {
    if (!limit_text) return fail(Errc::Protocol, trigger ? "price2" : "price");
    auto limit = parse_price(*limit_text, false);
    if (!limit) return tl::unexpected<Error>(limit.error());
    prices.limit = *limit;
  }
  if (trigger) {
    if (!texts.price) return fail(Errc::Protocol, "price");
    auto price = parse_price(*texts.price, is_trailing(order_type));
    if (!price) return tl::unexpected<Error>(price.error());
    prices.trigger = *price;
  }
  return prices;
}

}  // namespace ktape::spot_v1
