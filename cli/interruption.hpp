#pragma once

namespace ktape::cli {

// Turns SIGINT and SIGTERM into a wish that a long command looks at between two pieces of work, so that it can end in a
// defined way. In force from the first object on; a second signal ends the program as if there were none.
class Interruption {
 public:
  Interruption();
  bool requested() const;
};

// Whether nobody reads stdout any more, though nothing was written that could have told.
bool output_is_closed();

}  // namespace ktape::cli
