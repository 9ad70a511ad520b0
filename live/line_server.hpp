#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "live/live_loop.hpp"

namespace ktape {

struct LineServerOptions {
  std::string path;  // of the socket file; at most 107 bytes, which is what the system takes
  std::size_t max_connections = 16;
  std::size_t max_line_bytes = std::size_t{4} << 10U;
};

// Answers lines of text on a Unix socket, in the turns of a LiveLoop: for commands to a running program. Each line gets
// one line, in order; the next is not read before the answer has been taken. The file belongs to the user alone, and is
// gone with the server.
//
// Whoever comes beyond max_connections is hung up on at once, and so is whoever sends a longer line, after being told.
class LineServer {
 public:
  // Gets a line without its newline, gives the answer without one. Must not destroy the server.
  using Handler = std::function<std::string(std::string_view line)>;

  // Listens. `loop` outlives the server. A socket file that nobody answers at is taken over; anything else that stands
  // in the way is an error.
  static Result<std::unique_ptr<LineServer>> listen(LiveLoop& loop, LineServerOptions options, Handler handler);
  ~LineServer();
  LineServer(const LineServer&) = delete;
  LineServer& operator=(const LineServer&) = delete;

 private:
  class Impl;
  explicit LineServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace ktape
