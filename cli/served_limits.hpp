#pragma once

#include <optional>
#include <vector>

#include "cli/serving.hpp"
#include "core/base/clock.hpp"
#include "exchange/connection_limit.hpp"
#include "exchange/limited_exchange.hpp"
#include "faults/fault.hpp"
#include "mock_server/mock_server.hpp"

// What `ktape serve` and `ktape run` let clients do, and what they let go wrong.
namespace ktape::cli {

Result<ClientLimits> client_limits(const ServeArguments& options);

// --max-connections; nothing where it was not given.
Result<std::optional<ConnectionLimitOptions>> connection_limit(const ServeArguments& options);

// Who connects too often is refused with HTTP 429, before anything else is looked at. `clock` outlives the server.
void limit_connections(MockServerOptions& server, const Clock& clock, ConnectionLimitOptions limit);

// Those of --faults; and an error for any of these or of the scenario that this server cannot let happen.
Result<std::vector<Fault>> faults_of(const ServeArguments& options);

}  // namespace ktape::cli
