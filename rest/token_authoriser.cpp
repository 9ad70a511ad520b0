#include "rest/token_authoriser.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace ktape::rest {

struct TokenAuthoriser::State final : std::enable_shared_from_this<State> {
  State(RestClient& rest_client, const Clock& time, TokenOptions settings)
      : rest(rest_client), clock(time), options(settings) {}
  ~State() { forget(); }

  void forget() {
    if (token) wipe(token->token);
    token.reset();
  }

  bool usable() const { return token && clock.now() < good_until; }

  void fetch() {
    under_way = true;
    // A token ages from its creation, which is after this moment.
    const Timestamp asked_at = clock.now();
    rest.web_sockets_token([weak = weak_from_this(), asked_at](Result<WebSocketsToken> answer) {
      const auto self = weak.lock();
      if (self) self->fetched(asked_at, std::move(answer));
    });
  }

  void fetched(Timestamp asked_at, Result<WebSocketsToken> answer) {
    under_way = false;
    forget();
    const std::vector<Done> all = std::exchange(waiting, {});
    if (!answer) {
      for (const Done& done : all) done(tl::unexpected<Error>(answer.error()));
      return;
    }
    good_until = asked_at + answer->expires - options.margin;
    token = std::move(*answer);
    const std::string granted = token->token;  // a callee may ask for another one
    for (const Done& done : all) done(Authorisation{.token = granted});
  }

  RestClient& rest;
  const Clock& clock;
  TokenOptions options;
  std::optional<WebSocketsToken> token;
  Timestamp good_until{};
  bool under_way = false;
  std::vector<Done> waiting;
};

TokenAuthoriser::TokenAuthoriser(RestClient& rest, const Clock& clock, TokenOptions options)
    : state_(std::make_shared<State>(rest, clock, options)) {}
TokenAuthoriser::~TokenAuthoriser() = default;

void TokenAuthoriser::authorise(const Need& need, Done done) {
  if (need.renew) state_->forget();
  if (!state_->under_way && state_->usable()) return done(Authorisation{.token = state_->token->token});
  state_->waiting.push_back(std::move(done));
  if (!state_->under_way) state_->fetch();
}

}  // namespace ktape::rest
