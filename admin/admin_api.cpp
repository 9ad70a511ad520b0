#include "admin/admin_api.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "admin/answers.hpp"
#include "core/base/time_scale.hpp"
#include "core/wire/frame.hpp"

namespace ktape::admin {
namespace {

constexpr std::string_view kRoot = "/__admin/";
constexpr std::size_t kShown = 80;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::map<std::string, std::string, std::less<>> query_of(std::string_view target) {
  std::map<std::string, std::string, std::less<>> all;
  const auto begin = target.find('?');
  if (begin == target.npos) return all;
  std::string_view rest = target.substr(begin + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    all[decoded(pair.substr(0, equals))] = equals == pair.npos ? "" : decoded(pair.substr(equals + 1));
  }
  return all;
}

// The part of the target in the place of {id}; nothing if it is another path.
std::optional<std::string_view> matched(std::string_view pattern, std::string_view path) {
  const auto place = pattern.find("{id}");
  if (place == pattern.npos) return pattern == path ? std::optional<std::string_view>("") : std::nullopt;
  if (!path.starts_with(pattern.substr(0, place))) return std::nullopt;
  const std::string_view id = path.substr(place);
  if (id.empty() || id.find('/') != id.npos) return std::nullopt;
  return id;
}

// localhost or an address: what a page of another site cannot be called.
bool is_own_name(std::string_view host) {
  if (host.empty()) return true;
  if (host.front() == '[') return true;
  host = host.substr(0, host.rfind(':'));
  return host == "localhost" || host.find_first_not_of("0123456789.") == host.npos;
}

template <class Number>
Result<Number> number_in(std::string_view text, std::string_view what, Number least, Number most) {
  Number value{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || value < least || value > most) {
    return fail(Errc::InvalidArgument, fmt::format("{}: a number from {} to {} expected, not '{}'", what, least, most,
                                                   text.substr(0, kShown)));
  }
  return value;
}

std::string fault_json(const FaultStatus& fault) {
  return fmt::format(R"({{"id":{},"name":{},"kind":"{}","enabled":{},"seen":{},"acted":{},"fault":{}}})",
                     static_cast<std::uint32_t>(fault.id), quoted(scenario::name_of(fault.fault)),
                     ktape::to_string(fault.fault.kind), fault.enabled, fault.seen, fault.acted,
                     quoted(ktape::to_string(fault.fault)));
}

std::string findings_json(const scenario::Report& report) {
  std::string all;
  for (const scenario::Finding& found : report.findings) {
    if (!all.empty()) all += ',';
    all += fmt::format(R"({{"name":{},"verdict":"{}","at":"{}","detail":{}}})", quoted(found.name),
                       to_string(found.verdict), format_rfc3339(found.at), quoted(found.detail));
  }
  return fmt::format(R"({{"clean":{},"expectations":[{}]}})", scenario::is_clean(report), all);
}

std::string clock_json(const ClockStatus& status) {
  std::string out =
      fmt::format(R"({{"mode":"{}","state":"{}","at":"{}")", status.mode, status.state, format_rfc3339(status.at));
  if (status.rate) out += fmt::format(R"(,"rate":"{}")", rate_text(status.rate));
  if (status.next) out += fmt::format(R"(,"next":"{}")", format_rfc3339(*status.next));
  if (status.position) out += fmt::format(R"(,"position":"{}")", format_rfc3339(*status.position));
  return out + "}";
}

}  // namespace

AdminApi::AdminApi(scenario::ScenarioExchange& exchange, ClockControl& clock) : exchange_(exchange), clock_(clock) {}

const std::vector<AdminApi::Entry>& AdminApi::entries() {
  static const std::vector<Entry> all{{"GET", "/__admin/health", &AdminApi::health},
                                      {"GET", "/__admin/metrics", &AdminApi::metrics},
                                      {"GET", "/__admin/scenario", &AdminApi::show_scenario},
                                      {"GET", "/__admin/sessions", &AdminApi::list_sessions},
                                      {"DELETE", "/__admin/sessions", &AdminApi::close_all_sessions},
                                      {"DELETE", "/__admin/sessions/{id}", &AdminApi::close_session},
                                      {"GET", "/__admin/clock", &AdminApi::clock_status},
                                      {"POST", "/__admin/clock/pause", &AdminApi::pause},
                                      {"POST", "/__admin/clock/resume", &AdminApi::resume},
                                      {"POST", "/__admin/clock/advance", &AdminApi::advance},
                                      {"POST", "/__admin/clock/step", &AdminApi::step},
                                      {"POST", "/__admin/clock/seek", &AdminApi::seek},
                                      {"PUT", "/__admin/clock/rate", &AdminApi::rate},
                                      {"GET", "/__admin/engine", &AdminApi::engine},
                                      {"PUT", "/__admin/engine", &AdminApi::set_engine},
                                      {"GET", "/__admin/faults", &AdminApi::list_faults},
                                      {"POST", "/__admin/faults", &AdminApi::add_fault},
                                      {"GET", "/__admin/faults/{id}", &AdminApi::show_fault},
                                      {"PUT", "/__admin/faults/{id}", &AdminApi::enable_fault},
                                      {"DELETE", "/__admin/faults/{id}", &AdminApi::remove_fault},
                                      {"GET", "/__admin/journal", &AdminApi::read_journal},
                                      {"POST", "/__admin/journal", &AdminApi::note},
                                      {"DELETE", "/__admin/journal", &AdminApi::clear_journal},
                                      {"GET", "/__admin/expectations", &AdminApi::list_expectations},
                                      {"POST", "/__admin/expectations", &AdminApi::add_expectation},
                                      {"GET", "/__admin/report", &AdminApi::report}};
  return all;
}

std::vector<AdminApi::Route> AdminApi::routes() const {
  std::vector<Route> all;
  for (const Entry& entry : entries()) all.push_back({entry.method, entry.path});
  return all;
}

net::HttpResponse AdminApi::answer(const net::HttpRequest& request) {
  if (!net::find_header(request.headers, "Origin").empty()) return refused(403, "pages of other sites may not steer");
  if (!is_own_name(net::find_header(request.headers, "Host"))) {
    return refused(403, "to be asked by address or as localhost");
  }
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  std::string allowed;
  for (const Entry& entry : entries()) {
    const auto id = matched(entry.path, path);
    if (!id) continue;
    const bool head = request.method == "HEAD" && entry.method == "GET";
    if (entry.method != request.method && !head) {
      allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", entry.method);
      continue;
    }
    const Call call{request, *id, query_of(target)};
    std::optional<net::HttpResponse> response;
    clock_.at_present([&] { response = (this->*entry.handler)(call); });
    return std::move(*response);
  }
  if (!allowed.empty()) {
    net::HttpResponse response = refused(
        405, fmt::format("{} {}: {} expected", request.method.substr(0, kShown), path.substr(0, kShown), allowed));
    response.headers.emplace_back("Allow", allowed);
    return response;
  }
  return refused(404, fmt::format("'{}' is not here: {}health, metrics, scenario, sessions, clock, engine, faults, "
                                  "journal, expectations and report are",
                                  path.substr(0, kShown), kRoot));
}

Result<std::string> AdminApi::member(const Call& call, std::string_view name, bool required) {
  if (call.request.body.empty() && !required) return std::string();
  const auto expected = [&](std::string_view is) {
    return fail(Errc::InvalidArgument, fmt::format("{{\"{}\": ...}} expected: {}", name, is));
  };
  if (auto parsed = tape_.parse(call.request.body); !parsed) return expected(parsed.error().detail);
  const JsonNode& root = tape_.root();
  if (root.kind != JsonKind::Object) return expected("the body is no object");
  std::string unknown;
  for_each_member(root, [&](std::string_view key, const JsonNode&) {
    if (key != name) unknown = key;
  });
  if (!unknown.empty()) return expected(fmt::format("'{}' is unknown", unknown.substr(0, kShown)));
  const JsonNode* const node = find_member(root, name);
  if (node == nullptr) return required ? Result<std::string>(expected("it is missing")) : std::string();
  if (node->kind == JsonKind::True) return "true";
  if (node->kind == JsonKind::False) return "false";
  if (node->kind != JsonKind::String && node->kind != JsonKind::Number) return expected("its value is no text");
  return std::string(node->text());
}

// ---- how it stands

net::HttpResponse AdminApi::health(const Call& /*call*/) {
  const auto& status = exchange_.status();
  if (!status) return refused(500, status.error().detail);
  return answered(200, fmt::format(R"({{"ok":true,"at":"{}","connections":{}}})", format_rfc3339(clock_.status().at),
                                   exchange_.door().sessions().size()));
}

net::HttpResponse AdminApi::metrics(const Call& /*call*/) {
  return answered(200, metrics_page(exchange_, clock_.status()), "text/plain; version=0.0.4; charset=utf-8");
}

net::HttpResponse AdminApi::show_scenario(const Call& /*call*/) {
  const scenario::Scenario& scenario = exchange_.scenario();
  return answered(200, fmt::format(R"({{"name":{},"description":{},"seed":{},"place":{},"done":{}}})",
                                   quoted(scenario.name), quoted(scenario.description), scenario.seed,
                                   quoted(exchange_.run().place()), exchange_.run().is_done()));
}

net::HttpResponse AdminApi::list_sessions(const Call& /*call*/) {
  std::string all;
  for (const scenario::Session& session : exchange_.door().sessions()) {
    std::string subscriptions;
    for (const std::string& one : session.subscriptions) {
      subscriptions += fmt::format("{}{}", subscriptions.empty() ? "" : ",", quoted(one));
    }
    if (!all.empty()) all += ',';
    all += fmt::format(
        R"({{"connection":{},"host":{},"path":{},"opened_at":"{}","received":{},"sent":{},"sent_bytes":{},"subscriptions":[{}]}})",
        session.connection, quoted(session.endpoint.host),
        quoted(std::string_view(session.endpoint.target).substr(0, session.endpoint.target.find('?'))),
        format_rfc3339(session.opened_at), session.received, session.sent, session.sent_bytes, subscriptions);
  }
  return answered(200, fmt::format(R"({{"sessions":[{}]}})", all));
}

Result<CloseInfo> AdminApi::reason_in(const Call& call) {
  CloseInfo why{1001, ""};
  for (const auto& [name, value] : call.query) {
    if (name == "reason") {
      why.reason = value.substr(0, 123);
    } else if (name == "code") {
      const auto code = number_in<std::uint16_t>(value, "code", 1000, 4999);
      if (!code) return tl::unexpected<Error>(code.error());
      why.code = *code;
    } else {
      return fail(Errc::InvalidArgument,
                  fmt::format("'{}' is unknown: code and reason expected", name.substr(0, kShown)));
    }
  }
  return why;
}

net::HttpResponse AdminApi::close_session(const Call& call) {
  const auto connection = number_in<std::uint32_t>(call.id, "connection", 1, std::numeric_limits<std::uint32_t>::max());
  if (!connection) return refused(connection.error());
  const auto why = reason_in(call);
  if (!why) return refused(why.error());
  if (!exchange_.door().close(*connection, *why))
    return refused(404, fmt::format("there is no connection {}", *connection));
  return answered(
      200, fmt::format(R"({{"connection":{},"code":{},"reason":{}}})", *connection, why->code, quoted(why->reason)));
}

net::HttpResponse AdminApi::close_all_sessions(const Call& call) {
  const auto why = reason_in(call);
  if (!why) return refused(why.error());
  const std::size_t count = exchange_.door().sessions().size();
  exchange_.door().close_all(*why);
  return answered(200, fmt::format(R"({{"closed":{},"code":{},"reason":{}}})", count, why->code, quoted(why->reason)));
}

// ---- the clock

net::HttpResponse AdminApi::clock_status(const Call& /*call*/) { return answered(200, clock_json(clock_.status())); }

net::HttpResponse AdminApi::clock_changed(const Result<void>& done, std::string_view what) {
  if (!done) return refused(done.error());
  exchange_.journal().add({.event = scenario::JournalEvent::Clock, .text = std::string(what)});
  return answered(200, clock_json(clock_.status()));
}

net::HttpResponse AdminApi::pause(const Call& /*call*/) { return clock_changed(clock_.pause(), "paused"); }
net::HttpResponse AdminApi::resume(const Call& /*call*/) { return clock_changed(clock_.resume(), "resumed"); }

net::HttpResponse AdminApi::advance(const Call& call) {
  const bool to = call.request.body.find("\"to\"") != std::string::npos;
  const auto text = member(call, to ? "to" : "by");
  if (!text) return refused(text.error());
  const Timestamp now = clock_.status().at;
  Timestamp target;
  if (to) {
    const auto moment = parse_rfc3339(*text);
    if (!moment) return refused(400, fmt::format("to: {}", moment.error().detail));
    target = *moment;
  } else {
    const auto span = parse_duration(*text);
    if (!span) return refused(400, fmt::format("by: {}", span.error().detail));
    if (*span > kMaxAdvance)
      return refused(400, fmt::format("by: {} is more than {}", *text, format_duration(kMaxAdvance)));
    target = now + *span;
  }
  if (target < now) return refused(400, fmt::format("it is {} already: time does not go back", format_rfc3339(now)));
  if (target - now > kMaxAdvance)
    return refused(400, fmt::format("to: more than {} away", format_duration(kMaxAdvance)));
  return clock_changed(clock_.advance_to(target), "advanced");
}

net::HttpResponse AdminApi::step(const Call& call) {
  const auto text = member(call, "instants", false);
  if (!text) return refused(text.error());
  std::uint64_t instants = 1;
  if (!text->empty()) {
    const auto count = number_in<std::uint64_t>(*text, "instants", 1, kMaxSteps);
    if (!count) return refused(count.error());
    instants = *count;
  }
  Result<void> done = clock_.advance_to(clock_.status().at);  // also tells whether that can be done
  for (; done && instants > 0; --instants) {
    const auto next = clock_.status().next;
    if (!next) break;
    done = clock_.advance_to(std::max(*next, clock_.status().at));
  }
  return clock_changed(done, "stepped");
}

net::HttpResponse AdminApi::seek(const Call& call) {
  const bool by_offset = call.request.body.find("\"offset\"") != std::string::npos;
  const auto text = member(call, by_offset ? "offset" : "to");
  if (!text) return refused(text.error());
  RecordedPlace place;
  if (by_offset) {
    const auto offset = parse_duration(*text);
    if (!offset) return refused(400, fmt::format("offset: {}", offset.error().detail));
    place.offset = *offset;
  } else {
    const auto moment = parse_rfc3339(*text);
    if (!moment) return refused(400, fmt::format("to: {}", moment.error().detail));
    place.to = *moment;
  }
  return clock_changed(clock_.seek(place), "sought " + text->substr(0, kShown));
}

net::HttpResponse AdminApi::rate(const Call& call) {
  const auto text = member(call, "rate");
  if (!text) return refused(text.error());
  const auto rate = parse_rate(*text);
  if (!rate) return refused(400, fmt::format("rate: {}", rate.error().detail));
  if (!*rate) return refused(400, "rate: a ratio such as 10 or 1/2 expected: max is a clock of its own");
  return clock_changed(clock_.set_rate(**rate), "rate " + rate_text(*rate));
}

// ---- the engine and the faults

net::HttpResponse AdminApi::engine(const Call& /*call*/) {
  return answered(200, fmt::format(R"({{"state":{}}})", quoted(exchange_.engine())));
}

net::HttpResponse AdminApi::set_engine(const Call& call) {
  const auto state = member(call, "state");
  if (!state) return refused(state.error());
  if (!scenario::is_engine_state(*state)) {
    return refused(
        400, fmt::format("state: '{}' is not one of {}", state->substr(0, kShown), scenario::engine_state_words()));
  }
  if (auto set = exchange_.set_engine(*state); !set) return refused(set.error());
  return engine(call);
}

net::HttpResponse AdminApi::list_faults(const Call& /*call*/) {
  std::string all;
  for (const FaultStatus& fault : exchange_.faults().list()) all += (all.empty() ? "" : ",") + fault_json(fault);
  return answered(200, fmt::format(R"({{"faults":[{}]}})", all));
}

net::HttpResponse AdminApi::add_fault(const Call& call) {
  auto fault = parse_fault(call.request.body, "body");
  if (!fault) return refused(400, fault.error().detail);
  const auto id = exchange_.add_fault(std::move(*fault));
  if (!id) return refused(400, id.error().detail);
  return answered(201, fault_json(*exchange_.faults().find(*id)));
}

Result<std::optional<FaultStatus>> AdminApi::fault_of(const Call& call) const {
  const auto id = number_in<std::uint32_t>(call.id, "id", 1, std::numeric_limits<std::uint32_t>::max());
  if (!id) return tl::unexpected<Error>(id.error());
  auto fault = exchange_.faults().find(FaultId{*id});
  if (!fault) return fail(Errc::NotFound, fmt::format("there is no fault {}", *id));
  return fault;
}

net::HttpResponse AdminApi::show_fault(const Call& call) {
  const auto fault = fault_of(call);
  return fault ? answered(200, fault_json(**fault)) : refused(fault.error());
}

net::HttpResponse AdminApi::enable_fault(const Call& call) {
  const auto fault = fault_of(call);
  if (!fault) return refused(fault.error());
  const auto enabled = member(call, "enabled");
  if (!enabled) return refused(enabled.error());
  if (*enabled != "true" && *enabled != "false") return refused(400, "enabled: true or false expected");
  exchange_.enable_fault((*fault)->id, *enabled == "true");
  return show_fault(call);
}

net::HttpResponse AdminApi::remove_fault(const Call& call) {
  const auto fault = fault_of(call);
  if (!fault) return refused(fault.error());
  exchange_.remove_fault((*fault)->id);
  return answered(200, fault_json(**fault));
}

// ---- the journal, and what is expected

net::HttpResponse AdminApi::read_journal(const Call& call) {
  std::optional<scenario::JournalEvent> event;
  scenario::EntryPattern pattern;
  std::uint64_t after = 0;
  std::size_t limit = 1000;
  for (const auto& [name, value] : call.query) {
    const auto number = [&, &key = name, &text = value](std::uint64_t least, std::uint64_t most) {
      return number_in<std::uint64_t>(text, key, least, most);
    };
    if (name == "event") {
      event = scenario::parse_journal_event(value);
      if (!event) {
        return refused(
            400, fmt::format("event: '{}' is not one of {}", value.substr(0, kShown), scenario::journal_event_words()));
      }
    } else if (name == "connection") {
      const auto connection = number(1, std::numeric_limits<std::uint32_t>::max());
      if (!connection) return refused(connection.error());
      pattern.connection = static_cast<std::uint32_t>(*connection);
    } else if (name == "after") {
      const auto last = number(0, std::numeric_limits<std::uint64_t>::max());
      if (!last) return refused(last.error());
      after = *last;
    } else if (name == "limit") {
      const auto most = number(1, kMaxJournalEntries);
      if (!most) return refused(most.error());
      limit = *most;
    } else if (name == "method") {
      pattern.method = value;
    } else if (name == "channel") {
      pattern.channel = value;
    } else if (name == "symbol") {
      pattern.symbol = value;
    } else if (name == "text") {
      pattern.text = value;
    } else {
      return refused(400, fmt::format("'{}' is unknown: event, connection, method, channel, symbol, text, after and "
                                      "limit expected",
                                      name.substr(0, kShown)));
    }
  }
  const scenario::Journal& journal = exchange_.journal();
  std::string all;
  std::size_t count = 0;
  bool more = false;
  for (const scenario::JournalEntry& entry : journal.entries()) {
    if (entry.number <= after || (event && *event != entry.event)) continue;
    pattern.event = entry.event;
    if (!pattern.matches(entry)) continue;
    if (count == limit) {
      more = true;
      break;
    }
    all += (count++ == 0 ? "" : ",") + to_json(entry);
  }
  return answered(200, fmt::format(R"({{"total":{},"forgotten":{},"more":{},"entries":[{}]}})", journal.total(),
                                   journal.forgotten(), more, all));
}

net::HttpResponse AdminApi::note(const Call& call) {
  auto text = member(call, "note");
  if (!text) return refused(text.error());
  scenario::Journal& journal = exchange_.journal();
  journal.add({.event = scenario::JournalEvent::Note, .text = std::move(*text)});
  return answered(201, to_json(journal.entries().back()));
}

net::HttpResponse AdminApi::clear_journal(const Call& /*call*/) {
  exchange_.journal().clear();
  return answered(200, fmt::format(R"({{"total":{}}})", exchange_.journal().total()));
}

net::HttpResponse AdminApi::list_expectations(const Call& /*call*/) {
  return answered(200, findings_json(exchange_.report(false)));
}

net::HttpResponse AdminApi::add_expectation(const Call& call) {
  auto expectation = scenario::parse_expectation(call.request.body, "body");
  if (!expectation) return refused(400, expectation.error().detail);
  const std::string what = describe(*expectation);
  const std::string name = expectation->name;
  if (auto added = exchange_.expectations().add(std::move(*expectation)); !added)
    return refused(409, added.error().detail);
  return answered(201, fmt::format(R"({{"name":{},"expected":{}}})", quoted(name), quoted(what)));
}

net::HttpResponse AdminApi::report(const Call& call) {
  std::string format = "json";
  for (const auto& [name, value] : call.query) {
    if (name != "format") return refused(400, fmt::format("'{}' is unknown: format expected", name.substr(0, kShown)));
    format = value;
  }
  const scenario::Report report = exchange_.report(true);
  if (format == "json") return answered(200, findings_json(report));
  if (format == "text") return answered(200, report_text(report), "text/plain; charset=utf-8");
  if (format == "junit") return answered(200, report_junit(report), "application/xml");
  if (format == "tap") return answered(200, report_tap(report), "text/plain; charset=utf-8");
  return refused(400, fmt::format("format: '{}' is not one of json, text, junit, tap", format.substr(0, kShown)));
}

}  // namespace ktape::admin
