// A book that keeps the digits of each level, and Kraken's checksum over them. Not ktape's code, and not that of the
// clients under test: a third reading of the same rules.

const table = Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; ++bit) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});

export function crc32(text) {
  let crc = 0xffffffff;
  for (let i = 0; i < text.length; ++i) crc = (crc >>> 8) ^ table[(crc ^ text.charCodeAt(i)) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}

// Of the ten best asks, then bids: price and quantity without point and leading zeros. Levels are [price, quantity],
// both text, best first.
export function checksum(asks, bids) {
  const digits = (text) => text.replace('.', '').replace(/^0+/, '');
  return crc32([...asks.slice(0, 10), ...bids.slice(0, 10)].map(([p, q]) => digits(p) + digits(q)).join(''));
}

// A message with its numbers as the text that was sent: 0.10000000 keeps its eight places.
export function parseWithDigits(text) {
  return JSON.parse(text.replace(/":(-?\d+(?:\.\d+)?)(?=[,}\]])/g, '":"$1"'));
}

export class Book {
  constructor(depth) {
    this.depth = depth;
    this.asks = [];
    this.bids = [];
  }

  // The data of one message of the channel book, its numbers as text; `snapshot` begins anew. The checksum of what is
  // held then.
  apply({ asks, bids }, snapshot) {
    if (snapshot) this.asks = this.bids = [];
    this.asks = this.#side(this.asks, asks, 1);
    this.bids = this.#side(this.bids, bids, -1);
    return checksum(this.asks, this.bids);
  }

  #side(levels, changes, order) {
    const held = new Map(levels);
    for (const { price, qty } of changes) {
      if (Number(qty) === 0) {
        if (!held.delete(price)) throw new Error(`a level is deleted that is not held: ${price}`);
      } else {
        held.set(price, qty);
      }
    }
    return [...held].sort((a, b) => order * (Number(a[0]) - Number(b[0]))).slice(0, this.depth);
  }
}
