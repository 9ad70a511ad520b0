#pragma once

#include <string>
#include <string_view>

#include "net/http_message.hpp"
#include "replay/steered_player.hpp"

namespace ktape::cli {

// The verbs of a player for programs, over whatever carries text: those of replay/steering_commands.hpp, and quit.
class Control {
 public:
  explicit Control(SteeredPlayer& player) : player_(player) {}

  // One line asks, one line of JSON answers.
  std::string answer(std::string_view line);

  // GET /status, and POST /VERB with the rest of the line as the body. A page of another site in a browser is refused.
  net::HttpResponse answer(const net::HttpRequest& request);

  bool quit_wanted() const { return quit_; }

 private:
  SteeredPlayer& player_;
  bool quit_ = false;
};

}  // namespace ktape::cli
