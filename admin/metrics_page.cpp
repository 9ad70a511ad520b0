#include "admin/admin_api.hpp"
#include "recorder/metrics_text.hpp"

namespace ktape::admin {

std::string metrics_page(scenario::ScenarioExchange& exchange, const ClockStatus& clock) {
  const scenario::SessionTotals& totals = exchange.door().totals();
  MetricsText out;
  out.gauge("ktape_mock_time_seconds", "The exchange's present, in Unix time");
  out.seconds(clock.at.time_since_epoch());
  out.gauge("ktape_mock_connections", "Websockets that stand");
  out.sample(exchange.door().sessions().size());
  out.counter("ktape_mock_connects_total", "Websockets that stood");
  out.sample(totals.connects);
  out.counter("ktape_mock_closes_total", "Websockets that ended, by whom");
  out.sample({{"by", "client"}}, totals.closed_by_client);
  out.sample({{"by", "server"}}, totals.closed_by_server);
  out.counter("ktape_mock_refusals_total", "Websockets that were refused");
  out.sample(totals.refusals);
  out.counter("ktape_mock_messages_total", "Messages by direction");
  out.sample({{"direction", "received"}}, totals.received);
  out.sample({{"direction", "sent"}}, totals.sent);
  out.counter("ktape_mock_calls_total", "HTTP requests of clients");
  out.sample(totals.calls);
  out.counter("ktape_mock_journal_entries_total", "Entries of the journal");
  out.sample(exchange.journal().total());
  out.counter("ktape_mock_fault_acts_total", "How often each fault has acted");
  for (const FaultStatus& fault : exchange.faults().list()) {
    const std::string id = std::to_string(static_cast<std::uint32_t>(fault.id));
    const std::string name = scenario::name_of(fault.fault);
    out.sample({{"id", id}, {"name", name}}, fault.acted);
  }
  std::uint64_t open = 0;
  std::uint64_t met = 0;
  std::uint64_t unmet = 0;
  for (const scenario::Finding& found : exchange.report(false).findings) {
    ++(found.verdict == scenario::Verdict::Open ? open : found.verdict == scenario::Verdict::Met ? met : unmet);
  }
  out.gauge("ktape_mock_expectations", "Expectations by verdict");
  out.sample({{"verdict", "open"}}, open);
  out.sample({{"verdict", "met"}}, met);
  out.sample({{"verdict", "unmet"}}, unmet);
  return out.text();
}

}  // namespace ktape::admin
