#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/client/authoriser.hpp"
#include "core/client/client_notices.hpp"
#include "core/protocol/codec.hpp"

namespace ktape {

// What a connection needs for requests that say who asks: keeps them until an Authoriser has given it a token (Spot) or
// a signed challenge (Futures).
class PrivateSession {
 public:
  // Where a request goes that can be sent. One with the id 0 has to be given one.
  using Send = std::function<void(Request request)>;

  // `authoriser` may be null, and then submit() must not be called; so may `notices`. Both outlive it.
  PrivateSession(Authoriser* authoriser, ClientNotices* notices, bool signs_challenges, Send send)
      : authoriser_(authoriser), notices_(notices), signs_challenges_(signs_challenges), send_(std::move(send)) {}

  void opened() { connection_ = std::make_shared<int>(); }
  // What still waits will not be sent, for that reason.
  void closed(const Error& why);

  // Sends it with what proves who asks, at once or when that has come.
  void submit(Request request);

  // The exchange has told what to sign, or will not.
  void challenged(std::string_view message);
  void challenge_failed(std::string_view why);

  // What was given is worth nothing (any more).
  void refused();

 private:
  enum class State : std::uint8_t { None, Asked, Granted };
  void ask(std::string_view challenge);
  void granted(Result<Authorisation> result);
  void give_up(const Error& why);

  Authoriser* authoriser_;
  ClientNotices* notices_;
  bool signs_challenges_;
  Send send_;

  State state_ = State::None;
  bool was_refused_ = false;
  Authorisation authorisation_;
  std::vector<Request> waiting_;
  std::shared_ptr<int> connection_;  // what an authoriser answers to an earlier one is ignored
};

}  // namespace ktape
