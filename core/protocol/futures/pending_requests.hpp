#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/codec.hpp"
#include "core/protocol/futures/feeds.hpp"

namespace ktape::futures {

// What went out and waits for its answer. Futures has no request ids: each product of a request is answered for itself,
// in the order of the requests (futures-v1 sections 1 and 3.4), and a refusal stands where the answer would. Pings are
// not kept, since it is not known whether they are answered in this order.
class PendingRequests {
 public:
  // What an answer was about.
  struct Match {
    Method method = Method::Subscribe;
    std::string_view feed{};  // empty for a challenge
    std::string product{};    // empty if the answer is about the request as a whole
    std::int64_t request_id = 0;
  };

  void add(const Request& request);
  void clear() { requests_.clear(); }
  std::size_t size() const { return requests_.size(); }

  // A confirmation tells what it is about. Without a product it ends the request.
  std::optional<Match> take_confirmed(Method method, std::string_view feed, std::string_view product);

  std::optional<Match> take_challenge();

  // The text of an alert or error tells what it is about only in part: it is of the first request that it can be about.
  // A product between backquotes must be one that is waited for.
  std::optional<Match> take_refused(std::string_view text);

  // Beyond this the oldest is given up: whoever reads a recording of many requests and no answer.
  static constexpr std::size_t kMaxRequests = 1000;

 private:
  struct Waiting {
    Method method;
    const Feed* feed;                   // nullptr for a challenge
    std::vector<std::string> products;  // that have no answer yet; a request without products waits for one answer
    std::int64_t request_id;
  };
  using Place = std::deque<Waiting>::iterator;

  Match take(Place request, std::optional<std::size_t> product);

  std::deque<Waiting> requests_;
};

// The product that a text names between backquotes, or nothing.
std::string_view product_named_in(std::string_view text);

}  // namespace ktape::futures
