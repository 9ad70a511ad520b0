#pragma once

#include "core/base/result.hpp"
#include "core/protocol/dialect.hpp"
#include "core/wire/frame.hpp"
#include "exchange/instrument_table.hpp"

namespace ktape {

// What a recording tells of the terms of its market: its first snapshot of instruments, and up to there, or without
// one, what each first book looks like (see InstrumentTable::assume). Reads no further than that takes. The exchange's
// REST knows these before the first websocket has said a word, and clients ask there first.
Result<InstrumentTable> told_terms(FrameSource& source, Dialect dialect);

}  // namespace ktape
