/**
 * Zone files (RFC 1035 §5) cut into records of words.
 *
 * Owns: blanks, comments, quotes, escapes and parentheses that join lines. Never: knows what a word means.
 * A record on one line, as nearly all are, is given as places in that line. The words of a longer one are first copied together.
 */
import { isBlank } from './octet-text.ts'

const SEMICOLON = 0x3b
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x28
const CLOSE = 0x29

/** Words of a record that are given; those of a long TXT or DNSKEY beyond them are passed over. */
export const WORDS_MAX = 12
const RECORD_OCTETS_MAX = 16 * 1024
/** No SOA or key is longer. Without a limit one missing parenthesis would swallow the rest of a file. */
const LINES_MAX = 64

export interface RecordTarget {
  /**
   * `count` words, the nth being `bytes[places[2 * n], places[2 * n + 1])`, all lent until this returns. `inherits`: the line began with a
   * blank, so that the record has the owner of the one before. `line` is where the record began.
   */
  record(bytes: Uint8Array, places: Int32Array, count: number, inherits: boolean, line: number): void
  /** A parenthesis that was opened here was not closed in time. */
  unclosed(line: number): void
}

export class ZoneScanner {
  private readonly target: RecordTarget
  private readonly places = new Int32Array(2 * WORDS_MAX)
  private count = 0
  private depth = 0
  private readonly joined = new Uint8Array(RECORD_OCTETS_MAX)
  private readonly joinedPlaces = new Int32Array(2 * WORDS_MAX)
  private joinedCount = 0
  private joinedLength = 0
  private firstLine = 0
  private inherits = false

  constructor(target: RecordTarget) {
    this.target = target
  }

  line(bytes: Uint8Array, at: number, end: number, number: number): void {
    const continued = this.depth > 0
    if (!continued) {
      this.firstLine = number
      this.inherits = at < end && isBlank(bytes[at]!)
    }
    this.split(bytes, at, end)
    if (!continued && this.depth === 0) {
      if (this.count > 0) this.target.record(bytes, this.places, this.count, this.inherits, number)
      return
    }
    this.join(bytes)
    if (this.depth === 0) this.giveJoined()
    else if (number - this.firstLine >= LINES_MAX) this.giveUp()
  }

  finish(): void {
    if (this.depth > 0) this.giveUp()
  }

  private split(bytes: Uint8Array, at: number, end: number): void {
    this.count = 0
    for (let i = at; i < end; ) {
      const octet = bytes[i]!
      if (octet === SEMICOLON) return
      if (isBlank(octet)) i++
      else if (octet === OPEN || octet === CLOSE) {
        this.depth = octet === OPEN ? this.depth + 1 : Math.max(0, this.depth - 1)
        i++
      } else {
        const wordEnd = octet === QUOTE ? quotedEnd(bytes, i, end) : plainEnd(bytes, i, end)
        this.add(i, wordEnd)
        i = wordEnd
      }
    }
  }

  private add(at: number, end: number): void {
    if (this.count === WORDS_MAX) return
    this.places[2 * this.count] = at
    this.places[2 * this.count + 1] = end
    this.count++
  }

  private join(bytes: Uint8Array): void {
    for (let n = 0; n < this.count && this.joinedCount < WORDS_MAX; n++) {
      const word = bytes.subarray(this.places[2 * n]!, this.places[2 * n + 1]!)
      if (this.joinedLength + word.length > RECORD_OCTETS_MAX) return
      this.joined.set(word, this.joinedLength)
      this.joinedPlaces[2 * this.joinedCount] = this.joinedLength
      this.joinedLength += word.length
      this.joinedPlaces[2 * this.joinedCount + 1] = this.joinedLength
      this.joinedCount++
    }
  }

  private giveJoined(): void {
    const count = this.joinedCount
    this.joinedCount = 0
    this.joinedLength = 0
    if (count > 0) this.target.record(this.joined, this.joinedPlaces, count, this.inherits, this.firstLine)
  }

  private giveUp(): void {
    this.depth = 0
    this.joinedCount = 0
    this.joinedLength = 0
    this.target.unclosed(this.firstLine)
  }
}

/** Behind the closing quote, or the end of a line that has none. */
function quotedEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    if (bytes[i] === BACKSLASH) i++
    else if (bytes[i] === QUOTE) return i + 1
  }
  return end
}

function plainEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  for (; i < end; i++) {
    const octet = bytes[i]!
    if (octet === BACKSLASH) i++
    else if (isBlank(octet) || octet === SEMICOLON || octet === OPEN || octet === CLOSE || octet === QUOTE) break
  }
  return Math.min(i, end)
}
