#include "core/client/private_session.hpp"

#include <algorithm>
#include <string>

#include "core/base/assert.hpp"

namespace ktape {
namespace {

// Nobody has refused anything: it was not even asked.
bool may_pass(Errc code) {
  return code == Errc::Io || code == Errc::Tls || code == Errc::Timeout || code == Errc::Limit;
}

}  // namespace

void PrivateSession::closed(const Error& why) {
  connection_.reset();
  retry_timer_.cancel();
  if (state_ == State::Granted) worthless_ = true;
  state_ = State::None;
  authorisation_ = {};
  failures_ = 0;
  refusals_ = 0;
  not_sent(std::exchange(waiting_, {}), why);
}

void PrivateSession::submit(Request request, bool private_subscription_stands) {
  KTAPE_ASSERT(authoriser_ != nullptr, "a private request without anybody to authorise it");
  if (state_ == State::Granted && (private_subscription_stands || signs_challenges_)) {
    request.authorisation = authorisation_;
    send_(std::move(request));
    return;
  }
  waiting_.push_back(std::move(request));
  if (state_ != State::Asked) ask({});
}

void PrivateSession::challenged(std::string_view message) {
  if (state_ == State::Asked && authoriser_ != nullptr) ask(message);
}

void PrivateSession::challenge_failed(std::string_view why) {
  if (state_ == State::Asked) failed({Errc::Protocol, std::string(why)});
}

void PrivateSession::refused() {
  if (state_ == State::Granted) state_ = State::None;
  worthless_ = true;
}

void PrivateSession::ask(std::string_view challenge) {
  retry_timer_.cancel();
  state_ = State::Asked;
  const std::weak_ptr<int> connection = connection_;
  authoriser_->authorise({.challenge = challenge, .renew = worthless_},
                         [this, connection](Result<Authorisation> result) {
                           if (!connection.expired()) granted(std::move(result));
                         });
}

void PrivateSession::granted(Result<Authorisation> result) {
  if (!result) {
    failed(result.error());
    return;
  }
  authorisation_ = std::move(*result);
  if (signs_challenges_ && authorisation_.signed_challenge.empty()) {
    Request request;
    request.method = Method::Challenge;
    request.authorisation = authorisation_;
    send_(std::move(request));
    return;
  }
  state_ = State::Granted;
  worthless_ = false;
  failures_ = 0;
  refusals_ = 0;
  for (Request& request : std::exchange(waiting_, {})) {
    request.authorisation = authorisation_;
    send_(std::move(request));
  }
}

void PrivateSession::failed(const Error& why) {
  state_ = State::None;
  if (notices_ != nullptr) notices_->failed(why);

  // Nothing that moves money may go out at a time that nobody chose.
  const auto trades = std::stable_partition(waiting_.begin(), waiting_.end(),
                                            [](const Request& each) { return each.method != Method::Trade; });
  const std::vector<Request> dropped(trades, waiting_.end());
  waiting_.erase(trades, waiting_.end());
  not_sent(dropped, why);

  if (!may_pass(why.code) && ++refusals_ >= retry_.refusals) {
    not_sent(std::exchange(waiting_, {}), why);
    return;
  }
  if (waiting_.empty()) return;
  const int doublings = std::min(failures_++, 20);
  const Duration delay = std::min(retry_.delay * (std::int64_t{1} << doublings), retry_.longest_delay);
  retry_timer_ = timers_.at(timers_.now() + delay, [this](Timestamp) { ask({}); });
}

void PrivateSession::not_sent(const std::vector<Request>& requests, const Error& why) {
  if (notices_ == nullptr) return;
  for (const Request& request : requests) notices_->not_sent(request.request_id, why);
}

}  // namespace ktape
