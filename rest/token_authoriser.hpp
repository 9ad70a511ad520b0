#pragma once

#include <memory>

#include "core/base/clock.hpp"
#include "core/client/authoriser.hpp"
#include "rest/rest_client.hpp"

namespace ktape::rest {

struct TokenOptions {
  // A token is not given out any more so long before it expires: it has to reach the exchange in time.
  Duration margin = std::chrono::seconds(60);
};

// Spot: gives connections the token of GetWebSocketsToken (rest section 3). One request is under way at a time, and its
// answer is for all who wait. Used in the loop of its RestClient.
class TokenAuthoriser final : public Authoriser {
 public:
  // Both outlive it.
  TokenAuthoriser(RestClient& rest, const Clock& clock, TokenOptions options = {});
  ~TokenAuthoriser();
  TokenAuthoriser(const TokenAuthoriser&) = delete;
  TokenAuthoriser& operator=(const TokenAuthoriser&) = delete;

  // The token given last if it is young enough, unless need.renew. That a token lives on where a private subscription
  // stands is the matter of that connection, which then asks no more: on others it ages. The errors never show it.
  // Whoever still waits when this is destroyed is not called.
  void authorise(const Need& need, Done done) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ktape::rest
