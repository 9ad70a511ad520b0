#include "core/client/private_session.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/base/assert.hpp"

namespace ktape {

void PrivateSession::closed(const Error& why) {
  connection_.reset();
  state_ = State::None;
  was_refused_ = false;
  authorisation_ = {};
  give_up(why);
}

void PrivateSession::submit(Request request) {
  KTAPE_ASSERT(authoriser_ != nullptr, "a private request without anybody to authorise it");
  if (state_ == State::Granted) {
    request.authorisation = authorisation_;
    send_(std::move(request));
    return;
  }
  waiting_.push_back(std::move(request));
  if (state_ == State::None) ask({});
}

void PrivateSession::challenged(std::string_view message) {
  if (state_ == State::Asked && authoriser_ != nullptr) ask(message);
}

void PrivateSession::challenge_failed(std::string_view why) { granted(fail(Errc::Protocol, std::string(why))); }

void PrivateSession::refused() {
  if (state_ == State::Granted) state_ = State::None;
  was_refused_ = true;
}

void PrivateSession::ask(std::string_view challenge) {
  state_ = State::Asked;
  const std::weak_ptr<int> connection = connection_;
  authoriser_->authorise({.challenge = challenge, .renew = was_refused_},
                         [this, connection](Result<Authorisation> result) {
                           if (!connection.expired()) granted(std::move(result));
                         });
}

void PrivateSession::granted(Result<Authorisation> result) {
  if (!result) {
    state_ = State::None;
    if (notices_ != nullptr) notices_->failed(result.error());
    give_up(result.error());
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
  was_refused_ = false;
  for (Request& request : std::exchange(waiting_, {})) {
    request.authorisation = authorisation_;
    send_(std::move(request));
  }
}

void PrivateSession::give_up(const Error& why) {
  for (const Request& request : std::exchange(waiting_, {})) {
    if (notices_ != nullptr) notices_->not_sent(request.request_id, why);
  }
}

}  // namespace ktape
