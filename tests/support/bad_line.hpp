#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/virtual_clock.hpp"
#include "core/wire/exchange.hpp"

namespace ktape::test {

// What happens to a message on its way.
enum class Fate : std::uint8_t { Arrives, Lost, Doubled, Corrupted, Delayed, Drops };

// The way to an exchange over which, for a while, nothing is certain: connections are refused and cut, fall silent or
// slow; messages are lost, doubled, garbled. All of it follows from one seed. Afterwards it is a good line.
class BadLine final : public Exchange {
 public:
  // Without `garbles` what arrives is what was said, as over TLS; a dialect without checksums needs that.
  BadLine(Exchange& beyond, VirtualClock& clock, std::uint64_t seed, Timestamp good_from, bool garbles = true)
      : beyond_(beyond), clock_(clock), random_(seed), good_from_(good_from) {
    // Every seed has its own mixture, so that some runs see one kind of trouble only.
    for (auto& weight : weights_) weight = random_.below(3) == 0 ? random_.below(12) : 0;
    if (!garbles) weights_[static_cast<std::size_t>(Fate::Corrupted) - 1] = 0;
  }

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override {
    auto line = std::make_unique<Line>(*this, connection, client);
    if (bad() && random_.below(4) == 0) {
      Line* const refused = line.get();
      refused->timer = clock_.at(clock_.now(), [refused](Timestamp) { refused->cut("1006 connect: refused"); });
    } else {
      line->attached = true;
      beyond_.attach(connection, endpoint, *line);
    }
    lines_[connection].push_back(std::move(line));
  }

  void on_frame(const Frame& frame) override {
    Line& line = *lines_.at(frame.connection).back();
    if (frame.kind == FrameKind::Closed) line.client = nullptr;  // what is still under way is never heard
    if (!line.attached) return;
    if (frame.kind == FrameKind::Closed) line.attached = false;
    if (frame.kind == FrameKind::Text && bad() && chance(20)) return;  // a request is lost
    beyond_.on_frame(frame);
  }

 private:
  struct Line final : FrameSink {
    Line(BadLine& owner, ConnectionId id, FrameSink& to) : bad_line(owner), connection(id), client(&to) {}

    void on_frame(const Frame& frame) override {
      if (client == nullptr) return;
      if (frame.kind == FrameKind::Closed) {
        attached = false;
        pass(frame.kind, frame.payload);
        return;
      }
      switch (bad_line.fate()) {
        case Fate::Arrives:
          pass(frame.kind, frame.payload);
          break;
        case Fate::Lost:
          break;
        case Fate::Doubled:
          pass(frame.kind, frame.payload);
          pass(frame.kind, frame.payload);
          break;
        case Fate::Corrupted: {
          std::string garbled(frame.payload);
          if (!garbled.empty()) {
            garbled[bad_line.random_.below(garbled.size())] = static_cast<char>(' ' + bad_line.random_.below(95));
          }
          pass(frame.kind, garbled);
          break;
        }
        case Fate::Delayed:
          held_until = clock().now() + Duration{static_cast<std::int64_t>(bad_line.random_.below(12'000'000'000))};
          pass(frame.kind, frame.payload);
          break;
        case Fate::Drops:
          cut("1006 read: reset by peer");
          break;
      }
    }

    void cut(std::string_view why) {
      if (client == nullptr) return;
      if (attached) {
        attached = false;
        bad_line.beyond_.on_frame({clock().now(), connection, Direction::ToExchange, FrameKind::Closed, "1006 gone"});
      }
      std::exchange(client, nullptr)
          ->on_frame({clock().now(), connection, Direction::FromExchange, FrameKind::Closed, why});
    }

    // What is held back keeps its order.
    void pass(FrameKind kind, std::string_view payload) {
      if (held_until <= clock().now() && held.empty()) {
        tell(kind, payload);
        return;
      }
      held.emplace_back(kind, payload);
      if (held.size() == 1) {
        timer = clock().at(held_until, [this](Timestamp) {
          for (const auto& [each, text] : std::exchange(held, {})) tell(each, text);
        });
      }
    }
    void tell(FrameKind kind, std::string_view payload) {
      if (client == nullptr) return;
      FrameSink& to = *client;
      if (kind == FrameKind::Closed) client = nullptr;
      to.on_frame({clock().now(), connection, Direction::FromExchange, kind, payload});
    }
    VirtualClock& clock() { return bad_line.clock_; }

    BadLine& bad_line;
    ConnectionId connection;
    FrameSink* client;
    bool attached = false;
    Timestamp held_until{};
    std::vector<std::pair<FrameKind, std::string>> held;
    Timer timer;
  };

  bool bad() const { return clock_.now() < good_from_; }
  bool chance(std::uint64_t in) { return random_.below(in) == 0; }
  Fate fate() {
    if (!bad()) return Fate::Arrives;
    std::uint64_t drawn = random_.below(400);
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      if (drawn < weights_[i]) return static_cast<Fate>(i + 1);
      drawn -= weights_[i];
    }
    return Fate::Arrives;
  }

  Exchange& beyond_;
  VirtualClock& clock_;
  Random random_;
  Timestamp good_from_;
  std::array<std::uint64_t, 5> weights_{};
  std::map<ConnectionId, std::vector<std::unique_ptr<Line>>> lines_;
};

}  // namespace ktape::test
