#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "scenario/secret_names.hpp"

namespace ktape::scenario {

// What can stand in a journal; scenarios and the admin API use the same words.
enum class JournalEvent : std::uint8_t {
  Connect,  // a websocket of a client stands
  Refusal,  // a websocket was refused, with the status of HTTP in `code`
  Message,  // a client said it
  Ping,     // a client's, as a control frame
  Pong,
  Close,   // the end of a connection; `by` whom
  Sent,    // the exchange said it; kept only where that is asked for
  Call,    // an HTTP request of a client, with the status of its answer
  Fault,   // one was added or removed: `name`, and what happened in `text`
  Engine,  // its state became `name`
  Step,    // a step of the scenario, or a state of it, was reached: `name`
  Clock,   // somebody paused, resumed or set it
  Note,
};
std::string_view to_string(JournalEvent event);
std::optional<JournalEvent> parse_journal_event(std::string_view word);
// "connect, refusal, ...", for whoever asked for something else.
std::string journal_event_words();

// One thing that happened. What does not apply is empty; connections count from 1, 0 is none.
struct JournalEntry {
  std::uint64_t number = 0;  // in the journal, from 1; 0 for what is not kept
  Timestamp at{};            // virtual
  JournalEvent event{};
  std::uint32_t connection = 0;
  std::string host{};                  // Connect, Refusal
  std::string path{};                  // Connect, Refusal, Call; without its query
  std::string method{};                // Message, Sent; of a Call that of HTTP
  std::string channel{};               // Message, Sent
  std::vector<std::string> symbols{};  // Message, Sent
  std::optional<bool> success{};       // Sent, of an answer
  std::optional<std::uint16_t> code{};
  std::string by{};    // Close: client or server
  std::string name{};  // Fault, Engine, Step
  std::string text{};  // the message; why it was closed; the parameters of a call

  friend bool operator==(const JournalEntry&, const JournalEntry&) = default;
};

// One object of JSON, without a newline: what is empty is left out.
std::string to_json(const JournalEntry& entry);
// The same for people, on one line, without its time: "message of connection 1: subscribe book BTC/USD".
std::string describe(const JournalEntry& entry);

// Hears what happens, in its order. It may add to the journal; that is told after what is being told.
class JournalListener {
 public:
  virtual void on_entry(const JournalEntry& entry) = 0;
  // Whether it wants to hear of Sent, which costs reading every message of the exchange.
  virtual bool wants_sent() const { return false; }

 protected:
  ~JournalListener() = default;
};

struct JournalOptions {
  std::size_t max_entries = 100'000;                   // beyond that the oldest are forgotten
  std::size_t max_bytes = std::size_t{64} << 20U;      // of their texts, likewise
  std::size_t max_text_bytes = std::size_t{8} << 10U;  // of one; the rest is cut off, and "..." says so
  bool keep_sent = false;
};

// What clients did and what was done to them, in virtual time and in order. It holds no real time, no port and nothing
// random, and secrets have become "secret-1": where the same clients do the same, its bytes are the same.
class Journal {
 public:
  // `clock` outlives it.
  explicit Journal(const Clock& clock, JournalOptions options = {}) : clock_(clock), options_(options) {}
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Gives it the number and the time, takes the secrets out, keeps it and tells it.
  void add(JournalEntry entry);
  // Whether anybody wants Sent: asked before the work is done.
  bool wants_sent() const;

  const std::deque<JournalEntry>& entries() const { return entries_; }
  std::uint64_t total() const { return total_; }  // ever kept
  std::uint64_t forgotten() const { return total_ - entries_.size() - cleared_; }
  // Numbers go on; listeners and the file keep what they have.
  void clear();
  // The run is over: what is added from now on is ignored. How connections are taken down is nobody's behaviour.
  void finish() { finished_ = true; }

  // They outlive the journal. `line` gets every kept entry as it comes, with a newline.
  void listen(JournalListener& listener) { listeners_.push_back(&listener); }
  void write_to(std::function<void(std::string_view line)> line) { line_ = std::move(line); }

 private:
  void keep(const JournalEntry& entry);

  const Clock& clock_;
  JournalOptions options_;
  SecretNames secrets_;
  std::deque<JournalEntry> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t cleared_ = 0;
  std::vector<JournalListener*> listeners_;
  std::function<void(std::string_view)> line_;
  std::deque<JournalEntry> untold_;
  bool telling_ = false;
  bool finished_ = false;
};

}  // namespace ktape::scenario
