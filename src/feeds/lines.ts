/**
 * A stream of octets cut into lines.
 *
 * Owns: where a line ends (LF, CR LF, or a CR alone), its number (from 1), a byte order mark before it, and the length it may have.
 * Never: looks at what a line says, or copies one, but for the line that two chunks share.
 * The octets given to `target` stay as they are only until its method returns.
 */

const LF = 0x0a
const CR = 0x0d

/** Enough for the longest name with an address and a comment. */
export const LINE_OCTETS_MAX = 4096

export interface LineTarget {
  /** The line is `bytes[at, end)` without its end; it can be empty. */
  line(bytes: Uint8Array, at: number, end: number, number: number): void
  /** A line over the limit. Only `bytes[at, end)`, its beginning, was kept. */
  overlong(bytes: Uint8Array, at: number, end: number, number: number): void
}

export class LineSplitter {
  /** Lines seen so far; the last one counts though no line end follows it. */
  count = 0
  private readonly target: LineTarget
  private readonly octetsMax: number
  /** The beginning of a line whose end was not in the chunk. */
  private readonly held: Uint8Array
  private heldLength = 0
  /** The line was too long and has been reported; what is left of it is passed over. */
  private discarding = false
  /** The last octet was a CR that ended a line: an LF that follows belongs to it. */
  private afterCr = false

  constructor(target: LineTarget, octetsMax: number = LINE_OCTETS_MAX) {
    this.target = target
    this.octetsMax = octetsMax
    this.held = new Uint8Array(octetsMax)
  }

  push(bytes: Uint8Array, at: number, end: number): void {
    if (at >= end) return
    let start = this.afterCr && bytes[at] === LF ? at + 1 : at
    this.afterCr = false
    for (let i = start; ; ) {
      // Nearly all of the time is spent here.
      while (i < end && bytes[i]! > CR) i++
      if (i === end) break
      const octet = bytes[i++]!
      if (octet !== LF && octet !== CR) continue
      this.close(bytes, start, i - 1)
      if (octet === CR && i === end) this.afterCr = true
      else if (octet === CR && bytes[i] === LF) i++
      start = i
    }
    if (start < end) this.hold(bytes, start, end)
  }

  /** The end of the stream: a last line without a line end is a line. */
  finish(): void {
    if (this.heldLength > 0 && !this.discarding) this.give(this.held, 0, this.heldLength)
    this.heldLength = 0
    this.discarding = false
  }

  private close(bytes: Uint8Array, start: number, end: number): void {
    if (this.discarding) {
      this.discarding = false
      this.heldLength = 0
      return
    }
    if (this.heldLength === 0) {
      this.give(bytes, start, end)
      return
    }
    this.hold(bytes, start, end)
    if (!this.discarding) this.give(this.held, 0, this.heldLength)
    this.discarding = false
    this.heldLength = 0
  }

  private hold(bytes: Uint8Array, start: number, end: number): void {
    if (this.discarding) return
    const room = this.octetsMax - this.heldLength
    const taken = Math.min(room, end - start)
    this.held.set(bytes.subarray(start, start + taken), this.heldLength)
    this.heldLength += taken
    if (end - start <= room) return
    this.discarding = true
    this.target.overlong(this.held, 0, this.heldLength, ++this.count)
  }

  private give(bytes: Uint8Array, start: number, end: number): void {
    const number = ++this.count
    if (end - start > this.octetsMax) {
      this.target.overlong(bytes, start, start + this.octetsMax, number)
      return
    }
    // Lists put together with `cat` carry the marks of their parts wherever these begin.
    const marked = bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf && start + 3 <= end
    this.target.line(bytes, marked ? start + 3 : start, end, number)
  }
}
