#include "recorder/recording_transport.hpp"

#include "core/base/assert.hpp"

namespace ktape {

void RecordingTransport::connect(const Endpoint& endpoint, FrameSink& inbound) {
  inbound_ = &inbound;
  inner_.connect(endpoint, *this);
}

void RecordingTransport::on_frame(const Frame& frame) {
  KTAPE_ASSERT(inbound_ != nullptr, "a transport reports nothing before connect()");
  recorder_.on_frame(frame);
  inbound_->on_frame(frame);
}

}  // namespace ktape
