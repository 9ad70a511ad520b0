#pragma once

#include "core/wire/transport.hpp"

namespace ktape {

// A connection that has already happened. What it says comes from a recording, in both directions; what the client
// sends now goes nowhere, since the recording tells what was really sent. The client cannot tell it from a live one.
class RecordedTransport final : public Transport, public FrameSink {
 public:
  void connect(const Endpoint&, FrameSink& inbound) override { inbound_ = &inbound; }
  void send(std::string_view) override {}
  void close(const CloseInfo&) override {}

  // The recorded frames of this connection, in order.
  void on_frame(const Frame& frame) override {
    if (inbound_ != nullptr) inbound_->on_frame(frame);
  }

 private:
  FrameSink* inbound_ = nullptr;
};

}  // namespace ktape
