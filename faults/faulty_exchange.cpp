#include "faults/faulty_exchange.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "exchange/endpoint_router.hpp"
#include "faults/faulty_links.hpp"
#include "faults/traits.hpp"

namespace ktape {
namespace {

constexpr std::array kBothWays{Direction::FromExchange, Direction::ToExchange};

// Without the query, which may hold anything.
std::string place_of(Endpoint endpoint) {
  endpoint.target = endpoint.target.substr(0, endpoint.target.find('?'));
  return endpoint.url();
}

}  // namespace

FaultyExchange::FaultyExchange(TimerService& timers, Exchange& exchange, FaultPlan& plan)
    : impl_(std::make_unique<Impl>(timers, exchange, plan)) {}

FaultyExchange::~FaultyExchange() = default;

void FaultyExchange::attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) {
  impl_->attach(connection, endpoint, client);
}

void FaultyExchange::on_frame(const Frame& frame) { impl_->from_client(frame); }

FaultyExchange::Impl::Link::Link(Impl& its_owner, ConnectionId its_id, const Endpoint& where, FrameSink& its_client,
                                 std::uint64_t its_order)
    : owner(its_owner),
      id(its_id),
      endpoint(where),
      dialect(dialect_at(where)),
      place(place_of(where)),
      client(&its_client),
      order(its_order),
      opened_at(its_owner.timers_.now()),
      to_client(
          its_owner.timers_, [this] { return shared_from_this(); },
          [this](FrameKind kind, std::string_view payload, const Lane::Slices& slices) {
            owner.arrive_at_client(*this, kind, payload, slices);
          }),
      to_exchange(
          its_owner.timers_, [this] { return shared_from_this(); },
          [this](FrameKind kind, std::string_view payload, const Lane::Slices&) {
            owner.arrive_at_exchange(*this, kind, payload);
          }) {}

FaultyExchange::Impl::Impl(TimerService& timers, Exchange& exchange, FaultPlan& plan)
    : timers_(timers), exchange_(exchange), plan_(plan) {
  plan_.watchers_.push_back(this);
}

FaultyExchange::Impl::~Impl() { std::erase(plan_.watchers_, this); }

std::shared_ptr<FaultyExchange::Impl::Link> FaultyExchange::Impl::find(ConnectionId id) const {
  const auto found = links_.find(id);
  return found == links_.end() ? nullptr : found->second;
}

void FaultyExchange::Impl::attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) {
  // Who comes back under the same id must have gone before.
  if (const auto before = leaving_.find(connection); before != leaving_.end()) {
    const auto link = before->second;
    say_goodbye(*link);
  }
  const auto link = std::make_shared<Link>(*this, connection, endpoint, client, ++last_order_);
  const bool added = links_.emplace(connection, link).second;
  KTAPE_ASSERT(added, "a connection id is attached twice");
  for (const auto& entry : plan_.entries_) {
    if (State* const state = meet(*link, *entry)) arm(*link, *entry, *state);
  }
  exchange_.attach(connection, endpoint, *link);
}

void FaultyExchange::Impl::from_client(const Frame& frame) {
  const auto link = find(frame.connection);
  if (!link) return;  // a fault has ended it
  if (frame.kind == FrameKind::Closed) {
    link->client = nullptr;
    retire(*link);
    if (link->inner && !link->ending) {
      if (!link->is_silent(Direction::ToExchange)) link->to_exchange.flush();
      link->to_exchange.cut();
      if (std::exchange(link->inner, false)) exchange_.on_frame(frame);
    } else {
      say_goodbye(*link);
    }
    return;
  }
  if (link->ending || !link->inner || link->is_silent(Direction::ToExchange)) return;
  if (plan_.entries_.empty() && link->to_exchange.is_clear()) return exchange_.on_frame(frame);
  pass(*link, Direction::ToExchange, frame.kind, frame.payload);
}

void FaultyExchange::Impl::from_exchange(Link& link, const Frame& frame) {
  const auto keep = link.shared_from_this();
  if (frame.kind == FrameKind::Closed) {
    // It may have been about to be told of an end of ours.
    link.inner = false;
    link.goodbye.cancel();
    leaving_.erase(link.id);
    if (link.client == nullptr || link.ending) return;
    release_all_held(link);
    if (link.client == nullptr || link.is_silent(Direction::FromExchange)) return;
    link.ending = true;
    if (plan_.entries_.empty() && link.to_client.is_clear()) return arrive_at_client(link, frame.kind, frame.payload);
    link.to_client.send(frame.kind, frame.payload, due_of_end(link));
    return;
  }
  if (link.client == nullptr || link.ending || link.is_silent(Direction::FromExchange)) return;
  if (plan_.entries_.empty() && link.to_client.is_clear() && link.seq_shifts.empty()) {
    return link.client->on_frame(frame);
  }
  pass(link, Direction::FromExchange, frame.kind, frame.payload);
}

void FaultyExchange::Impl::arrive_at_client(Link& link, FrameKind kind, std::string_view payload,
                                            const Lane::Slices& slices) {
  const auto keep = link.shared_from_this();
  if (link.client == nullptr || (link.is_silent(Direction::FromExchange) && !link.ending)) return;
  FrameSink* const client = link.client;
  if (kind == FrameKind::Closed) {
    link.client = nullptr;
    retire(link);
  }
  plan_.slices_ = {link.id, slices};
  client->on_frame({timers_.now(), link.id, Direction::FromExchange, kind, payload});
  plan_.slices_ = {};
}

void FaultyExchange::Impl::arrive_at_exchange(Link& link, FrameKind kind, std::string_view payload) {
  const auto keep = link.shared_from_this();
  if (!link.inner || link.ending || link.is_silent(Direction::ToExchange)) return;
  exchange_.on_frame({timers_.now(), link.id, Direction::ToExchange, kind, payload});
}

// ------------------------------------------------------------------------------------------ what happens to a
// connection

// Nothing for a fault that is not about connections that stand.
FaultyExchange::Impl::State* FaultyExchange::Impl::meet(Link& link, Entry& entry) {
  if (is_before_connection(entry.fault.kind)) return nullptr;
  const auto [at, added] = link.states.try_emplace(entry.id);
  if (added) at->second.fits = plan_.meets(entry, &link.endpoint);
  return &at->second;
}

void FaultyExchange::Impl::arm(Link& link, Entry& entry, State& state) {
  if (!entry.enabled || !state.fits || state.fired || !is_timed(entry.fault)) return;
  const FaultWhen& when = entry.fault.when;
  const Timestamp since = when.since == FaultWhen::Since::Opening ? link.opened_at : plan_.start_;
  if (when.until && timers_.now() >= since + *when.until) return;
  state.begin =
      timers_.at(std::max(since + when.from, timers_.now()), [this, connection = link.id, id = entry.id](Timestamp) {
        if (const auto there = find(connection)) fire(*there, id);
      });
}

void FaultyExchange::Impl::fire(Link& link, FaultId id) {
  const auto entry =
      std::find_if(plan_.entries_.begin(), plan_.entries_.end(), [id](const auto& one) { return one->id == id; });
  const auto state = link.states.find(id);
  if (entry == plan_.entries_.end() || state == link.states.end() || link.ending) return;
  const std::shared_ptr<Entry> keep = *entry;
  if (!keep->enabled || std::exchange(state->second.fired, true) || !plan_.in_window(*keep, link.opened_at)) return;
  if (!plan_.decide(*keep)) return;
  const auto there = link.shared_from_this();
  tell(link, *keep, state->second);
  // Who was told may have changed everything.
  const auto still = link.states.find(id);
  if (still != link.states.end() && keep->enabled && link.client != nullptr) strike(link, *keep, still->second);
}

bool FaultyExchange::Impl::strike(Link& link, Entry& entry, State& state) {
  const auto each_way = [&](auto act) {
    for (const Direction direction : kBothWays) {
      if (entry.looks_at(direction)) act(direction);
    }
  };
  if (const auto* const stall = std::get_if<faults::Stall>(&entry.fault.kind)) {
    each_way([&](Direction direction) { link.lane(direction).hold(entry.id); });
    end_when_over(link, entry, state, stall->duration);
    return true;
  }
  if (std::holds_alternative<faults::HalfOpen>(entry.fault.kind)) {
    each_way([&](Direction direction) { link.dead[index_of(direction)] = true; });
    return false;
  }
  if (const auto* const timeout = std::get_if<faults::Timeout>(&entry.fault.kind)) {
    each_way([&](Direction direction) { link.silencers[index_of(direction)].insert(entry.id); });
    end_when_over(link, entry, state, std::nullopt);
    if (timeout->timeout > Duration::zero()) cut_later(link, state, timeout->timeout, "timed out");
    return false;
  }
  if (const auto* const reset = std::get_if<faults::ResetPeer>(&entry.fault.kind)) {
    if (reset->timeout > Duration::zero()) {
      cut_later(link, state, reset->timeout, "connection reset");
      return true;
    }
    cut(link, {1006, "connection reset"});
    return false;
  }
  if (const auto* const close_frame = std::get_if<faults::Close>(&entry.fault.kind)) {
    close(link, {close_frame->code, close_frame->reason});
    return false;
  }
  if (std::holds_alternative<faults::LimitData>(entry.fault.kind)) {
    cut(link, {1006, "limit of data reached"});
    return false;
  }
  return true;
}

// What goes on for a while ends after its duration, and with the fault's own time at the latest.
void FaultyExchange::Impl::end_when_over(Link& link, Entry& entry, State& state, std::optional<Duration> duration) {
  std::optional<Timestamp> over;
  if (duration) over = timers_.now() + *duration;
  if (const FaultWhen& when = entry.fault.when; when.until) {
    const Timestamp since = when.since == FaultWhen::Since::Opening ? link.opened_at : plan_.start_;
    over = std::min(over.value_or(Timestamp::max()), since + *when.until);
  }
  if (!over) return;
  state.end = timers_.at(*over, [this, connection = link.id, id = entry.id](Timestamp) {
    const auto there = find(connection);
    if (!there) return;
    if (const auto at = there->states.find(id); at != there->states.end()) let_go(*there, id, at->second);
  });
}

void FaultyExchange::Impl::cut_later(Link& link, State& state, Duration after, const char* reason) {
  state.cut = timers_.at(timers_.now() + after, [this, connection = link.id, reason](Timestamp) {
    if (const auto there = find(connection)) cut(*there, {1006, reason});
  });
}

// What it holds back passes, and what it was about to do is called off.
void FaultyExchange::Impl::let_go(Link& link, FaultId id, State& state) {
  const auto keep = link.shared_from_this();
  state.begin.cancel();
  state.end.cancel();
  state.cut.cancel();
  for (auto& silencers : link.silencers) silencers.erase(id);
  release_held(link, state);
  // These may end the connection, and the state with it.
  link.to_client.release(id);
  link.to_exchange.release(id);
}

void FaultyExchange::Impl::cut(Link& link, const CloseInfo& why) {
  const auto keep = link.shared_from_this();
  if (link.client == nullptr) return;
  FrameSink* const client = std::exchange(link.client, nullptr);
  link.ending = true;
  bid_farewell(link, why);
  retire(link);
  client->on_frame({timers_.now(), link.id, Direction::FromExchange, FrameKind::Closed, why.text()});
}

// A close frame comes behind what is under way.
void FaultyExchange::Impl::close(Link& link, const CloseInfo& why) {
  const auto keep = link.shared_from_this();
  if (link.client == nullptr || std::exchange(link.ending, true)) return;
  bid_farewell(link, why);
  link.to_client.send(FrameKind::Closed, why.text(), due_of_end(link));
}

// The exchange is told at the next turn: it may be in the middle of saying something.
void FaultyExchange::Impl::bid_farewell(Link& link, const CloseInfo& why) {
  if (!link.inner) return;
  link.farewell = why;
  leaving_[link.id] = link.shared_from_this();
  link.goodbye = timers_.at(timers_.now(), [this, connection = link.id](Timestamp) {
    const auto leaving = leaving_.find(connection);
    if (leaving == leaving_.end()) return;
    const auto gone = leaving->second;
    say_goodbye(*gone);
  });
}

void FaultyExchange::Impl::say_goodbye(Link& link) {
  const auto keep = link.shared_from_this();
  link.goodbye.cancel();
  leaving_.erase(link.id);
  if (!std::exchange(link.inner, false)) return;
  exchange_.on_frame({timers_.now(), link.id, Direction::ToExchange, FrameKind::Closed, link.farewell.text()});
}

// Nothing happens to it any more.
void FaultyExchange::Impl::retire(Link& link) {
  link.to_client.cut();
  if (link.ending) link.to_exchange.cut();
  link.states.clear();
  const auto at = links_.find(link.id);
  if (at != links_.end() && at->second.get() == &link) links_.erase(at);
}

void FaultyExchange::Impl::tell(Link& link, Entry& entry, State& state) {
  const bool once = family_of(entry.fault.kind) == faults::Family::Travel ||
                    std::holds_alternative<faults::ClockAhead>(entry.fault.kind);
  if (std::exchange(state.told, true) && once) return;
  plan_.tell(entry, link.id, link.place);
}

void FaultyExchange::Impl::plan_changed() {
  std::vector<std::shared_ptr<Link>> all;
  for (const auto& [id, link] : links_) all.push_back(link);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->order < b->order; });
  for (const auto& link : all) {
    std::vector<FaultId> over;
    for (const auto& [id, state] : link->states) {
      const Entry* const entry = plan_.entry(id);
      if (entry == nullptr || !entry->enabled) over.push_back(id);
    }
    for (const FaultId id : over) {
      const auto at = link->states.find(id);
      if (at == link->states.end()) continue;
      at->second.fired = false;  // when it is enabled again, it begins anew
      let_go(*link, id, at->second);
      if (plan_.entry(id) == nullptr) link->states.erase(id);
    }
    if (link->client == nullptr) continue;
    for (const auto& entry : std::vector<std::shared_ptr<Entry>>(plan_.entries_)) {
      if (State* const state = meet(*link, *entry)) arm(*link, *entry, *state);
    }
  }
}

bool FaultyExchange::Impl::is_silent(ConnectionId connection) const {
  const auto link = find(connection);
  if (!link) return false;
  return link->is_silent(Direction::FromExchange) || link->is_silent(Direction::ToExchange) ||
         link->to_client.is_held() || link->to_exchange.is_held();
}

}  // namespace ktape
