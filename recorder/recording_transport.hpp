#pragma once

#include <string_view>

#include "core/wire/transport.hpp"

namespace ktape {

// A tee: everything that happens on the inner transport goes first to the recorder, then to whom connect() named. So
// what a client has seen was recorded, whatever the client does next.
class RecordingTransport final : public Transport, private FrameSink {
 public:
  // Both outlive this object, and the inner transport reports nothing after this object is gone.
  RecordingTransport(Transport& inner, FrameSink& recorder) : inner_(inner), recorder_(recorder) {}

  void connect(const Endpoint& endpoint, FrameSink& inbound) override;
  void send(std::string_view text) override { inner_.send(text); }
  void close(const CloseInfo& why) override { inner_.close(why); }

 private:
  void on_frame(const Frame& frame) override;

  Transport& inner_;
  FrameSink& recorder_;
  FrameSink* inbound_ = nullptr;
};

}  // namespace ktape
