#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/client/client.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "core/wire/loopback.hpp"
#include "synth/synthetic_exchange.hpp"
#include "tests/support/synthetic_options.hpp"

namespace ktape::test {

inline Subscription book_of(std::vector<std::string> symbols, int depth) {
  Subscription book;
  book.symbols = std::move(symbols);
  book.depth = depth;
  return book;
}

inline Subscription ohlc_of(std::vector<std::string> symbols, int interval_minutes) {
  Subscription ohlc;
  ohlc.channel = Channel::Ohlc;
  ohlc.symbols = std::move(symbols);
  ohlc.interval_minutes = interval_minutes;
  return ohlc;
}

inline Subscription channel_of(Channel channel, std::vector<std::string> symbols = {}) {
  Subscription wanted;
  wanted.channel = channel;
  wanted.symbols = std::move(symbols);
  return wanted;
}

// One client of a synthetic exchange, from the start to the end of the market, with all that crossed its connection.
class SyntheticSession {
 public:
  struct Crossed {
    Timestamp at;
    Direction direction;
    FrameKind kind;
    std::string payload;
    friend bool operator==(const Crossed&, const Crossed&) = default;
  };

  SyntheticSession(synth::SyntheticOptions options, std::span<const Subscription> subscriptions, EventSink& events)
      : client_clock_(options.start),
        exchange_clock_(options.start),
        exchange_(synth::SyntheticExchange::create(std::move(options), exchange_clock_).value()),
        loopback_(*exchange_, client_clock_, exchange_clock_),
        transport_(loopback_.make_transport(ConnectionId{1})),
        client_(transport_, codec_, client_clock_, events, client_options()) {
    for (const Subscription& each : subscriptions) client_.subscribe(each);
    client_.start();
  }

  void run() { loopback_.run_until(exchange_->end()); }

  const std::vector<Crossed>& crossed() const { return transport_.crossed; }
  const Client& client() const { return client_; }

 private:
  // Notes what crosses the connection on its way to the client.
  class Noting final : public Transport, private FrameSink {
   public:
    explicit Noting(std::unique_ptr<Transport> below) : below_(std::move(below)) {}
    void connect(const Endpoint& endpoint, FrameSink& inbound) override {
      inbound_ = &inbound;
      below_->connect(endpoint, *this);
    }
    void send(std::string_view text) override { below_->send(text); }
    void close(const CloseInfo& why) override { below_->close(why); }

    std::vector<Crossed> crossed;

   private:
    void on_frame(const Frame& frame) override {
      crossed.push_back({frame.at, frame.direction, frame.kind, std::string(frame.payload)});
      inbound_->on_frame(frame);
    }
    std::unique_ptr<Transport> below_;
    FrameSink* inbound_ = nullptr;
  };

  static ClientOptions client_options() {
    ClientOptions options;
    options.endpoint = Endpoint::parse("wss://ws.kraken.com/v2").value();
    options.reconnects = false;
    return options;
  }

  VirtualClock client_clock_;
  VirtualClock exchange_clock_;
  std::unique_ptr<synth::SyntheticExchange> exchange_;
  Loopback loopback_;
  Noting transport_;
  spot_v2::SpotV2Codec codec_;
  Client client_;
};

}  // namespace ktape::test
