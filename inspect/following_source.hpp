#pragma once

#include <functional>
#include <utility>

#include "core/session/session_reader.hpp"

namespace ktape {

// A recording that is still being written, as a source that ends when the recording does: at its end it waits for more.
class FollowingSource final : public FrameSource {
 public:
  // Called when everything there is has been read; lets time pass, and says whether to look again.
  using Wait = std::function<bool()>;

  // `reader` outlives it.
  FollowingSource(SessionReader& reader, Wait wait) : reader_(reader), wait_(std::move(wait)) {}

  Result<std::optional<Frame>> next() override {
    for (;;) {
      auto frame = reader_.next();
      if (!frame || *frame) return frame;
      const auto more = reader_.refresh();
      if (!more) return tl::unexpected<Error>(more.error());
      if (*more) continue;
      if (reader_.sealed() || !wait_()) return std::optional<Frame>{};
    }
  }

 private:
  SessionReader& reader_;
  Wait wait_;
};

}  // namespace ktape
