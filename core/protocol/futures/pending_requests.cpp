#include "core/protocol/futures/pending_requests.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ktape::futures {
namespace {

// What kind of request a text can be about, and whether it settles all of it or one product.
struct Meaning {
  std::string_view text;
  std::optional<Method> method;
  bool of_private_feed;
  bool of_whole_request;
};
constexpr std::array kMeanings{
    Meaning{"Couldn't subscribe to invalid feed", std::nullopt, false, true},
    Meaning{"Invalid feed", std::nullopt, false, true},
    Meaning{"Invalid product id", std::nullopt, false, false},
    Meaning{"Already subscribed to feed", Method::Subscribe, false, false},
    Meaning{"Not subscribed to feed", Method::Unsubscribe, false, false},
    Meaning{"Failed to subscribe to authenticated feed", std::nullopt, true, true},
    Meaning{"Bad request", std::nullopt, false, true},
    Meaning{"Json Error", std::nullopt, false, true},
};

}  // namespace

std::string_view product_named_in(std::string_view text) {
  const std::size_t open = text.find('`');
  if (open == std::string_view::npos) return {};
  const std::size_t close = text.find('`', open + 1);
  return close == std::string_view::npos ? std::string_view{} : text.substr(open + 1, close - open - 1);
}

void PendingRequests::add(const Request& request) {
  if (request.method == Method::Challenge) {
    requests_.push_back({request.method, nullptr, {}, request.request_id});
  } else if (request.method == Method::Subscribe || request.method == Method::Unsubscribe) {
    const Feed* const feed = find_feed(request.subscription.channel);
    if (feed == nullptr) return;
    requests_.push_back({request.method, feed, request.subscription.symbols, request.request_id});
  }
  if (requests_.size() > kMaxRequests) requests_.pop_front();
}

PendingRequests::Match PendingRequests::take(Place request, std::optional<std::size_t> product) {
  Match match{.method = request->method,
              .feed = request->feed == nullptr ? std::string_view{} : request->feed->name,
              .product = {},
              .request_id = request->request_id};
  auto& products = request->products;
  if (product) {
    match.product = std::move(products[*product]);
    products.erase(products.begin() + static_cast<std::ptrdiff_t>(*product));
  }
  if (!product || products.empty()) requests_.erase(request);
  return match;
}

std::optional<PendingRequests::Match> PendingRequests::take_confirmed(Method method, std::string_view feed,
                                                                      std::string_view product) {
  for (auto request = requests_.begin(); request != requests_.end(); ++request) {
    if (request->feed == nullptr || request->method != method || request->feed->name != feed) continue;
    auto& products = request->products;
    if (product.empty() || products.empty()) return take(request, std::nullopt);
    const auto found = std::find_if(products.begin(), products.end(),
                                    [product](const auto& one) { return same_product(one, product); });
    if (found != products.end()) return take(request, static_cast<std::size_t>(found - products.begin()));
  }
  return std::nullopt;
}

std::optional<PendingRequests::Match> PendingRequests::take_challenge() {
  const auto found = std::find_if(requests_.begin(), requests_.end(),
                                  [](const Waiting& one) { return one.method == Method::Challenge; });
  if (found == requests_.end()) return std::nullopt;
  return take(found, std::nullopt);
}

std::optional<PendingRequests::Match> PendingRequests::take_refused(std::string_view text) {
  if (const auto named = product_named_in(text); !named.empty()) {
    for (auto request = requests_.begin(); request != requests_.end(); ++request) {
      const auto& products = request->products;
      const auto found =
          std::find_if(products.begin(), products.end(), [named](const auto& one) { return same_product(one, named); });
      if (found != products.end()) return take(request, static_cast<std::size_t>(found - products.begin()));
    }
    return std::nullopt;
  }
  if (requests_.empty()) return std::nullopt;
  const auto* const meaning = std::find_if(kMeanings.begin(), kMeanings.end(),
                                           [text](const Meaning& one) { return text.starts_with(one.text); });
  const bool known = meaning != kMeanings.end();
  auto request = requests_.begin();
  if (known && (meaning->method || meaning->of_private_feed)) {
    const auto fits = [meaning](const Waiting& one) {
      if (one.feed == nullptr || (meaning->method && one.method != *meaning->method)) return false;
      return !meaning->of_private_feed || is_private(one.feed->channel);
    };
    const auto found = std::find_if(requests_.begin(), requests_.end(), fits);
    if (found != requests_.end()) request = found;
  }
  // Of a request for one product it makes no difference, and that product is worth to be told.
  const bool whole = known && meaning->of_whole_request && request->products.size() > 1;
  if (whole || request->products.empty()) return take(request, std::nullopt);
  return take(request, std::size_t{0});
}

}  // namespace ktape::futures
