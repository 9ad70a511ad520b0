#include "faults/fault_plan.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "exchange/endpoint_router.hpp"
#include "faults/plan_entry.hpp"

namespace ktape {
namespace {

// Far from each other, so that two faults do not draw the same numbers one step apart.
std::uint64_t seed_of(std::uint64_t seed, std::uint32_t id) {
  Random random(seed ^ (std::uint64_t{id} << 32U));
  return random.next();
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

}  // namespace

std::string FaultAct::text() const {
  const auto number = static_cast<std::uint32_t>(connection);
  const std::string on = number == 0 ? std::string(where) : fmt::format("connection {} ({})", number, where);
  return fmt::format("fault '{}' ({}) on {} at {}, no. {}", name, kind, on, format_rfc3339(at), count);
}

FaultPlan::FaultPlan(TimerService& timers, std::uint64_t seed) : timers_(timers), start_(timers.now()), seed_(seed) {}

FaultPlan::~FaultPlan() = default;

Result<FaultId> FaultPlan::add(Fault fault) {
  if (auto good = check(fault); !good) return tl::unexpected<Error>(good.error());
  const auto id = FaultId{++last_id_};
  entries_.push_back(std::make_shared<Entry>(id, std::move(fault), seed_of(seed_, last_id_)));
  changed();
  return id;
}

bool FaultPlan::remove(FaultId id) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [id](const auto& one) { return one->id == id; });
  if (found == entries_.end()) return false;
  // Whoever is going through the list has a copy of it, and passes over this one.
  (*found)->removed = true;
  (*found)->enabled = false;
  entries_.erase(found);
  changed();
  return true;
}

bool FaultPlan::set_enabled(FaultId id, bool enabled) {
  Entry* const found = entry(id);
  if (found == nullptr) return false;
  if (found->enabled == enabled) return true;
  found->enabled = enabled;
  changed();
  return true;
}

FaultPlan::Entry* FaultPlan::entry(FaultId id) const {
  for (const auto& one : entries_) {
    if (one->id == id) return one.get();
  }
  return nullptr;
}

std::vector<FaultStatus> FaultPlan::list() const {
  std::vector<FaultStatus> all;
  for (const auto& one : entries_) all.push_back({one->id, one->fault, one->enabled, one->seen, one->acted});
  return all;
}

std::optional<FaultStatus> FaultPlan::find(FaultId id) const {
  const Entry* const one = entry(id);
  if (one == nullptr) return std::nullopt;
  return FaultStatus{one->id, one->fault, one->enabled, one->seen, one->acted};
}

void FaultPlan::on_act(std::function<void(const FaultAct&)> listener) { listeners_.push_back(std::move(listener)); }

void FaultPlan::changed() {
  // One that is told may go away.
  for (Watcher* const watcher : std::vector<Watcher*>(watchers_)) {
    if (std::find(watchers_.begin(), watchers_.end(), watcher) != watchers_.end()) watcher->plan_changed();
  }
}

bool FaultPlan::is_silent(ConnectionId connection) const {
  return std::any_of(watchers_.begin(), watchers_.end(),
                     [connection](const Watcher* watcher) { return watcher->is_silent(connection); });
}

std::vector<Slice> FaultPlan::take_slices(ConnectionId connection) {
  if (slices_.first != connection) return {};
  return std::exchange(slices_.second, {});
}

bool FaultPlan::in_window(const Entry& entry, Timestamp opened_at) const {
  const FaultWhen& when = entry.fault.when;
  const Duration since = timers_.now() - (when.since == FaultWhen::Since::Opening ? opened_at : start_);
  return since >= when.from && (!when.until || since < *when.until);
}

// Whether it fits a connection, or an attempt of which no more than a socket is known. Counts those that it fits.
bool FaultPlan::meets(Entry& entry, const Endpoint* endpoint, bool is_call) {
  const FaultWhere& where = entry.fault.where;
  if (endpoint != nullptr) {
    if (!where.host.empty() && where.host != endpoint->host) return false;
    const std::string_view path = path_of(endpoint->target);
    const bool is_below = is_call && where.target.ends_with('/') && path.starts_with(where.target);
    if (!where.target.empty() && path_of(where.target) != path && !is_below) return false;
    if (where.dialect && where.dialect != dialect_at(*endpoint)) return false;
  }
  ++entry.met;
  return where.connection == 0 || where.connection == entry.met;
}

// Something is there that it might act on: whether it does.
bool FaultPlan::decide(Entry& entry) {
  const FaultWhen& when = entry.fault.when;
  ++entry.seen;
  if (entry.seen <= when.after || (when.times && entry.acted >= *when.times)) return false;
  const faults::Chance& chance = when.probability;
  if (chance.numerator < chance.denominator && entry.random.below(chance.denominator) >= chance.numerator) return false;
  ++entry.acted;
  return true;
}

void FaultPlan::tell(const Entry& entry, ConnectionId connection, std::string_view where) {
  const FaultAct act{timers_.now(), entry.id, entry.name(), to_string(entry.fault.kind),
                     connection,    where,    entry.acted};
  for (std::size_t i = 0; i < listeners_.size(); ++i) listeners_[i](act);
}

bool FaultPlan::refuses_socket() {
  bool refused = false;
  for (const auto& one : std::vector<std::shared_ptr<Entry>>(entries_)) {
    if (!one->enabled || !std::holds_alternative<faults::RefuseConnect>(one->fault.kind)) continue;
    if (!meets(*one, nullptr) || refused || !in_window(*one, start_) || !decide(*one)) continue;
    refused = true;
    tell(*one, ConnectionId{}, "a new socket");
  }
  return refused;
}

std::optional<faults::TlsFailure> FaultPlan::at_handshake() {
  std::optional<faults::TlsFailure> failure;
  for (const auto& one : std::vector<std::shared_ptr<Entry>>(entries_)) {
    const auto* const tls = std::get_if<faults::Tls>(&one->fault.kind);
    if (!one->enabled || tls == nullptr || !meets(*one, nullptr)) continue;
    if (failure || !in_window(*one, start_) || !decide(*one)) continue;
    failure = tls->failure;
    tell(*one, ConnectionId{}, "a TLS handshake");
  }
  return failure;
}

std::optional<FaultPlan::Refusal> FaultPlan::refusal_of(const Endpoint& endpoint, bool is_call) {
  const auto elsewhere = is_call ? faults::HttpPlace::Upgrade : faults::HttpPlace::Rest;
  std::optional<Refusal> refusal;
  for (const auto& one : std::vector<std::shared_ptr<Entry>>(entries_)) {
    const auto* const http = std::get_if<faults::HttpStatus>(&one->fault.kind);
    if (!one->enabled || http == nullptr || http->on == elsewhere || !meets(*one, &endpoint, is_call)) continue;
    if (refusal || !in_window(*one, start_) || !decide(*one)) continue;
    refusal = Refusal{http->status, http->body, http->retry_after};
    tell(*one, ConnectionId{}, is_call ? endpoint.host + std::string(path_of(endpoint.target)) : endpoint.url());
  }
  return refusal;
}

}  // namespace ktape
