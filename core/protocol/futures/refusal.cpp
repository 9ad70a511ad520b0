#include "core/protocol/futures/refusal.hpp"

#include <fmt/format.h>

namespace ktape::futures {

Refusal refusal_of(Problem problem, std::string_view product, RefusalForm form) {
  const bool documented = form == RefusalForm::Documented;
  switch (problem) {
    case Problem::Malformed:
      return documented ? Refusal{"error", "Json Error"} : Refusal{"alert", "Bad request"};
    case Problem::BadChallenge:
      return {"error", "Json Error"};
    case Problem::InvalidFeed:
      return documented ? Refusal{"error", "Invalid feed"} : Refusal{"alert", "Couldn't subscribe to invalid feed"};
    case Problem::InvalidProduct:
      return documented ? Refusal{"error", "Invalid product id"}
                        : Refusal{"alert", fmt::format("Couldn't subscribe to invalid product `{}`", product)};
    case Problem::AlreadySubscribed:
      return {"alert", "Already subscribed to feed, re-requesting"};
    case Problem::NotSubscribed:
      return {"alert", "Not subscribed to feed"};
    case Problem::NotAuthenticated:
      return {"alert", "Failed to subscribe to authenticated feed"};
  }
  return {"error", "Json Error"};
}

}  // namespace ktape::futures
