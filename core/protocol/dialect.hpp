#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "core/protocol/codec.hpp"

namespace ktape {

// Kraken's websocket protocols.
enum class Dialect : std::uint8_t { SpotV2, SpotV1, FuturesV1 };

std::string_view to_string(Dialect dialect);  // "spot-v2", "spot-v1", "futures-v1"
std::optional<Dialect> parse_dialect(std::string_view name);

// Where Kraken speaks it in public: "wss://ws.kraken.com/v2", whose path is "/v2".
std::string_view public_url(Dialect dialect);
std::string_view public_path(Dialect dialect);

// A codec for a new connection; nullptr for a dialect that this version records and plays but does not decode.
std::unique_ptr<Codec> make_codec(Dialect dialect);

}  // namespace ktape
