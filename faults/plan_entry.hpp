#pragma once

#include "core/base/random.hpp"
#include "faults/fault_plan.hpp"

// Private to this folder.
namespace ktape {

struct FaultPlan::Entry {
  Entry(FaultId its_id, Fault what, std::uint64_t seed)
      : id(its_id), fault(std::move(what)), way(way_of(fault)), random(seed) {}

  std::string_view name() const { return fault.name.empty() ? to_string(fault.kind) : std::string_view(fault.name); }
  bool looks_at(Direction direction) const {
    return way == faults::Way::Both || (way == faults::Way::FromExchange) == (direction == Direction::FromExchange);
  }

  FaultId id;
  Fault fault;
  faults::Way way;
  Random random;
  bool enabled = true;
  bool removed = false;  // while somebody still looks at it
  std::uint64_t seen = 0;
  std::uint64_t acted = 0;
  std::uint64_t met = 0;  // connections, or attempts, that fit its host, target and dialect
};

// Whoever lets the plan's faults act on connections.
class FaultPlan::Watcher {
 public:
  // A fault was added, removed, enabled or disabled.
  virtual void plan_changed() = 0;
  virtual bool is_silent(ConnectionId connection) const = 0;

 protected:
  ~Watcher() = default;
};

}  // namespace ktape
