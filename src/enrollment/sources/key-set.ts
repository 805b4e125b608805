import { hash } from 'node:crypto';

/** The most keys that are known at a time: 4 million numbers of 8 bytes are 32 MB. */
const MOST_SLOTS = 2 ** 22;

/**
 * Keys that were seen, in bounded memory: a number of 64 bits for each, in a table that is at most three quarters full. A
 * table that is as large as it may be takes no more keys.
 */
export class KeySet {
  private slots = new BigUint64Array(2 ** 10);
  private used = 0;

  /** False when the key is there already. */
  add(key: string): boolean {
    // Zero marks a free slot.
    const number = hash('md5', key, 'buffer').readBigUInt64LE() || 1n;
    const slot = this.find(number);
    if (this.slots[slot] === number) return false;
    if (this.used >= this.slots.length * 0.75) {
      if (this.slots.length >= MOST_SLOTS) return true;
      this.grow();
      return this.put(number, this.find(number));
    }
    return this.put(number, slot);
  }

  private put(number: bigint, slot: number): true {
    this.slots[slot] = number;
    this.used++;
    return true;
  }

  private find(number: bigint): number {
    const mask = this.slots.length - 1;
    let slot = Number(number & 0xffffffffn) & mask;
    while (this.slots[slot] !== 0n && this.slots[slot] !== number) slot = (slot + 1) & mask;
    return slot;
  }

  private grow(): void {
    const before = this.slots;
    this.slots = new BigUint64Array(before.length * 2);
    for (const number of before) if (number !== 0n) this.slots[this.find(number)] = number;
  }
}
