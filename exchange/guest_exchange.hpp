#pragma once

#include "core/wire/exchange.hpp"

namespace ktape {

// An exchange that can also speak on a connection that belongs to another one: SharedEndpoint joins the two.
class GuestExchange : public Exchange {
 public:
  // As attach(), for a connection that another exchange greets: says nothing before it is spoken to.
  virtual void attach_guest(ConnectionId connection, FrameSink& client) = 0;
};

}  // namespace ktape
