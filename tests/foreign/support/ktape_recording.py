"""What the recording holds that a server plays, and what a book of it must add up to.

Read with ktape itself, from the file that KTAPE_RECORDING names. Numbers stay the text that was sent.
"""

import json
import os
import subprocess
import zlib
from decimal import Decimal

_SPAN = ["--duration", os.environ["KTAPE_DURATION"]] if "KTAPE_DURATION" in os.environ else []


def _ktape(*arguments):
    command = [os.environ.get("KTAPE", "ktape"), *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout


def parse(text):
    """JSON whose numbers keep their digits: 0.10000000 is not 0.1."""
    return json.loads(text, parse_float=str, parse_int=str)


def messages(channel, symbol):
    """The messages of one feed, as the exchange sent them."""
    lines = _ktape("cat", os.environ["KTAPE_RECORDING"], "--format", "json", "--direction", "in", "--kind", "text",
                   "--channel", channel, "--symbol", symbol, *_SPAN)
    texts = [json.loads(line)["payload"] for line in lines.splitlines()]
    return [text for text in texts if text.startswith('{"channel"')]


def events(kind, symbol):
    """The typed events of one kind."""
    lines = _ktape("cat", os.environ["KTAPE_RECORDING"], "--events", "--format", "json", "--kind", kind,
                   "--symbol", symbol, *_SPAN)
    return [json.loads(line) for line in lines.splitlines()]


class Book:
    """Levels as (price, quantity) with their digits, best first, cut to the depth after each message."""

    def __init__(self, depth):
        self.depth, self.asks, self.bids = depth, [], []

    def reset(self, asks, bids):
        self.asks, self.bids = [], []
        return self.apply(asks, bids)

    def apply(self, asks, bids):
        self.asks = self._side(self.asks, asks, best=min)
        self.bids = self._side(self.bids, bids, best=max)
        return self.checksum()

    def checksum(self):
        def digits(text):
            return text.replace(".", "").lstrip("0")

        return zlib.crc32("".join(digits(p) + digits(q) for p, q in self.asks[:10] + self.bids[:10]).encode())

    def _side(self, levels, changes, best):
        held = dict(levels)
        for price, quantity in changes:
            if Decimal(quantity) == 0:
                del held[price]  # a KeyError: a level is deleted that is not held
            else:
                held[price] = quantity
        return sorted(held.items(), key=lambda level: Decimal(level[0]), reverse=best is max)[:self.depth]
