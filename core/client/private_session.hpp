#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/client/authoriser.hpp"
#include "core/client/client_notices.hpp"
#include "core/protocol/codec.hpp"

namespace ktape {

// When an Authoriser is asked again that could give nothing. An account that refuses is left alone soon, since Kraken
// locks keys out; a network that fails is not.
struct SessionRetry {
  Duration delay = std::chrono::seconds(5);
  Duration longest_delay = std::chrono::seconds(60);  // the delay doubles up to here
  int refusals = 3;                                   // in a row, on one connection
};

// What a connection needs for requests that say who asks: keeps them until an Authoriser has given it a token (Spot) or
// a signed challenge (Futures).
//
// A token dies 15 minutes after it was made, unless a private subscription made with it stands: then it lives as long
// as the connection (rest section 3). A signed challenge belongs to its connection (futures-v1 section 3.2). So what
// was given is kept for as long as it is bound in one of these ways, and asked for anew otherwise.
class PrivateSession {
 public:
  // Where a request goes that can be sent. One with the id 0 has to be given one.
  using Send = std::function<void(Request request)>;

  // `authoriser` may be null, and then submit() must not be called; so may `notices`. All references outlive it.
  PrivateSession(TimerService& timers, Authoriser* authoriser, ClientNotices* notices, bool signs_challenges,
                 SessionRetry retry, Send send)
      : timers_(timers),
        authoriser_(authoriser),
        notices_(notices),
        signs_challenges_(signs_challenges),
        retry_(retry),
        send_(std::move(send)) {}

  void opened() { connection_ = std::make_shared<int>(); }
  // What still waits will not be sent, for that reason. What was given is worth nothing on the next connection.
  void closed(const Error& why);

  // Sends it with what proves who asks, at once or when that has come; in the order of the calls. A request that trades
  // is told as not sent if it cannot be had now; others wait until it can.
  void submit(Request request, bool private_subscription_stands);

  // The exchange has told what to sign, or will not.
  void challenged(std::string_view message);
  void challenge_failed(std::string_view why);

  // What was given is worth nothing any more.
  void refused();

 private:
  enum class State : std::uint8_t { None, Asked, Granted };
  void ask(std::string_view challenge);
  void granted(Result<Authorisation> result);
  void failed(const Error& why);
  void not_sent(const std::vector<Request>& requests, const Error& why);

  TimerService& timers_;
  Authoriser* authoriser_;
  ClientNotices* notices_;
  bool signs_challenges_;
  SessionRetry retry_;
  Send send_;

  State state_ = State::None;
  bool worthless_ = false;  // what the authoriser gave last
  Authorisation authorisation_;
  std::vector<Request> waiting_;
  std::shared_ptr<int> connection_;  // what an authoriser answers to an earlier one is ignored
  int failures_ = 0;                 // in a row, on this connection
  int refusals_ = 0;
  Timer retry_timer_;
};

}  // namespace ktape
