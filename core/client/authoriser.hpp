#pragma once

#include <functional>
#include <string_view>

#include "core/base/result.hpp"
#include "core/protocol/codec.hpp"

namespace ktape {

// Gives a connection what its private requests have to carry: a token fetched by REST (Spot), a signed challenge
// (Futures). Keeps the secrets, so that a client never sees them.
class Authoriser {
 public:
  struct Need {
    std::string_view challenge{};  // Futures: what to sign; borrowed until the call returns
    bool renew = false;            // what was given last was refused, or belongs to an earlier connection
  };
  using Done = std::function<void(Result<Authorisation>)>;

  // Calls `done` once, in the client's loop: at once, or when an answer has come. A connection asks for each request
  // until a private subscription stands on it: until then what was given before may have grown too old.
  virtual void authorise(const Need& need, Done done) = 0;

 protected:
  ~Authoriser() = default;
};

}  // namespace ktape
