"""A client of a recording's server with a library that is not ours, in step with the server's time.

The server announces each instant in a Ping "ktape-time=<ns>" and goes on when all clients have answered. A client that
answers only once it has read everything that came before, and said what it wanted to say, has the same history every
time. With python3-websockets this takes one method.
"""

import asyncio
import json
import sys

import websockets
from websockets.legacy.client import WebSocketClientProtocol


class InStep(WebSocketClientProtocol):
    now = 0

    async def pong(self, data=b""):
        # The message before this Ping has been put into the queue: wait until the program has taken it, has had its say,
        # and waits for the next one.
        while self.messages or self._pop_message_waiter is None:
            await asyncio.sleep(0)
        if data.startswith(b"ktape-time="):
            self.now = int(data[len(b"ktape-time="):])
        await super().pong(data)


async def main(url, log):
    async with websockets.connect(url, create_protocol=InStep, open_timeout=60, ping_interval=None) as ws:
        with open(log, "w", encoding="utf-8") as out:
            try:
                asked = 0
                while True:
                    text = await ws.recv()
                    out.write(f"{ws.now} {text}\n")
                    message = json.loads(text)
                    # Asks for more, in answer to what it hears, and so at instants that depend on the market.
                    if message.get("channel") == "status":
                        await ws.send(json.dumps({"method": "subscribe", "req_id": 1,
                                                  "params": {"channel": "trade", "symbol": ["EUR/USD"]}}))
                    if message.get("channel") == "trade" and asked < 3:
                        asked += 1
                        book = {"channel": "book", "symbol": ["EUR/USD"], "depth": 10}
                        method = "unsubscribe" if asked == 2 else "subscribe"
                        await ws.send(json.dumps({"method": method, "req_id": 1 + asked, "params": book}))
            except websockets.ConnectionClosed as closed:
                out.write(f"{ws.now} closed {closed.rcvd.code if closed.rcvd else 1006}\n")


asyncio.run(main(sys.argv[1], sys.argv[2]))
