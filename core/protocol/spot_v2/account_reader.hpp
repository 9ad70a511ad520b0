#pragma once

#include "core/protocol/spot_v2/reading.hpp"

namespace ktape::spot_v2 {

// A push of the channel executions (spot-v2 section 6.1): OrderReports with all its reports, as sparse as they are, and
// if there are fills among them FillReports with these. Where a report has both an old and a new name of one fact, the
// new one counts: reason, triggers.price. A stop_price of zero says that there is none. OrderReport::fee stays empty,
// since the channel tells it in dollars and per fill only.
Result<void> read_executions(const JsonNode& root, Reading& reading);

// A push of the channel balances (section 6.2). A snapshot gives for each asset one Balance with the sum and no wallet,
// then one for each of its wallets. An update gives its ledger entry: the wallet is the one that moved, but `balance`
// is the new sum of the asset, as Kraken has it.
Result<void> read_balances(const JsonNode& root, Reading& reading);

}  // namespace ktape::spot_v2
