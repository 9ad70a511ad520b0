#include <deque>
#include <map>
#include <set>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "mock_server/client_link.hpp"
#include "net/time_ping.hpp"

namespace ktape {
namespace {

// Time passes in rounds. A round announces a time to every client in a Ping and ends when all have answered: since a
// client answers after everything that it said before, what it had to say has arrived by then. Only at the end of a
// round does the exchange act: its clock moves to the announced time, then it hears what clients have said.
//
// A round that announces the present time settles an instant: clients react to what the exchange has sent. The next
// instant is announced when a round has brought nothing new. With several clients it takes one more quiet round: what
// one says on hearing another's message may be under way while the answers are already complete.
class LockstepPace final : public Pace {
 public:
  explicit LockstepPace(ServerCore& core) : core_(core), patience_(core.io) {}

  void client_ready(ClientLink& client) override {
    newcomers_.insert(client.id());
    wake();
  }

  void client_said(ClientLink& client, FrameKind kind, std::string_view payload) override {
    if (kind == FrameKind::Pong) {
      if (const auto at = net::parse_time_ping(payload)) {
        if (in_round_ && *at == announced_) answered(client.id());
        return;
      }
    }
    heard_[client.id()].push_back({kind, std::string(payload)});
    wake();
  }

  void client_gone(ClientLink& client, const CloseInfo& info) override {
    heard_[client.id()].push_back({FrameKind::Closed, info.text()});
    answered(client.id());
    wake();
  }

  void client_written() override {
    // Also called when a link has gone that was never attached, or that the exchange itself has closed.
    if (!in_round_) return;
    std::erase_if(unanswered_, [this](ConnectionId id) { return !core_.clients.contains(id); });
    end_round_if_complete();
  }

  // Web requests are no part of the rounds: they are answered between them.
  void at_present(const std::function<void()>& action) override {
    action();
    wake();
  }

  void advance_to(Timestamp) override {}
  void pause() override { paused_ = true; }
  void resume() override {
    if (std::exchange(paused_, false) && !in_round_) post_next();
  }
  bool is_paused() const override { return paused_; }
  bool stands() const override { return false; }
  void stop() override {
    stopped_ = true;
    patience_.cancel();
  }

 private:
  struct Said {
    FrameKind kind;
    std::string payload;
  };

  // Something is new: if nothing is under way, a round at the present time takes it in.
  void wake() {
    quiet_rounds_missing_ = std::max(quiet_rounds_missing_, 1);
    if (!in_round_) post_next();
  }

  void post_next() {
    if (std::exchange(posted_, true)) return;
    post([this] {
      posted_ = false;
      if (!in_round_) next_round();
    });
  }

  void next_round() {
    std::erase_if(newcomers_, [this](ConnectionId id) { return !core_.clients.contains(id); });
    if (quiet_rounds_missing_ > 0) return announce(core_.clock.now());
    if (stopped_ || paused_ || !core_.anybody_attached()) return;
    if (const auto next = core_.clock.next_deadline()) announce(*next);
  }

  void announce(Timestamp at) {
    in_round_ = true;
    announced_ = at;
    for (const auto& [id, client] : core_.clients) {
      if ((client->attached() && !gone(id)) || newcomers_.contains(id)) {
        client->send_time_ping(at);
        unanswered_.insert(id);
      }
    }
    called_ = newcomers_;
    patience_.expires_after(core_.options.patience);
    patience_.async_wait([this, alive = std::weak_ptr<int>(alive_)](boost::system::error_code error) {
      if (!error && !alive.expired()) lose_patience();
    });
    end_round_if_complete();
  }

  bool gone(ConnectionId id) const {
    const auto heard = heard_.find(id);
    return heard != heard_.end() && !heard->second.empty() && heard->second.back().kind == FrameKind::Closed;
  }

  void answered(ConnectionId id) {
    if (unanswered_.erase(id) != 0) end_round_if_complete();
  }

  void lose_patience() {
    for (const ConnectionId id : std::exchange(unanswered_, {})) {
      called_.erase(id);
      newcomers_.erase(id);
      const auto client = core_.clients.find(id);
      if (client != core_.clients.end()) client->second->close({1008, "did not answer the time ping"});
    }
    end_round_if_complete();
  }

  void end_round_if_complete() {
    if (!in_round_ || !unanswered_.empty() || ending_) return;
    // Posted, so that a round never ends inside another's handler.
    ending_ = true;
    post([this] {
      ending_ = false;
      end_round();
    });
  }

  void end_round() {
    in_round_ = false;
    patience_.cancel();
    core_.sent = false;
    if (!stopped_) core_.clock.advance_to(announced_);
    const bool heard_something = take_in();
    if (!stopped_) core_.clock.advance_to(core_.clock.now());  // what the exchange answers at once
    if (heard_something || core_.sent || !newcomers_.empty()) {
      quiet_rounds_missing_ = core_.clients.size() > 1 ? 2 : 1;
    } else if (quiet_rounds_missing_ > 0) {
      --quiet_rounds_missing_;
    }
    next_round();
  }

  // Hands over what has arrived, client by client; newcomers first of all.
  bool take_in() {
    bool something = false;
    for (const ConnectionId id : std::exchange(called_, {})) {
      newcomers_.erase(id);
      const auto client = core_.clients.find(id);
      if (client == core_.clients.end()) continue;
      core_.attach(*client->second);
      something = true;
    }
    for (auto& [id, said] : std::exchange(heard_, {})) {
      const auto found = core_.clients.find(id);
      if (found == core_.clients.end()) continue;
      ClientLink& client = *found->second;
      if (!client.attached()) {
        // It came while the round was under way, and spoke at once: it is heard when it has been attached.
        heard_[id] = std::move(said);
        continue;
      }
      for (const Said& word : said) {
        core_.hand_over(client, word.kind, word.payload);
        something = true;
        if (word.kind == FrameKind::Closed) {
          core_.remove(client);
          break;
        }
      }
    }
    return something;
  }

  template <class Action>
  void post(Action action) {
    boost::asio::post(core_.io, [alive = std::weak_ptr<int>(alive_), action] {
      if (!alive.expired()) action();
    });
  }

  ServerCore& core_;
  boost::asio::steady_timer patience_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
  std::map<ConnectionId, std::vector<Said>> heard_;  // since the last round ended
  std::set<ConnectionId> newcomers_;                 // upgraded, not attached
  std::set<ConnectionId> called_;                    // those of them that take part in this round
  std::set<ConnectionId> unanswered_;
  Timestamp announced_{};
  int quiet_rounds_missing_ = 0;
  bool in_round_ = false;
  bool ending_ = false;
  bool posted_ = false;
  bool paused_ = false;
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<Pace> make_lockstep_pace(ServerCore& core) { return std::make_unique<LockstepPace>(core); }

}  // namespace ktape
