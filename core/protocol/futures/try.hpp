#pragma once

#include <utility>

#include "core/base/result.hpp"

// Hands an error on to the caller of the caller. Only for the readers of this folder.
#define KTAPE_TRY(expression)                                                               \
  do {                                                                                      \
    if (auto tried = (expression); !tried) return tl::unexpected(std::move(tried.error())); \
  } while (false)
