#include "replay/recorded_dialect.hpp"

#include "core/base/assert.hpp"
#include "replay/futures_recording.hpp"
#include "replay/spot_v1_recording.hpp"
#include "replay/spot_v2_recording.hpp"

namespace ktape {

const RecordedDialect& RecordedDialect::of(Dialect dialect) {
  static const SpotV2Recording spot_v2;
  static const SpotV1Recording spot_v1;
  static const FuturesRecording futures;
  switch (dialect) {
    case Dialect::SpotV2:
      return spot_v2;
    case Dialect::SpotV1:
      return spot_v1;
    case Dialect::FuturesV1:
      return futures;
  }
  KTAPE_ASSERT(false, "there is no other dialect");
  return spot_v2;
}

std::optional<Feed> feed_begun_by(const RecordedDialect& dialect, const Event& event, std::string_view text) {
  if (std::holds_alternative<BookUpdate>(event)) return std::nullopt;
  return dialect.feed_in(event, text);
}

}  // namespace ktape
