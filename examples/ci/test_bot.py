# ktape run session.ktape -- python3 -m pytest test_bot.py
import asyncio, json, os, ssl, websockets

async def first(channel, symbol):
    async with websockets.connect(os.environ["KTAPE_WS_URL"], ssl=ssl.create_default_context()) as ws:
        await ws.send(json.dumps({"method": "subscribe", "params": {"channel": channel, "symbol": [symbol]}}))
        return next(m for m in [json.loads(await ws.recv()) for _ in range(3)] if m.get("channel") == channel)

def test_a_book_begins_with_ten_levels_of_each_side():
    book = asyncio.run(first("book", "EUR/USD"))["data"][0]
    assert (len(book["bids"]), len(book["asks"])) == (10, 10)
