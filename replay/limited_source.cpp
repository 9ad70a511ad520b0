#include "replay/limited_source.hpp"

namespace ktape {

Result<std::optional<Frame>> LimitedSource::next() {
  if (ended_) return std::optional<Frame>{};
  auto frame = inner_->next();
  if (!frame || !*frame) return frame;
  if (!end_) end_ = (*frame)->at + span_;
  if ((*frame)->at < *end_) return frame;
  ended_ = true;
  return std::optional<Frame>{};
}

}  // namespace ktape
