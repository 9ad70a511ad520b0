#pragma once

#include <cstddef>
#include <vector>

#include "core/base/time.hpp"

namespace ktape {

// How far behind their deadlines things were done, in real time.
class Lateness {
 public:
  // `due` on the system's clock; measured now.
  void measure(Timestamp due);
  void add(Duration late) { all_.push_back(late); }

  std::size_t count() const { return all_.size(); }
  // The smallest lateness that `percent` of all do not exceed (0 < percent <= 100); zero without any.
  Duration percentile(int percent) const;

 private:
  std::vector<Duration> all_;
};

}  // namespace ktape
