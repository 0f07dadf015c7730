/**
 * Names and why they are guarded, to be asked about millions of names that are not among them. V8 makes a lasting string of whatever a Map is asked for,
 * 40 octets and a tenth of a microsecond a name; bits by the names' hashes, sixteen or more to a name, tell nearly all of them before.
 */
import type { QuarantineReason } from './never-block.ts'

const WORDS_FIRST = 64
const BITS_A_NAME = 16

export class Reasons {
  private readonly byName = new Map<string, QuarantineReason>()
  private bits = new Uint32Array(WORDS_FIRST)

  /** The first reason that is given for a name stays. */
  add(name: string, reason: QuarantineReason): void {
    if (this.byName.has(name)) return
    this.byName.set(name, reason)
    if (this.byName.size * BITS_A_NAME > this.bits.length * 32) this.grow()
    else this.mark(name)
  }

  get(name: string): QuarantineReason | undefined {
    const hash = hashOf(name)
    const word = this.bits[(hash >>> 5) & (this.bits.length - 1)]!
    return (word & (1 << (hash & 31))) === 0 ? undefined : this.byName.get(name)
  }

  private grow(): void {
    this.bits = new Uint32Array(this.bits.length * 2)
    for (const name of this.byName.keys()) this.mark(name)
  }

  private mark(name: string): void {
    const hash = hashOf(name)
    const word = (hash >>> 5) & (this.bits.length - 1)
    this.bits[word] = this.bits[word]! | (1 << (hash & 31))
  }
}

/** FNV-1a with its bits mixed once more: the low ones choose. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0
}
