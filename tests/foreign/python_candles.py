"""A candle client that knows nothing of recordings: it closes each minute when its own clock says so.

Under `ktape run --faketime` its clock is the recording's, thirty times as fast as life.
"""

import asyncio
import json
import os
import ssl
import sys
import time
from datetime import datetime
from decimal import Decimal

import websockets

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "support"))
import ktape_recording as recording

SYMBOL = "BTC/USD"
MINUTE = 60
GRACE = 5  # seconds that it waits for trades on their way


class Candles:
    def __init__(self):
        self.begun = time.time()
        self.open, self.closed, self.late, self.behind = {}, {}, 0, 0.0

    def add(self, trade):
        at = datetime.fromisoformat(trade["timestamp"].replace("Z", "+00:00")).timestamp()
        now = time.time()
        # Both clocks are anchored to one instant of real time: nothing is heard before it has happened.
        assert at < now + 1, f"a trade of {at} at {now}"
        self.behind = max(self.behind, now - at)
        begin = int(at) // MINUTE * MINUTE
        if begin in self.closed:
            self.late += 1
        candle = self.closed.get(begin) or self.open.setdefault(begin, [])
        candle.append((Decimal(trade["price"]), Decimal(trade["qty"])))

    async def close_each_minute(self):
        boundary = (int(time.time()) // MINUTE + 1) * MINUTE
        while True:
            await asyncio.sleep(boundary + GRACE - time.time())
            if time.time() < boundary + GRACE:
                continue  # timers may be a little early
            self.closed[boundary - MINUTE] = self.open.pop(boundary - MINUTE, [])
            boundary += MINUTE


def summary(trades):
    prices = [price for price, _ in trades]
    return (prices[0], max(prices), min(prices), prices[-1], sum(quantity for _, quantity in trades), len(trades))


async def main():
    candles = Candles()
    trust = ssl.create_default_context()
    async with websockets.connect(os.environ["KTAPE_WS_URL"], ssl=trust, open_timeout=None, ping_interval=None,
                                  max_queue=None) as ws:
        await ws.send(json.dumps({"method": "subscribe", "req_id": 1,
                                  "params": {"channel": "trade", "symbol": [SYMBOL], "snapshot": False}}))
        closing = asyncio.create_task(candles.close_each_minute())
        try:
            async for text in ws:
                message = recording.parse(text)
                for trade in message["data"] if message.get("channel") == "trade" else []:
                    candles.add(trade)
        finally:
            closing.cancel()
    return candles


candles = asyncio.run(main())
trades = [t for t in recording.events("trade", SYMBOL) if not t["snapshot"]]
expected = {}
for trade in trades:
    begin = trade["exchange_time"] // 10**9 // MINUTE * MINUTE
    expected.setdefault(begin, []).append((Decimal(trade["price"]), Decimal(trade["quantity"])))
first = trades[0]["at"] // 10**9 // MINUTE * MINUTE
# All that were over when the recording ended, on the boundaries of its own minutes; the first may have begun without us.
assert list(candles.closed) == [first + n * MINUTE for n in range(len(candles.closed))], list(candles.closed)
assert len(candles.closed) >= 4, candles.closed.keys()
for begin in list(candles.closed)[1:]:
    assert summary(candles.closed[begin]) == summary(expected[begin]), f"the candle of {begin}"
print(f"{len(candles.closed)} candles closed on their boundaries, {candles.late} trades after that, "
      f"{candles.behind:.1f} s behind at most")
