#pragma once

#include "core/client/authoriser.hpp"
#include "rest/credentials.hpp"

namespace ktape::rest {

// Futures: names the API key, so that a challenge can be asked for, and signs the challenge when it has come.
class FuturesAuthoriser final : public Authoriser {
 public:
  // `credentials` outlives it.
  explicit FuturesAuthoriser(const Credentials& credentials) : credentials_(credentials) {}

  // At once.
  void authorise(const Need& need, Done done) override;

 private:
  const Credentials& credentials_;
};

}  // namespace ktape::rest
