/**
 * Messages on a stream: each behind its length in two octets (RFC 1035 §4.2.2). Takes octets in pieces of any size and gives whole
 * messages; holds at most one message that is not whole yet, and what is left of one piece when its taker wants no more for now.
 */
import { MESSAGE_OCTETS_MAX } from '../wire/header.ts'
import { u16 } from '../wire/octets.ts'

export const LENGTH_OCTETS = 2
const FIRST_ROOM = 512

export type TakeMessage = (bytes: Uint8Array, start: number, end: number) => boolean

export class FrameReader {
  private held: Uint8Array = new Uint8Array(0)
  private octets = 0
  private rest: Uint8Array | null = null

  /** Whether a message has begun and not ended. */
  get isWithinMessage(): boolean {
    return this.octets > 0
  }

  /**
   * Takes in a piece and calls `take(bytes, start, end)` for every message that it completes; the octets are the reader's, until
   * `take` returns. Where `take` returns false, what is left of the piece is kept for `resume`, and false returned; nothing may be
   * pushed until then.
   */
  push(piece: Uint8Array, take: TakeMessage): boolean {
    let at = 0
    if (this.octets > 0) {
      at = this.complete(piece)
      if (!this.isComplete()) return true
      const end = this.octets
      this.octets = 0
      if (!take(this.held, LENGTH_OCTETS, end)) return this.keep(piece, at)
    }
    while (at + LENGTH_OCTETS <= piece.length) {
      const end = at + LENGTH_OCTETS + u16(piece, at)
      if (end > piece.length) break
      const wantsMore = take(piece, at + LENGTH_OCTETS, end)
      at = end
      if (!wantsMore) return this.keep(piece, at)
    }
    this.hold(piece, at)
    return true
  }

  /** Goes on where `take` had enough; as `push`. */
  resume(take: TakeMessage): boolean {
    const { rest } = this
    this.rest = null
    return rest === null || this.push(rest, take)
  }

  private keep(piece: Uint8Array, at: number): false {
    this.rest = piece.subarray(at)
    return false
  }

  private isComplete(): boolean {
    return this.octets >= LENGTH_OCTETS && this.octets === LENGTH_OCTETS + u16(this.held, 0)
  }

  /** Adds to the held message what belongs to it; returns how many octets of the piece that was. */
  private complete(piece: Uint8Array): number {
    let at = 0
    while (at < piece.length && this.octets < LENGTH_OCTETS) this.add(piece, at++, 1)
    if (this.octets < LENGTH_OCTETS) return at
    const missing = LENGTH_OCTETS + u16(this.held, 0) - this.octets
    const taken = Math.min(missing, piece.length - at)
    this.add(piece, at, taken)
    return at + taken
  }

  private hold(piece: Uint8Array, at: number): void {
    if (at < piece.length) this.add(piece, at, piece.length - at)
  }

  private add(piece: Uint8Array, at: number, octets: number): void {
    const needed = this.octets + octets
    if (needed > this.held.length) {
      const larger = new Uint8Array(
        Math.min(Math.max(needed, FIRST_ROOM, this.held.length * 2), LENGTH_OCTETS + MESSAGE_OCTETS_MAX),
      )
      larger.set(this.held.subarray(0, this.octets))
      this.held = larger
    }
    this.held.set(piece.subarray(at, at + octets), this.octets)
    this.octets = needed
  }
}
