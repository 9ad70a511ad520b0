#include "core/protocol/dialect.hpp"

#include "core/protocol/futures/codec.hpp"
#include "core/protocol/spot_v1/codec.hpp"
#include "core/protocol/spot_v2/codec.hpp"

namespace ktape {

std::string_view to_string(Dialect dialect) {
  switch (dialect) {
    case Dialect::SpotV2:
      return "spot-v2";
    case Dialect::SpotV1:
      return "spot-v1";
    case Dialect::FuturesV1:
      return "futures-v1";
  }
  return "unknown";
}

std::optional<Dialect> parse_dialect(std::string_view name) {
  for (const Dialect dialect : {Dialect::SpotV2, Dialect::SpotV1, Dialect::FuturesV1}) {
    if (name == to_string(dialect)) return dialect;
  }
  if (name == "futures") return Dialect::FuturesV1;
  return std::nullopt;
}

std::string_view public_url(Dialect dialect) {
  switch (dialect) {
    case Dialect::SpotV2:
      break;
    case Dialect::SpotV1:
      return "wss://ws.kraken.com/";
    case Dialect::FuturesV1:
      return "wss://futures.kraken.com/ws/v1";
  }
  return "wss://ws.kraken.com/v2";
}

std::string_view public_path(Dialect dialect) {
  constexpr std::string_view kScheme = "wss://";
  const auto url = public_url(dialect);
  return url.substr(url.find('/', kScheme.size()));
}

std::unique_ptr<Codec> make_codec(Dialect dialect) {
  if (dialect == Dialect::SpotV2) return std::make_unique<spot_v2::SpotV2Codec>();
  if (dialect == Dialect::SpotV1) return std::make_unique<spot_v1::SpotV1Codec>();
  if (dialect == Dialect::FuturesV1) return std::make_unique<futures::FuturesCodec>();
  return nullptr;
}

}  // namespace ktape
