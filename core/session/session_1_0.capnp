@0xa9c5bf8434dafb8f;
# What stands inside the records of a recording. docs/format.md describes the container around them.
# Times are nanoseconds since 1970 in UTC.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("ktape::schema");

struct SegmentInfo {
  sessionId @0 :Text;
  segment @1 :UInt32;      # counts from 0 within a session
  createdAt @2 :Int64;     # wall time at open
  monotonicAt @3 :Int64;   # reading of the monotonic clock at the same instant; 0 where there was none
  writer @4 :Text;         # program and version
  redaction @5 :Text;      # "none" or the name of the policy
  description @6 :Text;
  schema @7 :Text;         # this file
  dialect @8 :Text;        # spot-v2, spot-v1 or futures-v1; empty: not said
}

struct Stream {
  connection @0 :UInt32;
  channel @1 :UInt32;      # index into the names beside it; 0 is none
  symbol @2 :UInt32;       # likewise
  direction @3 :UInt8;     # 0 from the exchange, 1 to the exchange
  kind @4 :UInt8;          # 0 opened, 1 text, 2 binary, 3 ping, 4 pong, 5 closed
}

struct Chunk {
  baseSequence @0 :UInt64;
  baseTime @1 :Int64;
  timeDeltas @2 :List(UInt32);  # since the frame before; 0xFFFFFFFF: the next entry of longDeltas
  longDeltas @3 :List(Int64);
  streamIds @4 :List(UInt16);   # index into streams
  lengths @5 :List(UInt32);     # of each payload, without its newline
  streams @6 :List(Stream);
  names @7 :List(Text);         # the first is empty
  payloads @8 :Data;            # a newline, then each payload followed by a newline
}

struct Gap {
  from @0 :Int64;
  to @1 :Int64;
  cause @2 :UInt8;         # 0 other, 1 disconnected, 2 crash, 3 dropped, 4 damaged
  framesKnown @3 :Bool;
  connectionKnown @4 :Bool;
  frames @5 :UInt64;
  connection @6 :UInt32;
  detail @7 :Text;
}

struct ChunkTable {
  offsets @0 :List(UInt64);      # of the record header
  storedLengths @1 :List(UInt32);
  rawLengths @2 :List(UInt32);
  frames @3 :List(UInt32);
  firstSequences @4 :List(UInt64);
  minTimes @5 :List(Int64);
  maxTimes @6 :List(Int64);
  bodyCrcs @7 :List(UInt32);
}

struct ChunkStreams {
  streamIds @0 :List(UInt32);    # index into Index.streams
  frames @1 :List(UInt32);
  payloadBytes @2 :List(UInt64);
}

struct Index {
  chunks @0 :ChunkTable;
  chunkStreams @1 :List(ChunkStreams);  # one for each chunk
  streams @2 :List(Stream);
  names @3 :List(Text);
}

struct Seal {
  chunks @0 :ChunkTable;
  frames @1 :UInt64;
  payloadBytes @2 :UInt64;
  streams @3 :List(Stream);
  streamFrames @4 :List(UInt64);
  streamPayloadBytes @5 :List(UInt64);
  names @6 :List(Text);
  gaps @7 :List(Gap);
  chunkCrcSha256 @8 :Data;       # SHA-256 over the body CRCs, 4 bytes each, little-endian
}
