#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "core/base/virtual_clock.hpp"
#include "core/client/client.hpp"
#include "core/wire/frame.hpp"
#include "replay/recorded_clients.hpp"

namespace ktape {

// Whom a tape is played to: a clock, and who hears. Time cannot go back on it: whoever jumps back in a tape begins with
// a new stage, which is brought up to the instant that is wanted.
class Stage {
 public:
  virtual ~Stage() = default;

  // Stands at Timestamp::min() until the first frame; in the time of the recording, always.
  virtual VirtualClock& clock() = 0;
  virtual FrameSink& frames() = 0;

  // What is heard from here on is the past: it makes up the state, and is no news.
  virtual void catch_up(bool past) = 0;
  // How many events were news.
  virtual std::uint64_t events() const = 0;
};

// A stage of clients, one for each recorded connection.
class ClientStage final : public Stage {
 public:
  struct Heard {
    ConnectionId connection{};
    const Event& event;
    Timestamp at;  // what the clock says, and the shift
    bool past = false;
  };
  // Gets each event while it is told.
  using OnEvent = std::function<void(const Heard&)>;

  // `shift` is added to the stamps of events, so that the second round of a loop comes after the first; what is inside
  // of events stays as it was recorded.
  ClientStage(RecordedClients::DialectOf dialect_of, ClientOptions options, Duration shift, OnEvent on_event);
  ~ClientStage() override;

  VirtualClock& clock() override { return clock_; }
  FrameSink& frames() override { return clients_; }
  void catch_up(bool past) override { past_ = past; }
  std::uint64_t events() const override { return events_; }

  const RecordedClients& clients() const { return clients_; }

 private:
  class Line;

  VirtualClock clock_{Timestamp::min()};
  Duration shift_;
  OnEvent on_event_;
  bool past_ = false;
  std::uint64_t events_ = 0;
  std::map<ConnectionId, std::unique_ptr<Line>> lines_;
  RecordedClients clients_;
};

}  // namespace ktape
