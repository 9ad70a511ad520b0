#include "cli/served_scenario.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/output_file.hpp"
#include "scenario/report.hpp"

namespace ktape::cli {
namespace {

bool is_scenario(const std::string& path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

void fill_in(std::string& argument, const std::string& from_scenario, const char* otherwise = "") {
  if (argument.empty()) argument = from_scenario.empty() ? otherwise : from_scenario;
}

}  // namespace

Result<void> take_scenario(ServeArguments& arguments) {
  if (arguments.is_complete) return {};
  std::string path = arguments.scenario_file;
  if (is_scenario(arguments.file)) {
    if (!path.empty()) {
      return fail(Errc::InvalidArgument,
                  fmt::format("two scenarios, {} and {}: one at a time", arguments.file, arguments.scenario_file));
    }
    path = std::exchange(arguments.file, {});
  }
  arguments.scenario_file = path;
  scenario::Scenario scenario;
  if (!path.empty()) {
    auto read = scenario::read_scenario(path);
    if (!read) return tl::unexpected<Error>(read.error());
    scenario = std::move(*read);
  }
  fill_in(arguments.file, scenario.recording);
  if (arguments.file.empty()) {
    return fail(Errc::InvalidArgument,
                path.empty() ? "FILE or --scenario expected: what shall be served?"
                             : fmt::format("{}: it names no recording, and neither does the command line", path));
  }
  fill_in(arguments.accounts, scenario.accounts);
  fill_in(arguments.clock, scenario.clock, "real");
  // A rate belongs to a clock that passes at one.
  fill_in(arguments.rate, arguments.clock == "real" ? scenario.rate : "", "1");
  fill_in(arguments.start_offset, scenario.start_offset);
  fill_in(arguments.duration, scenario.duration);
  if (!path.empty()) arguments.scenario = std::move(scenario);
  if (!arguments.scenario && !(arguments.junit.empty() && arguments.tap.empty()) && !arguments.admin_port) {
    return fail(Errc::InvalidArgument, "--junit and --tap report of a scenario, or of what the admin API expects");
  }
  // Nothing else moves it.
  if (arguments.clock == "step" && !arguments.admin_port) arguments.admin_port = 0;
  arguments.is_complete = true;
  return {};
}

// The clock of the server, for the admin API.
class ServedScenario::Steering final : public admin::ClockControl {
 public:
  Steering(MockServer& server, VirtualClock& clock, const ServedControls& controls, std::string mode, Rate rate)
      : server_(server), clock_(clock), controls_(controls), mode_(std::move(mode)), rate_(rate) {}

  admin::ClockStatus status() const override {
    admin::ClockStatus out;
    out.mode = mode_;
    out.at = clock_.now();
    out.next = clock_.next_deadline();
    out.position = controls_.position();
    const bool waits = server_.stands() && !server_.is_paused() && mode_ != "step";
    out.state = mode_ == "step" ? "standing" : server_.is_paused() ? "paused" : waits ? "waiting" : "running";
    if (mode_ == "real") out.rate = rate_;
    return out;
  }
  Result<void> pause() override {
    if (mode_ == "step") return stands_anyway();
    server_.pause();
    return {};
  }
  Result<void> resume() override {
    if (mode_ == "step") return stands_anyway();
    server_.resume();
    return {};
  }
  Result<void> set_rate(Rate rate) override {
    if (!server_.set_rate(rate)) {
      return fail(Errc::Unsupported, fmt::format("clock {} has no rate: that is for clock real", mode_));
    }
    rate_ = rate;
    return {};
  }
  Result<void> advance_to(Timestamp at) override {
    if (server_.advance_to(at)) return {};
    return fail(Errc::Unsupported, mode_ == "lockstep"
                                       ? "in lockstep time moves with the clients: it can be paused only"
                                       : "time passes by itself: pause it first");
  }
  Result<void> seek(const admin::RecordedPlace& place) override { return controls_.seek(place); }
  void at_present(const std::function<void()>& action) override { server_.at_present(action); }

 private:
  static Result<void> stands_anyway() {
    return fail(Errc::Unsupported, "clock step: time moves by advance and step only");
  }
  MockServer& server_;
  VirtualClock& clock_;
  const ServedControls& controls_;
  std::string mode_;
  Rate rate_;
};

ServedScenario::~ServedScenario() {
  if (journal_ != nullptr) std::fclose(journal_);
}

Result<std::unique_ptr<ServedScenario>> ServedScenario::create(const ServeArguments& arguments, VirtualClock& clock,
                                                               Exchange& inner, ServedControls controls) {
  const bool is_wanted = arguments.scenario || arguments.admin_port || !arguments.journal.empty();
  if (!is_wanted) return nullptr;
  std::unique_ptr<ServedScenario> out(new ServedScenario());
  out->mode_ = arguments.clock;
  out->junit_ = arguments.junit;
  out->tap_ = arguments.tap;
  out->admin_host_ = arguments.admin_host;
  out->admin_port_ = arguments.admin_port;
  out->clock_ = &clock;
  scenario::Scenario scenario = arguments.scenario.value_or(scenario::Scenario{});
  if (scenario.name.empty()) scenario.name = "ktape serve";
  out->scenario_ = scenario;
  scenario::ScenarioHooks hooks;
  out->controls_ = std::move(controls);
  hooks.set_engine = out->controls_.set_engine;
  ServedScenario& self = *out;
  hooks.pause = [&self] {
    if (self.server_ != nullptr) self.server_->pause();
  };
  out->exchange_ =
      std::make_unique<scenario::ScenarioExchange>(clock, inner, std::move(scenario), std::move(hooks),
                                                   scenario::JournalOptions{.keep_sent = arguments.journal_sent});
  if (!arguments.journal.empty()) {
    out->journal_path_ = arguments.journal;
    out->journal_ = std::fopen(arguments.journal.c_str(), "wb");
    if (out->journal_ == nullptr) {
      return fail(Errc::Io, fmt::format("cannot write {}: {}", arguments.journal, std::strerror(errno)));
    }
    out->exchange_->journal().write_to([&self](std::string_view line) {
      self.written_ = std::fwrite(line.data(), 1, line.size(), self.journal_) == line.size() && self.written_;
      self.is_dirty_ = true;
    });
  }
  return out;
}

Result<void> ServedScenario::begin(LiveLoop& loop, MockServer& server, Rate rate) {
  server_ = &server;
  if (admin_port_) {
    steering_ = std::make_unique<Steering>(server, *clock_, controls_, mode_, rate);
    api_ = std::make_unique<admin::AdminApi>(*exchange_, *steering_);
    auto http =
        HttpServer::listen(loop, {.host = admin_host_, .port = *admin_port_, .max_body_bytes = std::size_t{256} << 10U},
                           [this](const net::HttpRequest& request) { return api_->answer(request); });
    if (!http) return tl::unexpected<Error>(http.error());
    http_ = std::move(*http);
    const bool is_v6 = admin_host_.find(':') != std::string::npos;
    admin_url_ =
        fmt::format("http://{}{}{}:{}/__admin", is_v6 ? "[" : "", admin_host_, is_v6 ? "]" : "", http_->port());
    say(fmt::format("admin API on {}", admin_url_));
  }
  exchange_->begin();
  return exchange_->status();
}

void ServedScenario::flush() {
  if (journal_ != nullptr && std::exchange(is_dirty_, false)) written_ = std::fflush(journal_) == 0 && written_;
}

int ServedScenario::finish(int code) {
  exchange_->finish();
  flush();
  const auto worse = [&code](int than) {
    if (code == kClean) code = than;
  };
  if (!written_) worse(report(Error{Errc::Io, fmt::format("cannot write all of {}", journal_path_)}));
  const scenario::Report found = exchange_->report(true);
  for (const auto& [path, text] : {std::pair(junit_, report_junit(found)), std::pair(tap_, report_tap(found))}) {
    if (path.empty()) continue;
    if (auto written = write_whole_file(path, text); !written) worse(report(written.error()));
  }
  if (!found.findings.empty()) {
    std::string text = report_text(found);
    text.pop_back();
    say(text);
  }
  if (const auto& status = exchange_->status(); !status) worse(report(status.error()));
  if (!is_clean(found)) worse(kFailed);
  return code;
}

}  // namespace ktape::cli
