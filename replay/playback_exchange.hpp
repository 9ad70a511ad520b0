#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/protocol/dialect.hpp"
#include "core/wire/exchange.hpp"
#include "exchange/futures_front.hpp"
#include "exchange/spot_v1_front.hpp"
#include "exchange/spot_v2_front.hpp"
#include "replay/book_image.hpp"
#include "replay/feed_routes.hpp"
#include "replay/feed_state.hpp"
#include "replay/lookahead.hpp"
#include "replay/recorded_dialect.hpp"

namespace ktape {

enum class PlaybackEnd : std::uint8_t {
  Stop,             // who attaches afterwards is closed at once
  RestartOnAttach,  // the next client starts it anew
  RestartAtOnce,    // it starts again as soon as all are closed
};

struct PlaybackOptions {
  Dialect dialect = Dialect::SpotV2;  // of the recording, and of all that is said
  LookaheadLimits lookahead;
  // A recorded answer to anything but a first subscription is waited for only if it is this near: a client that
  // unsubscribes at a moment of its own is answered at once.
  Duration answer_window = std::chrono::seconds(1);
  Duration shift{};  // added to every recorded stamp; what is inside of messages stays as it was
  // Unless this is not zero: then every time inside of messages is moved as well (see TimeShift), `shift` is whole
  // seconds, and where the recording begins anew it moves on in whole steps, so that the begins of candles stay
  // multiples of it. What a step leaves in the past is played at once.
  Duration rebase_step{};
  PlaybackEnd at_end = PlaybackEnd::Stop;
  bool close_on_recorded_outage = true;
  bool generate_heartbeats = false;  // for recordings that were made without them
  std::vector<Feed> known_feeds;     // what the recording holds, where it is known before it is reached
  // That of the dialect counts; its generate_heartbeats is overruled by the one above.
  SpotV2FrontOptions front;
  SpotV1FrontOptions spot_v1_front;
  FuturesFrontOptions futures_front;
};

// What Kraken would say, from a recording. Each recorded message is due at its recorded stamp on the clock handed in.
//
// It speaks the dialect of its recording. A client that asks what the recorded client asked, no later than the recorded
// answers, hears byte for byte and stamp for stamp what that client heard: acknowledgements, snapshots, updates,
// heartbeats, status, pongs, refusals. Anybody else is answered at once, with a snapshot of that instant, and then
// hears every recorded update that follows. A book of a smaller depth than the recorded one is cut out of it by
// Kraken's rules, checksums included. Nobody hears what they did not ask for, or a second snapshot without having
// subscribed again: if the recorded client did, others are told the difference. A book that the recorded client had
// unsubscribed from stands still: who joins meanwhile gets its snapshot when the recording has one.
//
// A recording may lack requests, acknowledgements, or its beginning; feeds are then known by their data. Of several
// recorded connections a client is played the one that its first subscription was found on; other feeds come from
// whichever connection carried them.
//
// Memory is bounded by the look-ahead and by one state per recorded feed. Sockets are no concern of it.
class PlaybackExchange final : public Exchange, private Front::Backend {
 public:
  using Open = std::function<Result<std::unique_ptr<FrameSource>>()>;

  // Opens the recording and reads what is within the look-ahead. `timers` outlives the exchange and should not be
  // ahead of start_time(): what is due in the past is played at once. `open` is called again for every restart.
  static Result<std::unique_ptr<PlaybackExchange>> create(TimerService& timers, Open open,
                                                          PlaybackOptions options = {});

  // When the first recorded frame is due.
  Timestamp start_time() const { return start_; }
  bool ended() const { return ended_; }
  // What is added to the recorded stamps; more with each new beginning.
  Duration shift() const { return shift_; }
  // Goes on at another place: what was recorded at that moment happens now; with a rebase_step the place may be up to
  // one step before it, so that times are moved by whole steps. Everybody is closed with 1001, as at a new beginning,
  // and who comes back gets snapshots of that place. It is reached by reading all that was recorded before it. Not from
  // inside of a call of its own.
  Result<void> seek(Timestamp recorded);
  // Begins anew, if it has ended and the next client would make it do so.
  void wake();
  // The first error of the source; it ends the playback.
  const Result<void>& status() const { return status_; }

  // The state of the matching engine from now on, whatever was recorded, in the words of the dialect's status; nothing:
  // the recorded one again. Everybody is told. Errc::Unsupported where the dialect has no such thing (Futures).
  Result<void> set_system(std::optional<std::string> system);

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void on_frame(const Frame& frame) override { front_->on_frame(frame); }

 private:
  // Somebody who hears a recorded feed, perhaps at a smaller depth.
  struct Listener {
    ConnectionId client{};
    Feed feed;              // as the client asked for it
    bool awaiting = false;  // a snapshot is owed
    bool verbatim = false;  // answered with the recorded answer: hears all that follows it, as it is
  };
  // A feed on one recorded connection.
  struct Track {
    std::unique_ptr<FeedState> state;
    bool live = false;   // subscribed at this point of the recording
    bool fresh = false;  // its snapshot is of this subscription
    std::vector<Listener> listeners;
    std::map<int, BookImage> images;  // what listeners of a smaller depth hold
  };
  struct Group {
    std::map<ConnectionId, Track> tracks;
    std::vector<Listener> orphans;  // of a feed that the recording has not reached
  };
  struct Recorded {
    explicit Recorded(const RecordedDialect& dialect) : codec(make_codec(dialect.dialect())), routes(dialect) {}
    bool open = false;
    bool greeted = false;
    std::unique_ptr<Codec> codec;
    FeedRoutes routes;
  };
  struct Pending {
    FeedRequest request;
    std::optional<std::uint64_t> reply;  // sequence of the recorded answer that it waits for
  };
  struct Client {
    std::optional<ConnectionId> home;  // the recorded connection that it lives through
    std::map<Feed, std::deque<Pending>> pending;
    std::map<Feed, Feed> recorded_as;  // its subscriptions: the recorded feed behind each
  };
  // A feed that the message being played belongs to.
  struct Touched {
    Feed feed;
    Group* group = nullptr;
    Track* track = nullptr;
    bool snapshot = false;
    std::unique_ptr<FeedState> before;  // of a snapshot on a track with listeners
  };
  struct News {
    std::vector<ConnectionId> clients;
    std::vector<std::string> texts;
  };
  class Reading;

  PlaybackExchange(TimerService& timers, Open open, PlaybackOptions options);

  bool is_listed(std::string_view symbol) const override;
  void on_attached(ConnectionId connection) override;
  std::string greeting(ConnectionId connection) override;
  void on_request(const FeedRequest& request) override;
  bool takes_over(ConnectionId connection, const Reply& answer) override;
  std::optional<std::uint64_t> number_of(const Feed& feed) const override { return ahead_->number_of(feed); }
  void on_detached(ConnectionId connection) override;

  // The recording's side: playback_exchange.cpp.
  Result<void> start();
  Result<void> restart();
  void schedule();
  void play_due();
  void play(const RecordedFrame& frame);
  void play_text(const RecordedFrame& frame);
  void play_reply(const RecordedFrame& frame);
  void play_status(const RecordedFrame& frame, bool change);
  void play_closed(const RecordedFrame& frame);
  void finish();
  void note_feeds();
  Recorded& recorded(ConnectionId connection);
  Track& track_of(const Feed& feed, ConnectionId recorded);
  std::vector<Feed> route(const Event& event, std::string_view text, ConnectionId connection);
  std::optional<ConnectionId> home_of(const Client& client) const;
  std::vector<ConnectionId> residents(ConnectionId recorded) const;

  // What clients ask: playback_requests.cpp.
  std::optional<std::uint64_t> find_reply(const Client& client, const FeedRequest& request, std::uint64_t after) const;
  bool may_wait(const Client& client, const FeedRequest& request) const;
  void enqueue(const FeedRequest& request, std::optional<std::uint64_t> reply);
  void answer_now(const FeedRequest& request);
  void answer_verbatim(const FeedRequest& request, const RecordedFrame& frame);
  void drain(ConnectionId connection, const Feed& feed);
  std::optional<Feed> recorded_feed_for(const Feed& wanted) const;
  std::string why_not(const Feed& wanted) const;
  void join(const FeedRequest& request, const Feed& recorded);
  void add_listener(const FeedRequest& request, const Feed& feed, std::optional<ConnectionId> source, bool verbatim);
  void drop_listener(ConnectionId connection, const Feed& feed, const Feed& recorded);
  // What they are told: playback_telling.cpp.
  void tell(std::vector<Touched>& touched, std::string_view text);
  void tell_snapshot(Touched& touched, std::string_view text);
  void tell_update(Touched& touched, std::string_view text);
  void change_smaller_books(Touched& touched, std::vector<News>& news);
  void take_in_orphans(Touched& touched);
  void take_in_abandoned(Touched& touched, std::string_view snapshot, std::vector<News>& news);
  static std::vector<std::string> difference(const Touched& touched, const Feed& feed, const BookImage& before,
                                             const BookImage& after);
  void send_to(const std::vector<ConnectionId>& clients, std::string_view text);
  void send(const std::vector<News>& news);
  std::string smaller_snapshot(Track& track, const Feed& feed);

  TimerService& timers_;
  Open open_;
  PlaybackOptions options_;
  const RecordedDialect& dialect_;
  std::unique_ptr<Front> front_;
  std::unique_ptr<Lookahead> ahead_;
  Timestamp start_;
  Duration shift_{};
  bool ended_ = false;
  Result<void> status_;
  Timer timer_;

  std::map<Feed, Group> groups_;
  std::map<ConnectionId, Recorded> recorded_;
  std::map<ConnectionId, Client> clients_;
  std::map<std::uint64_t, std::vector<std::pair<ConnectionId, Feed>>> waiting_;  // for a recorded acknowledgement
  std::map<std::uint64_t, std::vector<ConnectionId>> echoes_;                    // for a recorded pong or refusal
  std::set<Feed> known_;
  std::set<std::string, std::less<>> symbols_;
  std::string greeting_;                               // the recorded status while it is being played
  std::pair<Timestamp, std::string> recent_greeting_;  // the last one played, and when
  std::string system_ = "online";                      // as recorded
  std::optional<std::string> imposed_system_;          // in its place
};

}  // namespace ktape
