#include "rest/futures_authoriser.hpp"

#include <utility>

#include "core/protocol/futures/challenge.hpp"

namespace ktape::rest {

void FuturesAuthoriser::authorise(const Need& need, Done done) {
  Authorisation authorisation;
  authorisation.api_key = credentials_.api_key();
  if (!need.challenge.empty()) {
    auto signed_challenge = futures::sign_challenge(need.challenge, credentials_.api_secret());
    if (!signed_challenge) {
      done(fail(signed_challenge.error().code,
                "the challenge cannot be signed: " + credentials_.hidden_in(signed_challenge.error().detail)));
      return;
    }
    authorisation.original_challenge = need.challenge;
    authorisation.signed_challenge = std::move(*signed_challenge);
  }
  done(std::move(authorisation));
}

}  // namespace ktape::rest
