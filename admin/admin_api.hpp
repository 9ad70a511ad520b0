#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/clock_control.hpp"
#include "core/protocol/json_tape.hpp"
#include "net/http_message.hpp"
#include "scenario/scenario_exchange.hpp"

namespace ktape::admin {

// A running mock server over HTTP, for tests in any language: /__admin/... as docs/admin-api.yaml describes it. Bodies
// are JSON; faults and expectations may also be the YAML of a scenario. Whatever goes wrong is {"error":"a sentence"}.
//
// There is no password. Pages of other sites in a browser are refused, by their Origin and by the name they came under:
// it is to be asked by address or as localhost.
class AdminApi {
 public:
  // Both outlive it.
  AdminApi(scenario::ScenarioExchange& exchange, ClockControl& clock);
  AdminApi(const AdminApi&) = delete;
  AdminApi& operator=(const AdminApi&) = delete;

  net::HttpResponse answer(const net::HttpRequest& request);

  struct Route {
    std::string_view method;
    std::string_view path;  // "/__admin/faults/{id}"
  };
  // All that is served.
  std::vector<Route> routes() const;

  static constexpr std::size_t kMaxJournalEntries = 10'000;  // in one answer
  static constexpr std::uint64_t kMaxSteps = 1'000'000;      // in one call
  static constexpr Duration kMaxAdvance = std::chrono::hours(24);

 private:
  struct Call {
    const net::HttpRequest& request;
    std::string_view id;  // what stands in the place of {id}
    std::map<std::string, std::string, std::less<>> query;
  };
  using Handler = net::HttpResponse (AdminApi::*)(const Call& call);
  struct Entry {
    std::string_view method;
    std::string_view path;
    Handler handler;
  };
  static const std::vector<Entry>& entries();

  net::HttpResponse health(const Call& call);
  net::HttpResponse metrics(const Call& call);
  net::HttpResponse list_sessions(const Call& call);
  net::HttpResponse close_session(const Call& call);
  net::HttpResponse close_all_sessions(const Call& call);
  net::HttpResponse clock_status(const Call& call);
  net::HttpResponse pause(const Call& call);
  net::HttpResponse resume(const Call& call);
  net::HttpResponse advance(const Call& call);
  net::HttpResponse step(const Call& call);
  net::HttpResponse seek(const Call& call);
  net::HttpResponse rate(const Call& call);
  net::HttpResponse engine(const Call& call);
  net::HttpResponse set_engine(const Call& call);
  net::HttpResponse list_faults(const Call& call);
  net::HttpResponse add_fault(const Call& call);
  net::HttpResponse show_fault(const Call& call);
  net::HttpResponse enable_fault(const Call& call);
  net::HttpResponse remove_fault(const Call& call);
  net::HttpResponse read_journal(const Call& call);
  net::HttpResponse note(const Call& call);
  net::HttpResponse clear_journal(const Call& call);
  net::HttpResponse list_expectations(const Call& call);
  net::HttpResponse add_expectation(const Call& call);
  net::HttpResponse report(const Call& call);
  net::HttpResponse show_scenario(const Call& call);

  // How a connection is to be ended, by the query.
  static Result<CloseInfo> reason_in(const Call& call);
  // The member of a body that is an object with this one text, number, true or false in it.
  Result<std::string> member(const Call& call, std::string_view name, bool required = true);
  Result<std::optional<FaultStatus>> fault_of(const Call& call) const;
  net::HttpResponse clock_changed(const Result<void>& done, std::string_view what);

  scenario::ScenarioExchange& exchange_;
  ClockControl& clock_;
  JsonTape tape_{{.max_bytes = std::size_t{64} << 10U, .max_nodes = 1000}};
};

// Figures of a running mock server for Prometheus.
std::string metrics_page(scenario::ScenarioExchange& exchange, const ClockStatus& clock);

}  // namespace ktape::admin
