#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "mock_server/client_link.hpp"
#include "net/time_ping.hpp"

namespace ktape {
namespace {

using RealClock = std::chrono::steady_clock;

// What all paces but Lockstep have in common: clients' words are handed over as they arrive.
class DirectPace : public Pace {
 public:
  explicit DirectPace(ServerCore& core) : core_(core) {}

  void client_ready(ClientLink& client) override {
    catch_up();
    if (core_.options.announce_time) client.send_time_ping(core_.clock.now());
    core_.attach(client);
    settle();
  }

  void client_said(ClientLink& client, FrameKind kind, std::string_view payload) override {
    const bool answers = core_.options.announce_time && kind == FrameKind::Pong && net::parse_time_ping(payload);
    if (answers) return;  // an announcement
    catch_up();
    core_.hand_over(client, kind, payload);
    settle();
  }

  void client_gone(ClientLink& client, const CloseInfo& info) override {
    catch_up();
    core_.hand_over(client, FrameKind::Closed, info.text());
    core_.remove(client);
    settle();
  }

  void at_present(const std::function<void()>& action) override {
    catch_up();
    action();
    settle();
  }

  void client_written() override {}
  void advance_to(Timestamp at) override {
    const Passing passing(*this);
    VirtualClock& clock = core_.clock;
    for (auto next = clock.next_deadline(); next && *next <= at; next = clock.next_deadline()) core_.pass(*next);
    if (at > clock.now()) core_.pass(at);
  }
  void pause() override {}
  void resume() override {}
  bool is_paused() const override { return false; }

 protected:
  ServerCore& core() { return core_; }

  // While time passes, what happens at an instant may ask for a pause.
  class Passing {
   public:
    explicit Passing(DirectPace& pace) : pace_(pace), before_(std::exchange(pace.passing_, true)) {}
    ~Passing() { pace_.passing_ = before_; }
    Passing(const Passing&) = delete;
    Passing& operator=(const Passing&) = delete;

   private:
    DirectPace& pace_;
    bool before_;
  };
  bool is_passing() const { return passing_; }

  // A handler that does nothing if it was cancelled, or if this object is gone by then.
  template <class Action>
  auto guarded(Action action) {
    return [alive = std::weak_ptr<int>(alive_), action](boost::system::error_code error = {}) {
      if (!error && !alive.expired()) action();
    };
  }

  // Brings the clock up to the present before something else happens.
  virtual void catch_up() {}
  // Looks what is next.
  virtual void schedule() {}

 private:
  // What the exchange wants to do at once.
  void settle() {
    {
      const Passing passing(*this);
      core_.clock.advance_to(core_.clock.now());
    }
    schedule();
  }

  ServerCore& core_;
  bool passing_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

class ManualPace final : public DirectPace {
 public:
  using DirectPace::DirectPace;
  bool stands() const override { return true; }
  void stop() override {}
};

class RealTimePace final : public DirectPace {
 public:
  explicit RealTimePace(ServerCore& shared)
      : DirectPace(shared), timer_(shared.io), scale_(shared.options.rate, shared.clock.now()) {
    if (!shared.options.wait_for_first_client) start();
  }

  void client_ready(ClientLink& client) override {
    if (!running_ && !paused_ && !stopped_) start();
    DirectPace::client_ready(client);
  }

  void pause() override {
    if (!is_passing()) catch_up();
    paused_ = true;
    running_ = false;
    timer_.cancel();
  }
  void resume() override {
    if (!std::exchange(paused_, false)) return;
    start();
  }
  bool is_paused() const override { return paused_; }
  bool stands() const override { return !running_ && !stopped_; }
  bool set_rate(Rate rate) override {
    catch_up();
    core().options.rate = rate;
    if (running_) start();
    return true;
  }
  void stop() override {
    stopped_ = true;
    running_ = false;
    timer_.cancel();
  }

 private:
  void start() {
    running_ = true;
    origin_ = RealClock::now();
    scale_ = TimeScale(core().options.rate, core().clock.now());
    schedule();
  }

  void catch_up() override {
    if (!running_) return;
    const Passing passing(*this);
    VirtualClock& clock = core().clock;
    const Timestamp present = scale_.virtual_at(RealClock::now() - origin_);
    // Until somebody pauses it in between.
    for (auto next = clock.next_deadline(); running_ && next && *next <= present; next = clock.next_deadline()) {
      core().pass(*next);
    }
    if (running_) clock.advance_to(present);
  }

  void schedule() override {
    if (!running_) return;
    const auto next = core().clock.next_deadline();
    if (!next) {
      timer_.cancel();
      return;
    }
    timer_.expires_at(origin_ + std::min(scale_.elapsed_at(*next), kFarAway));
    timer_.async_wait(guarded([this] {
      catch_up();
      schedule();
    }));
  }

  static constexpr Duration kFarAway = std::chrono::hours(24) * 365;

  boost::asio::steady_timer timer_;
  TimeScale scale_;
  RealClock::time_point origin_;
  bool running_ = false;
  bool paused_ = false;
  bool stopped_ = false;
};

class MaxPace final : public DirectPace {
 public:
  explicit MaxPace(ServerCore& shared) : DirectPace(shared), stall_(shared.io) {}

  void client_written() override { schedule(); }
  void pause() override { paused_ = true; }
  void resume() override {
    paused_ = false;
    schedule();
  }
  bool is_paused() const override { return paused_; }
  bool stands() const override { return paused_ && !stopped_; }
  void stop() override {
    stopped_ = true;
    stall_.cancel();
  }

 private:
  // Between turns of this many instants the sockets get their chance.
  static constexpr int kInstantsPerTurn = 256;

  bool flooded() {
    const std::size_t mark = core().options.high_water_bytes;
    return std::any_of(core().clients.begin(), core().clients.end(), [mark](const auto& entry) {
      return entry.second->attached() && entry.second->queued_bytes() > mark;
    });
  }

  void schedule() override {
    if (posted_ || paused_ || stopped_) return;
    posted_ = true;
    boost::asio::post(core().io, guarded([this] {
                        posted_ = false;
                        run();
                      }));
  }

  void run() {
    for (int i = 0; i < kInstantsPerTurn; ++i) {
      if (stopped_ || paused_ || !core().anybody_attached()) return;
      if (flooded()) return wait_for_the_slowest();
      flooded_since_.clear();
      const auto next = core().clock.next_deadline();
      if (!next) return;
      core().pass(*next);
    }
    schedule();
  }

  // Whoever has been above the mark for longer than patience lasts holds up all others.
  void wait_for_the_slowest() {
    const auto now = RealClock::now();
    auto earliest = RealClock::time_point::max();
    std::vector<ClientLink*> hopeless;
    for (const auto& [id, client] : core().clients) {
      if (!client->attached() || client->queued_bytes() <= core().options.high_water_bytes) {
        flooded_since_.erase(id);
        continue;
      }
      const auto since = flooded_since_.try_emplace(id, now).first->second;
      if (now - since >= core().options.patience) hopeless.push_back(client.get());
      earliest = std::min(earliest, since);
    }
    for (ClientLink* client : hopeless) {
      client->close({1008, fmt::format("too slow: more than {} bytes unsent for {}", core().options.high_water_bytes,
                                       format_duration(core().options.patience))});
    }
    stall_.expires_at(std::max(earliest, now) + core().options.patience);
    stall_.async_wait(guarded([this] { wait_for_the_slowest(); }));
  }

  boost::asio::steady_timer stall_;
  std::map<ConnectionId, RealClock::time_point> flooded_since_;
  bool posted_ = false;
  bool paused_ = false;
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<Pace> make_direct_pace(ServerCore& core) {
  switch (core.options.pace) {
    case ServerPace::Max:
      return std::make_unique<MaxPace>(core);
    case ServerPace::Manual:
      return std::make_unique<ManualPace>(core);
    default:
      return std::make_unique<RealTimePace>(core);
  }
}

}  // namespace ktape
