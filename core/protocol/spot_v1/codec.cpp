#include "core/protocol/spot_v1/codec.hpp"

#include "core/protocol/json_tape.hpp"
#include "core/protocol/spot_v1/message_reader.hpp"
#include "core/protocol/spot_v1/request.hpp"

namespace ktape::spot_v1 {

struct SpotV1Codec::Memory {
  JsonTape tape;
  EventBatch batch;
  ChannelTable channels;
  SymbolNames names;
  SentRequests requests;
};

SpotV1Codec::SpotV1Codec() : memory_(std::make_unique<Memory>()) {}
SpotV1Codec::~SpotV1Codec() = default;

Result<void> SpotV1Codec::check(const Request& request) const { return spot_v1::check(request); }

std::string SpotV1Codec::encode(const Request& request) const { return spot_v1::encode(request); }

Result<Request> SpotV1Codec::decode_request(std::string_view text) const { return to_request(parse_request(text)); }

void SpotV1Codec::sent(const Request& request) { memory_->requests.sent(request); }

void SpotV1Codec::reset() {
  memory_->channels.clear();
  memory_->requests.clear();
}

void SpotV1Codec::decode(std::string_view text, EventSink& out) {
  ++stats_.messages;
  memory_->batch.clear();
  memory_->names.trim();
  if (const auto read = read_json(text); !read) {
    ++stats_.unknown_messages;
    out.on_event(UnknownMessage{read.error().detail});
    return;
  }
  for (const Event& event : memory_->batch.events) out.on_event(event);
}

Result<void> SpotV1Codec::read_json(std::string_view text) {
  if (auto parsed = memory_->tape.parse(text); !parsed) return parsed;
  ReaderContext context{memory_->batch, memory_->channels, memory_->names, memory_->requests, stats_.unknown_fields};
  return read_message(memory_->tape.root(), context);
}

}  // namespace ktape::spot_v1
