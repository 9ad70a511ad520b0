#pragma once

#include <cstdint>
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
#include "core/market/level3_book.hpp"
#include "core/protocol/codec.hpp"
#include "core/wire/web_requests.hpp"
#include "exchange/guest_exchange.hpp"
#include "exchange/spot_v2_front.hpp"

namespace ktape {

struct Level3PlaybackOptions {
  SpotV2Tokens tokens{};
  // The books of the recording, with the depth of each.
  std::map<std::string, int, std::less<>> depths{};
  // Asked for when it begins: what is added to the recorded stamps.
  std::function<Duration()> shift = [] { return Duration::zero(); };
  bool shift_messages = false;  // and to the times inside of messages; then it is whole seconds
  // What snapshots may cost on one connection within a second: 200, of professional accounts 500; one of depth 10 costs
  // 5, of 100 25, of 1000 100. And how many symbols it may hear at once. Nothing: any number.
  std::optional<int> snapshot_cost_per_second = 200;
  std::optional<std::size_t> symbols = 200;
  bool name_depth = false;  // in acknowledgements
  // Whether it may begin anew for a client that comes after the end: the market beside it has.
  std::function<bool()> may_begin_anew = [] { return false; };
};

// Kraken's level 3 host (spot-v2 section 5.4) around the level3 messages of a recording of Spot v2, each due at its
// stamp on the clock handed in. It begins when the first client comes; nobody pays for it before that.
//
// A client gets the book of the instant in which it subscribes, with its checksum, and then every recorded update as it
// is, if it asked for the recorded depth. A smaller one is cut out of it: orders that leave the window are not told,
// the orders of a level that comes into it are told as additions with their old times, and the checksum is the recorded
// book's own, since it covers the best ten levels whatever the depth. Deeper ones are refused, and so are books that
// the recording does not hold. Nobody hears a second snapshot: where the recorded client subscribed again, others are
// told the difference.
//
// Memory is bounded by the recorded books, and by one image for each depth that is being heard.
class Level3Playback final : public GuestExchange, private Front::Backend {
 public:
  using Open = std::function<Result<std::unique_ptr<FrameSource>>()>;

  // `timers` outlives it. `open` is called for every beginning.
  Level3Playback(TimerService& timers, Open open, Level3PlaybackOptions options);
  ~Level3Playback() override;
  Level3Playback(const Level3Playback&) = delete;
  Level3Playback& operator=(const Level3Playback&) = delete;

  // Everybody is closed; it begins anew with the next client.
  void restart(const CloseInfo& why);
  // The first error of the source; it ends the playback.
  const Result<void>& status() const { return status_; }

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  // Begins with the first word.
  void attach_guest(ConnectionId connection, FrameSink& client) override;
  void on_frame(const Frame& frame) override;
  void on_system(std::string_view system) override;

 private:
  // The orders of the best levels, best first, then in the order of their queues.
  struct Image {
    std::vector<BookOrder> bids, asks;
  };
  struct Book {
    Book(const std::string& symbol, int depth);
    Level3Book book;
    std::map<int, Image> told;  // what those hear who hold it, by their depth
    std::set<std::pair<ConnectionId, int>> awaiting;
  };
  // What a connection has asked for.
  struct Use {
    Timestamp second_began_at{};
    int cost = 0;  // within that second
    std::size_t symbols = 0;
  };
  class Reading;

  bool is_listed(std::string_view symbol) const override;
  void on_attached(ConnectionId connection) override { front_.greet(connection); }
  std::string greeting(ConnectionId connection) override { return front_.status_text(connection, system_); }
  void on_request(const FeedRequest& request) override;
  void on_detached(ConnectionId connection) override;

  void wake();
  void begin();
  void read_on();
  void play_due();
  void finish(const CloseInfo& why);
  void take(const Level3Snapshot& snapshot, std::string_view text);
  void take(const Level3Update& update, std::string_view text);
  bool allows_snapshot(Use& use, int depth) const;
  // What the hearers of each depth are told of the change; `verbatim` to those of the recorded one.
  void tell(Book& book, std::optional<Timestamp> at, std::string_view verbatim);
  void send_snapshot(Book& book, ConnectionId connection, int depth);
  Book& book_of(std::string_view symbol, int depth);

  static Image image_of(const Level3Book& book, int depth);
  static void add_change(std::vector<RestingOrder>& out, const std::vector<BookOrder>& before,
                         const std::vector<BookOrder>& after, const Level3Book& book);

  TimerService& timers_;
  Open open_;
  Level3PlaybackOptions options_;
  SpotV2Front front_;
  std::unique_ptr<FrameSource> source_;
  std::unique_ptr<Codec> codec_;
  WebRequests web_requests_;
  std::optional<std::string> next_;  // the message that is due next
  bool next_closes_ = false;         // it is the end of the recorded connection
  Timestamp next_at_{};
  std::set<ConnectionId> carriers_;  // recorded connections that brought level3
  Duration shift_{};
  bool begun_ = false;
  bool ended_ = false;
  Result<void> status_;
  Timer timer_;
  std::map<std::string, Book, std::less<>> books_;
  std::set<ConnectionId> guests_;
  std::map<ConnectionId, Use> uses_;
  std::string system_ = "online";
};

}  // namespace ktape
