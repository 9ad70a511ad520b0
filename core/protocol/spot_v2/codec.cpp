#include "core/protocol/spot_v2/codec.hpp"

#include "core/protocol/json_tape.hpp"
#include "core/protocol/spot_v2/event_batch.hpp"
#include "core/protocol/spot_v2/message_reader.hpp"
#include "core/protocol/spot_v2/request.hpp"

namespace ktape::spot_v2 {
struct SpotV2Codec::Memory {
  JsonTape tape;
  EventBatch batch;
  std::string what;  // of the last unknown message
};

SpotV2Codec::SpotV2Codec(DecodePath path) : path_(path), memory_(std::make_unique<Memory>()) {}
SpotV2Codec::~SpotV2Codec() = default;

std::string SpotV2Codec::encode(const Request& request) const { return spot_v2::encode(request); }

Result<Request> SpotV2Codec::decode_request(std::string_view text) const { return to_request(parse_request(text)); }

void SpotV2Codec::decode(std::string_view text, EventSink& out) {
  auto& [tape, batch, what] = *memory_;
  ++stats_.messages;
  batch.clear();

  auto read = tape.parse(text);
  if (read) read = read_message(tape.root(), batch, stats_.unknown_fields);
  if (!read) {
    ++stats_.unknown_messages;
    what = std::move(read.error().detail);
    out.on_event(UnknownMessage{what});
    return;
  }
  for (const Event& event : batch.events) out.on_event(event);
}

}  // namespace ktape::spot_v2
