#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/client/authoriser.hpp"
#include "rest/credentials.hpp"

namespace ktape::rest {

// Futures: names the API key, so that a challenge can be asked for, and signs the challenge when it has come.
class FuturesAuthoriser final : public Authoriser {
 public:
  // What a challenge is answered with; `api_secret` is in base64.
  using Sign = std::function<Result<std::string>(std::string_view challenge, std::string_view api_secret)>;

  // `credentials` outlives it.
  FuturesAuthoriser(const Credentials& credentials, Sign sign);

  // At once.
  void authorise(const Need& need, Done done) override;

 private:
  const Credentials& credentials_;
  Sign sign_;
};

}  // namespace ktape::rest
