"""python3-websockets on Spot v2: pairs with few and with many decimals, every message of theirs, byte for byte."""

import asyncio
import json
import os
import ssl
import sys

import websockets

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "support"))
import ktape_recording as recording

SYMBOLS = ["MINA/GBP", "SHIB/USD", "EUR/USD"]


def subscribe(channel, number, **more):
    return json.dumps({"method": "subscribe", "req_id": number, "params": {"channel": channel, "symbol": SYMBOLS, **more}})


async def listen():
    heard = []
    trust = ssl.create_default_context()  # SSL_CERT_FILE says whom to trust
    async with websockets.connect(os.environ["KTAPE_WS_URL"], ssl=trust, open_timeout=60, max_queue=None) as ws:
        await ws.send(subscribe("book", 1, depth=10))
        # In fragments, as a library may send what is long.
        await ws.send([subscribe("trade", 2, snapshot=True)[:20], subscribe("trade", 2, snapshot=True)[20:]])
        await ws.send(subscribe("ticker", 3))
        await ws.send(subscribe("ohlc", 4, interval=1))
        try:
            while True:
                text = await ws.recv()
                assert isinstance(text, str), "text frames only"
                heard.append(text)
        except websockets.ConnectionClosed as closed:
            assert closed.rcvd.code == 1001, closed
    return heard


def check(heard):
    assert heard[0].startswith('{"channel":"status"')
    told = [recording.parse(text) for text in heard]
    checksums = 0
    for channel in ("book", "trade", "ticker", "ohlc"):
        for symbol in SYMBOLS:
            mine = [i for i, m in enumerate(told) if m.get("channel") == channel and m["data"][0]["symbol"] == symbol]
            answer = next(i for i, m in enumerate(told) if m.get("method") == "subscribe" and m["success"]
                          and (m["result"]["channel"], m["result"]["symbol"]) == (channel, symbol))
            assert answer < mine[0], f"{channel} {symbol}: the answer comes before the data"
            types = [told[i]["type"] for i in mine]
            assert types == ["snapshot"] + ["update"] * (len(mine) - 1), f"{channel} {symbol}: one snapshot"
            recorded = recording.messages(channel, symbol)
            updates = [heard[i] for i in mine[1:]]
            assert updates == recorded[len(recorded) - len(updates):], f"{channel} {symbol}: not what was recorded"
            if channel == "book":
                book = recording.Book(10)
                for i in mine:
                    data = told[i]["data"][0]
                    sides = [[(level["price"], level["qty"]) for level in data[side]] for side in ("asks", "bids")]
                    checksum = book.reset(*sides) if told[i]["type"] == "snapshot" else book.apply(*sides)
                    assert checksum == int(data["checksum"]), f"{symbol}: wrong after {heard[i]}"
                    checksums += 1
    return checksums


heard = asyncio.run(listen())
print(f"{len(heard)} messages, {check(heard)} checksums")
