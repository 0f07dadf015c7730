/** Names whose entries have expired, as they are met while a list is read: in wire form, each with its extent behind it. */
import type { Extent } from '../entry.ts'

const FIRST_OCTETS = 1024

export class ExpiredNames {
  count = 0
  private octets = new Uint8Array(FIRST_OCTETS)
  private end = 0

  add(name: Uint8Array, nameOctets: number, extent: Extent): void {
    if (this.end + nameOctets + 1 > this.octets.length) this.grow(nameOctets + 1)
    for (let i = 0; i < nameOctets; i++) this.octets[this.end + i] = name[i]!
    this.octets[this.end + nameOctets] = extent
    this.end += nameOctets + 1
    this.count++
  }

  private grow(more: number): void {
    const larger = new Uint8Array(Math.max(2 * this.octets.length, this.end + more))
    larger.set(this.octets.subarray(0, this.end))
    this.octets = larger
  }

  clear(): void {
    this.count = 0
    this.end = 0
  }

  /** `nameAt`: where the name begins in `octets`. */
  each(visit: (octets: Uint8Array, nameAt: number, extent: number) => void): void {
    for (let at = 0; at < this.end; ) {
      const nameAt = at
      while (this.octets[at] !== 0) at += this.octets[at]! + 1
      visit(this.octets, nameAt, this.octets[at + 1]!)
      at += 2
    }
  }
}
