#include "core/protocol/futures/feeds.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace ktape::futures {
namespace {

constexpr std::array kFeeds{
    Feed{Channel::Book, "book", Products::Required},
    Feed{Channel::Trade, "trade", Products::Required},
    Feed{Channel::Ticker, "ticker", Products::Required},
    Feed{Channel::TickerLite, "ticker_lite", Products::Required},
    Feed{Channel::Heartbeat, "heartbeat", Products::None},
    Feed{Channel::OpenOrders, "open_orders", Products::None},
    Feed{Channel::OpenOrdersVerbose, "open_orders_verbose", Products::None},
    Feed{Channel::Fills, "fills", Products::Optional},
    Feed{Channel::OpenPositions, "open_positions", Products::None},
    Feed{Channel::Balances, "balances", Products::None},
    Feed{Channel::AccountBalancesAndMargins, "account_balances_and_margins", Products::None},
    Feed{Channel::AccountLog, "account_log", Products::None},
    Feed{Channel::DepositsWithdrawals, "deposits_withdrawals", Products::None},
    Feed{Channel::Notifications, "notifications_auth", Products::None},
};

constexpr std::string_view kSnapshot = "_snapshot";
constexpr std::size_t kMaxProductBytes = 64;  // the longest that are listed have 25

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_letter(char c) { return upper(c) >= 'A' && upper(c) <= 'Z'; }

}  // namespace

const Feed* find_feed(Channel channel) {
  const auto* const found =
      std::find_if(kFeeds.begin(), kFeeds.end(), [channel](const Feed& feed) { return feed.channel == channel; });
  return found == kFeeds.end() ? nullptr : found;
}

const Feed* find_feed(std::string_view name) {
  const auto* const found =
      std::find_if(kFeeds.begin(), kFeeds.end(), [name](const Feed& feed) { return feed.name == name; });
  return found == kFeeds.end() ? nullptr : found;
}

FeedMessage split_feed(std::string_view name) {
  const bool snapshot = name.ends_with(kSnapshot);
  if (snapshot) name.remove_suffix(kSnapshot.size());
  return {name, snapshot};
}

bool has_product_form(std::string_view product) {
  const auto allowed = [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.'; };
  return product.size() > 3 && product.size() <= kMaxProductBytes && is_letter(product[0]) && is_letter(product[1]) &&
         product[2] == '_' && std::all_of(product.begin(), product.end(), allowed);
}

std::string canonical_product(std::string_view product) {
  std::string out(product);
  std::transform(out.begin(), out.end(), out.begin(), upper);
  return out;
}

bool same_product(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return upper(x) == upper(y); });
}

Result<void> validate(const Subscription& subscription) {
  const Feed* const feed = find_feed(subscription.channel);
  if (feed == nullptr) {
    return fail(Errc::Unsupported, fmt::format("Futures has no feed '{}'", to_string(subscription.channel)));
  }
  const auto& products = subscription.symbols;
  if (feed->products == Products::Required && products.empty()) {
    return fail(Errc::InvalidArgument,
                fmt::format("feed {} needs at least one product, such as PF_XBTUSD", feed->name));
  }
  if (feed->products == Products::None && !products.empty()) {
    return fail(Errc::InvalidArgument, fmt::format("feed {} takes no products, but '{}' is given", feed->name,
                                                   products.front().substr(0, kMaxProductBytes)));
  }
  for (const auto& product : products) {
    if (!has_product_form(product)) {
      return fail(Errc::InvalidArgument, fmt::format("'{}' is no product of Futures: these are named as PF_XBTUSD",
                                                     product.substr(0, kMaxProductBytes)));
    }
  }
  return {};
}

}  // namespace ktape::futures
