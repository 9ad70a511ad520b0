#pragma once

#include <functional>

#include "faults/fault_plan.hpp"
#include "mock_server/mock_server.hpp"

namespace ktape {

// Lets a server ask the plan before there is a connection, before a REST call is answered by the answer_http that the
// options have, and for connections on which nothing passes. The plan
// outlives the server; `options.troubled` has to hold the certificates that faults of TLS show.
//
// `numbered` is what FaultyExchange calls a connection that the server knows by another number: where something that
// numbers them anew stands between the two.
void let_fail(
    MockServerOptions& options, FaultPlan& plan,
    std::function<ConnectionId(ConnectionId)> numbered = [](ConnectionId id) { return id; });

}  // namespace ktape
