/**
 * Looking at a line as octets: blanks, prefixes, single characters, and the way to a string for the few lines that need one.
 * Everything takes `(bytes, at, end)` and reads nothing outside `[at, end)`.
 */
import { Buffer, isUtf8 } from 'node:buffer'

const SPACE = 0x20
const TAB = 0x09

/** What an operator is shown of a bad line. */
export const SHOWN_CHARACTERS_MAX = 200

export function isBlank(octet: number): boolean {
  return octet === SPACE || octet === TAB
}

/** The first place in `[at, end)` that is not blank, or `end`. */
export function skipBlanks(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && isBlank(bytes[i]!)) i++
  return i
}

/** The end of `[at, end)` without the blanks it ends with. */
export function trimEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = end
  while (i > at && isBlank(bytes[i - 1]!)) i--
  return i
}

/** The first blank in `[at, end)`, or `end`. */
export function wordEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && !isBlank(bytes[i]!)) i++
  return i
}

/** The first place of an octet in `[at, end)`, or `end`. */
export function placeOf(octet: number, bytes: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && bytes[i] !== octet) i++
  return i
}

/** Whether `[at, end)` begins with an ASCII text. */
export function startsWith(prefix: string, bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < prefix.length) return false
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix.charCodeAt(i)) return false
  return true
}

/** Whether `[at, end)` is an ASCII text, in whatever case; `text` is given in lower case. */
export function isWord(text: string, bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at !== text.length) return false
  for (let i = 0; i < text.length; i++) {
    const octet = bytes[at + i]!
    if ((octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet) !== text.charCodeAt(i)) return false
  }
  return true
}

/** The text of `[at, end)`, or null where it is not UTF-8. */
export function textOf(bytes: Uint8Array, at: number, end: number): string | null {
  const part = bytes.subarray(at, end)
  return isUtf8(part) ? asBuffer(part).toString('utf8') : null
}

/** The text of `[at, end)` for people: bounded, without control characters, whatever the octets are. */
export function shownText(bytes: Uint8Array, at: number, end: number): string {
  // No character takes more than four octets.
  const text = asBuffer(bytes.subarray(at, Math.min(end, at + 4 * SHOWN_CHARACTERS_MAX))).toString('utf8')
  return shown(text)
}

export function shown(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\u00b7')
  return plain.length <= SHOWN_CHARACTERS_MAX ? plain : `${plain.slice(0, SHOWN_CHARACTERS_MAX - 1)}…`
}

function asBuffer(part: Uint8Array): Buffer {
  return Buffer.from(part.buffer, part.byteOffset, part.byteLength)
}
