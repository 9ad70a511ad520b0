#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "admin/admin_api.hpp"
#include "cli/serving.hpp"
#include "core/base/virtual_clock.hpp"
#include "live/http_server.hpp"
#include "live/live_loop.hpp"
#include "mock_server/mock_server.hpp"
#include "scenario/scenario_exchange.hpp"

namespace ktape::cli {

// Reads the scenario that the arguments name, by --scenario or in the place of a recording, and fills in what they
// leave out. Afterwards nothing is left out.
Result<void> take_scenario(ServeArguments& arguments);

// What scenarios and the admin API may do to what is served.
struct ServedControls {
  std::function<Result<void>(std::string_view state)> set_engine{};
  std::function<Result<void>(const admin::RecordedPlace& place)> seek{};
  std::function<Timestamp()> position{};
};

// The scenario around a server: its journal on the disk, its admin API, its reports and its verdict.
class ServedScenario {
 public:
  // Nothing if the arguments ask for none of them. `clock` and `inner` outlive it.
  static Result<std::unique_ptr<ServedScenario>> create(const ServeArguments& arguments, VirtualClock& clock,
                                                        Exchange& inner, ServedControls controls);
  ~ServedScenario();
  ServedScenario(const ServedScenario&) = delete;
  ServedScenario& operator=(const ServedScenario&) = delete;

  scenario::ScenarioExchange& exchange() { return *exchange_; }

  // The server listens: the admin API does, too, and the scenario begins. Both outlive the use of this.
  Result<void> begin(LiveLoop& loop, MockServer& server, Rate rate);
  // Where the admin API is: "http://127.0.0.1:8081/__admin"; empty if it is not.
  const std::string& admin_url() const { return admin_url_; }
  bool has_ended() const { return exchange_->has_ended(); }
  // What was noted is on the disk, as far as the system is concerned. To be called at the end of every turn.
  void flush();

  // The run is over: writes the reports and says what came of it. `code` is the exit code so far, which is changed if
  // something was not met, or could not be written.
  int finish(int code);

 private:
  class Steering;
  ServedScenario() = default;

  scenario::Scenario scenario_;
  std::string mode_;
  std::string junit_, tap_;
  std::string admin_host_;
  std::optional<std::uint16_t> admin_port_;
  std::string journal_path_;
  std::FILE* journal_ = nullptr;
  bool written_ = true;
  bool is_dirty_ = false;
  VirtualClock* clock_ = nullptr;
  MockServer* server_ = nullptr;
  std::unique_ptr<scenario::ScenarioExchange> exchange_;
  ServedControls controls_;
  std::unique_ptr<Steering> steering_;
  std::unique_ptr<admin::AdminApi> api_;
  std::unique_ptr<HttpServer> http_;
  std::string admin_url_;
};

}  // namespace ktape::cli
