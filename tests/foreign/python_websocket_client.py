"""websocket-client (WebSocketApp) on Spot v1, served from a recording of Spot v2."""

import json
import os
import sys

import websocket

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "support"))
import ktape_recording as recording

PAIRS = {"XBT/USD": "BTC/USD", "ETH/USD": "ETH/USD"}
DEPTH = 10
heard, answered, closed = [], {}, []


def on_open(app):
    for name, more in (("book", {"depth": DEPTH}), ("trade", {}), ("spread", {}), ("ohlc", {"interval": 1})):
        app.send(json.dumps({"event": "subscribe", "reqid": 7, "pair": list(PAIRS), "subscription": {"name": name, **more}}))


def on_message(app, text):
    message = json.loads(text)
    if isinstance(message, list):
        heard.append(message)
    elif message["event"] == "subscriptionStatus":
        assert message["status"] == "subscribed" and message["reqid"] == 7, text
        answered[message["channelID"]] = (message["channelName"], message["pair"])
    elif not answered and not heard:
        assert message["event"] == "systemStatus" and message["status"] == "online", text


def on_close(app, code, reason):
    closed.append(code)


def on_error(app, error):
    raise error


app = websocket.WebSocketApp(os.environ["KTAPE_WS_V1_URL"], on_open=on_open, on_message=on_message, on_close=on_close,
                             on_error=on_error)
app.run_forever()  # WEBSOCKET_CLIENT_CA_BUNDLE says whom to trust
assert closed == [1001], closed

assert sorted(answered.values()) == sorted(
    (name, pair) for name in (f"book-{DEPTH}", "trade", "spread", "ohlc-1") for pair in PAIRS)
for message in heard:
    assert answered[message[0]] == (message[-2], message[-1]), "each names the channel and the pair of its number"

checksums = trades = candles = 0
for pair, symbol in PAIRS.items():
    def of(channel):
        return [message[1:-2] for message in heard if (message[-2], message[-1]) == (channel, pair)]

    book = recording.Book(DEPTH)
    for parts in of(f"book-{DEPTH}"):
        def levels(key):
            return [level[:2] for part in parts for level in part.get(key, [])]

        if "as" in parts[0]:
            book.reset(levels("as"), levels("bs"))
        else:
            assert [("c" in part) for part in parts] == [False] * (len(parts) - 1) + [True], "the checksum comes last"
            assert str(book.apply(levels("a"), levels("b"))) == parts[-1]["c"], parts
            checksums += 1
    # In the end the best levels are those of the recording.
    last = recording.Book(25)
    for message in map(recording.parse, recording.messages("book", symbol)):
        sides = [[(level["price"], level["qty"]) for level in message["data"][0][side]] for side in ("asks", "bids")]
        last.reset(*sides) if message["type"] == "snapshot" else last.apply(*sides)
    assert (book.asks, book.bids) == (last.asks[:DEPTH], last.bids[:DEPTH]), f"the book of {pair} at the end"

    told = [tuple(trade[:2]) + (trade[3],) for parts in of("trade") for trade in parts[0]]
    recorded = [(trade["price"], trade["quantity"], trade["side"][0]) for trade in recording.events("trade", symbol)]
    assert told and told == recorded[-len(told):], f"trades of {pair}"
    trades += len(told)

    final = {}
    for (candle,) in of("ohlc-1"):
        final[candle[1]] = (candle[2:6], candle[8])
    said = {}
    for candle in recording.events("candle", symbol):
        if candle["source"] == "exchange":
            end = f'{candle["begin"] // 10**9 + 60}.000000'
            said[end] = ([candle[key] for key in ("open", "high", "low", "close")], candle["trades"])
    assert final and all(said[end] == values for end, values in final.items()), f"candles of {pair}"
    candles += len(final)
    assert all(len(spread) == 5 for (spread,) in of("spread"))

print(f"{len(heard)} messages, {checksums} checksums, {trades} trades, {candles} candles")
