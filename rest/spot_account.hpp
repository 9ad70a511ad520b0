#pragma once

#include <utility>

#include "core/base/clock.hpp"
#include "net/http_requester.hpp"
#include "rest/credentials.hpp"
#include "rest/rest_client.hpp"
#include "rest/token_authoriser.hpp"

namespace ktape::rest {

// What it takes to speak for an account of Spot: its key, the nonces of that key, REST, and the tokens for websockets.
class SpotAccount {
 public:
  // `api` (such as an HttpClient for https://api.kraken.com) and `timers` outlive it.
  SpotAccount(net::HttpRequester& api, TimerService& timers, Credentials credentials, RestOptions options = {})
      : credentials_(std::move(credentials)),
        nonces_(timers),
        rest_(api, timers, options, RestClient::Account{credentials_, nonces_}),
        tokens_(rest_, timers) {}
  SpotAccount(const SpotAccount&) = delete;
  SpotAccount& operator=(const SpotAccount&) = delete;

  // For ClientOptions::authoriser.
  TokenAuthoriser& tokens() { return tokens_; }
  RestClient& rest() { return rest_; }

 private:
  Credentials credentials_;
  NonceSource nonces_;
  RestClient rest_;
  TokenAuthoriser tokens_;
};

}  // namespace ktape::rest
