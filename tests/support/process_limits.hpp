#pragma once

#include <cstddef>

namespace ktape::test {

// Memory of this process that is in RAM, in bytes; 0 where the system does not tell.
std::size_t resident_bytes();
// As many open files as the system lets this process have; how many that is.
std::size_t raise_file_limit();

}  // namespace ktape::test
