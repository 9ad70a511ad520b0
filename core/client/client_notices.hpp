#pragma once

#include <cstdint>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace ktape {

// What a client does or suffers without the exchange knowing of it. Events are a function of frames and time, and so
// equal in a live run and in its replay; these are not, and so are no events.
class ClientNotices {
 public:
  // The connection will be tried again after `delay`; `attempt` counts from 1 since it last stood.
  virtual void retrying(int attempt, Duration delay) {
    static_cast<void>(attempt);
    static_cast<void>(delay);
  }

  // A request that trade() or a subscription had put in line will not be sent: authorisation failed, or the connection
  // was lost before its turn.
  virtual void not_sent(std::int64_t request_id, const Error& why) {
    static_cast<void>(request_id);
    static_cast<void>(why);
  }

  // A handler threw, a token could not be had, a subscription was given up.
  virtual void failed(const Error& what) { static_cast<void>(what); }

 protected:
  ~ClientNotices() = default;
};

}  // namespace ktape
