#pragma once

#include <string_view>

#include "core/wire/exchange.hpp"

namespace ktape {

// An exchange that can also speak on a connection that belongs to another one: SharedEndpoint joins the two.
class GuestExchange : public Exchange {
 public:
  // As attach(), for a connection that another exchange greets: says nothing before it is spoken to.
  virtual void attach_guest(ConnectionId connection, FrameSink& client) = 0;

  // The matching engine has come into another state: online, post_only, cancel_only, maintenance. The public side tells
  // its own connections; this one those that it greets itself.
  virtual void on_system(std::string_view /*system*/) {}
};

}  // namespace ktape
