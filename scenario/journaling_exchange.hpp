#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/wire/exchange.hpp"
#include "net/http_message.hpp"
#include "scenario/journal.hpp"
#include "scenario/message_facts.hpp"

namespace ktape::scenario {

// A connection that stands.
struct Session {
  std::uint32_t connection = 0;
  Endpoint endpoint{};
  Timestamp opened_at{};
  std::uint64_t received = 0;  // messages of the client
  std::uint64_t sent = 0;      // to it
  std::uint64_t sent_bytes = 0;
  std::set<std::string> subscriptions{};  // "book BTC/USD": those that were confirmed
};

struct SessionTotals {
  std::uint64_t connects = 0;
  std::uint64_t closed_by_client = 0;
  std::uint64_t closed_by_server = 0;
  std::uint64_t refusals = 0;
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint64_t calls = 0;
};

// Writes a journal of all that clients do at an exchange, and hands everything through unchanged. To be the outermost
// of all decorators: what it sees is what clients really said and heard.
//
// Connections are numbered here, 1 for the first client, and the exchange behind sees these numbers: so what it derives
// from them is the same in every run, whatever else a server has counted.
class JournalingExchange final : public Exchange {
 public:
  // All outlive it.
  JournalingExchange(const Clock& clock, Exchange& inner, Journal& journal)
      : clock_(clock), inner_(inner), journal_(journal) {}
  JournalingExchange(const JournalingExchange&) = delete;
  JournalingExchange& operator=(const JournalingExchange&) = delete;

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void on_frame(const Frame& frame) override;

  // What never becomes a connection.
  void note_refusal(const Endpoint& endpoint, unsigned status);
  void note_call(const net::HttpRequest& request, const net::HttpResponse& response);

  // The server ends a connection by itself, which it will tell as if the client had gone.
  void note_verdict(ConnectionId outer);

  // Ends every connection, on both sides. Not from inside a call of the exchange's: from a timer, say.
  void close_all(const CloseInfo& why);
  // False if there is none of that number.
  bool close(std::uint32_t connection, const CloseInfo& why);

  // What the exchange behind calls a connection that a server knows by `outer`; 0 if it does not stand.
  ConnectionId inner_number(ConnectionId outer) const;

  std::vector<Session> sessions() const;  // in the order of their numbers
  const SessionTotals& totals() const { return totals_; }

 private:
  struct Line final : FrameSink {
    Line(JournalingExchange& its_owner, ConnectionId outer_id, FrameSink& its_client, Session its_session)
        : owner(its_owner), outer(outer_id), client(its_client), session(std::move(its_session)) {}
    void on_frame(const Frame& frame) override { owner.told(*this, frame); }

    JournalingExchange& owner;
    ConnectionId outer;
    FrameSink& client;
    Session session;
    bool ended = false;
    bool is_condemned = false;  // by the server, not by the client
  };

  void told(Line& line, const Frame& frame);
  void take_answer(Session& session, std::string_view text);
  void end(Line& line, const CloseInfo& why, bool by_client);
  void note_message(JournalEvent event, const Session& session, std::string_view text);

  const Clock& clock_;
  Exchange& inner_;
  Journal& journal_;
  MessageReader reader_;
  SessionTotals totals_;
  std::uint32_t last_ = 0;
  std::map<std::uint32_t, std::unique_ptr<Line>> lines_;
  std::map<ConnectionId, std::uint32_t> numbers_;
  std::vector<std::unique_ptr<Line>> ended_;  // kept until the next call: a line is not destroyed while it speaks
};

}  // namespace ktape::scenario
