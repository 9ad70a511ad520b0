// Writes a minute of a Futures market, PF_XBTUSD, as `ktape import` reads it: books held together by their numbers,
// trades, tickers. The same every time.
const product = 'PF_XBTUSD';
const start = 1788249600000;  // 2026-09-01T08:00:00Z
let state = 7;
const below = (n) => {  // a generator of 32 bits is plenty here
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 4294967296) * n);
};
let at = start;
const line = (kind, payload) => console.log(JSON.stringify({
  at: 0, connection: 1, direction: 'from_exchange', kind, payload,
}).replace('"at":0', `"at":${at}000000`));
const say = (message) => line('text', typeof message === 'string' ? message : JSON.stringify(message));

line('opened', 'wss://futures.kraken.com/ws/v1');
say({ event: 'info', version: 1 });
for (const feed of ['book', 'trade', 'ticker']) say({ event: 'subscribed', feed, product_ids: [product] });

const sides = { buy: new Map(), sell: new Map() };
for (let i = 1; i <= 30; ++i) {
  sides.buy.set(63000 - i, 1 + below(9000) / 1000);
  sides.sell.set(63000 + i, 1 + below(9000) / 1000);
}
const best = (side) => Math[side === 'buy' ? 'max' : 'min'](...sides[side].keys());
const levels = (side) => [...sides[side]].map(([price, qty]) => ({ price, qty })).sort((a, b) => (side === 'buy' ? b.price - a.price : a.price - b.price));
let seq = 326072249;
say({
  feed: 'book_snapshot', product_id: product, timestamp: at, seq, tickSize: null, bids: levels('buy'), asks: levels('sell'),
});
let tradeSeq = 100;
const uid = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const trade = (side) => ({
  feed: 'trade', product_id: product, uid: uid(tradeSeq), side, type: 'fill', seq: tradeSeq, time: at,
  qty: (1 + below(500)) / 10000, price: best(side === 'buy' ? 'sell' : 'buy'),
});
say({ feed: 'trade_snapshot', product_id: product, trades: [trade('buy')] });
const ticker = () => say({
  time: at, product_id: product, funding_rate: 0.25, funding_rate_prediction: 0.125, relative_funding_rate: 0.000004,
  relative_funding_rate_prediction: 0.000002, next_funding_rate_time: 1788264000000, feed: 'ticker', bid: best('buy'),
  ask: best('sell'), bid_size: sides.buy.get(best('buy')), ask_size: sides.sell.get(best('sell')), volume: 2500.5, dtm: 0,
  leverage: '50x', index: 63001.5, premium: 0, last: best('buy'), change: 1.25, suspended: false, tag: 'perpetual',
  pair: 'XBT:USD', openInterest: 1200.25, markPrice: 63000.5, maturityTime: 0, post_only: false, volumeQuote: 157500000,
});
ticker();

for (let tick = 1; tick < 600; ++tick) {
  at = start + tick * 100;
  for (let n = 1 + below(3); n > 0; --n) {
    const side = below(2) ? 'buy' : 'sell';
    const price = side === 'buy' ? 63000 - 1 - below(40) : 63001 + below(40);
    const held = sides[side].has(price);
    const qty = held && sides[side].size > 5 && below(3) === 0 ? 0 : 1 + below(9000) / 1000;
    if (qty === 0) sides[side].delete(price);
    else sides[side].set(price, qty);
    say({ feed: 'book', product_id: product, side, seq: ++seq, price, qty, timestamp: at });
  }
  if (below(5) === 0) {
    ++tradeSeq;
    say(trade(below(2) ? 'buy' : 'sell'));
  }
  if (tick % 10 === 0) ticker();
}
line('closed', '1001 recording ended');
