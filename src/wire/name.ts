/**
 * Domain names as they stand in a message (RFC 1035 §3.1): labels, each behind its length, the root label last.
 *
 * Owns: every rule about labels, case and compression pointers. Imports nothing.
 * Convention: functions take `(bytes, offset)` and return the offset after what they read, or a negative constant.
 */

/** A name's bounds: octets in wire form, octets in a label (RFC 1035 §2.3.4), and so labels with the root left out. */
export const NAME_OCTETS_MAX = 255
export const LABEL_OCTETS_MAX = 63
export const LABELS_MAX = 127

/** Pointers followed in one name: a well-made message needs one or two, and more only make work. */
export const POINTERS_MAX = 32

/** The name runs past its bounds, points forward, or is not a name at all. */
export const BAD_NAME = -1

const POINTER_BITS = 0xc0
const POINTER_MASK = 0x3f

/** Upper-case ASCII letters to lower case, every other octet to itself (RFC 4343 §3). */
export const FOLD: Uint8Array = foldTable()

function foldTable(): Uint8Array {
  const table = new Uint8Array(256)
  for (let octet = 0; octet < 256; octet++) table[octet] = octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet
  return table
}

/**
 * The offset after the name at `offset`, which ends where a pointer or the root label does. Follows no pointer, but
 * refuses one that does not lead to an earlier octet of the message, which begins at `start` (RFC 1035 §4.1.4).
 */
export function nameEnd(bytes: Uint8Array, offset: number, limit = bytes.length, start = 0): number {
  let at = offset
  while (at < limit) {
    const length = bytes[at]!
    if (length === 0) return at - offset < NAME_OCTETS_MAX ? at + 1 : BAD_NAME
    if (length > LABEL_OCTETS_MAX) return pointerEnd(bytes, at, start, offset, limit)
    at += length + 1
  }
  return BAD_NAME
}

function pointerEnd(bytes: Uint8Array, at: number, start: number, nameStart: number, limit: number): number {
  if (bytes[at]! < POINTER_BITS || at + 1 >= limit) return BAD_NAME
  return start + pointerTarget(bytes, at) < nameStart ? at + 2 : BAD_NAME
}

function pointerTarget(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! & POINTER_MASK) << 8) | bytes[at + 1]!
}

/**
 * Writes the name at `offset` of the message `bytes[start, limit)` into `out` at `outAt`, its pointers followed, case kept.
 * Pointers count from `start`, must each lead to an earlier octet than the last, and are at most POINTERS_MAX: a message made of pointers to
 * pointers must not cost more than one of names.
 * Returns the offset after the written name, or `BAD_NAME`.
 */
export function expandName(
  bytes: Uint8Array,
  start: number,
  offset: number,
  limit: number,
  out: Uint8Array,
  outAt: number,
): number {
  let at = offset
  let earliest = offset
  let pointers = 0
  let write = outAt
  while (at < limit) {
    const length = bytes[at]!
    if (length > LABEL_OCTETS_MAX) {
      if (length < POINTER_BITS || at + 1 >= limit) return BAD_NAME
      const target = start + pointerTarget(bytes, at)
      if (target >= earliest || ++pointers > POINTERS_MAX) return BAD_NAME
      earliest = target
      at = target
      continue
    }
    if (at + length >= limit || write + length + 1 - outAt > NAME_OCTETS_MAX) return BAD_NAME
    for (let i = 0; i <= length; i++) out[write + i] = bytes[at + i]!
    write += length + 1
    if (length === 0) return write
    at += length + 1
  }
  return BAD_NAME
}

/** Whether two names without pointers are the same, case folded (RFC 4343 §3). */
export function namesEqual(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): boolean {
  let i = 0
  for (;;) {
    const length = a[aAt + i]!
    if (length !== b[bAt + i]) return false
    if (length === 0) return true
    for (const end = i + length; i < end; ) {
      i++
      if (FOLD[a[aAt + i]!] !== FOLD[b[bAt + i]!]) return false
    }
    i++
  }
}

/**
 * Writes a name given as text (RFC 1035 §5.1, with `\.` and `\DDD`) into `out` at `at`, in lower case, and returns the offset
 * after it or `BAD_NAME`. A final dot may stand or not; `.` is the root. Octets are those of the string's UTF-16 units below 256:
 * internationalised names become A-labels before they come here.
 */
export function nameFromText(text: string, out: Uint8Array, at = 0): number {
  if (text === '.') {
    out[at] = 0
    return at + 1
  }
  let lengthAt = at
  let write = at + 1
  for (let i = 0; i < text.length; i++) {
    let unit = text.charCodeAt(i)
    if (unit === 0x2e) {
      if (!closeLabel(out, lengthAt, write)) return BAD_NAME
      lengthAt = write++
      continue
    }
    if (unit === 0x5c) {
      const escaped = /^\\(?:(\d{3})|(.))/s.exec(text.slice(i, i + 4))
      if (escaped === null) return BAD_NAME
      unit = escaped[1] === undefined ? escaped[2]!.charCodeAt(0) : Number(escaped[1])
      i += escaped[0].length - 1
    }
    if (unit > 255 || write - at >= NAME_OCTETS_MAX) return BAD_NAME
    out[write++] = FOLD[unit]!
  }
  if (write - lengthAt > 1 && closeLabel(out, lengthAt, write)) lengthAt = write++
  else if (write - lengthAt > 1 || lengthAt === at) return BAD_NAME
  if (write - at > NAME_OCTETS_MAX) return BAD_NAME
  out[lengthAt] = 0
  return write
}

function closeLabel(out: Uint8Array, lengthAt: number, end: number): boolean {
  const length = end - lengthAt - 1
  out[lengthAt] = length
  return length > 0 && length <= LABEL_OCTETS_MAX
}

/** The name at `offset` (no pointers) as text without the final dot, octets that are not letters, digits, `-`, `_`, `*` as `\DDD`; `.` for the root. */
export function nameToText(bytes: Uint8Array, offset = 0): string {
  let text = ''
  for (let at = offset; bytes[at]! > 0 && at < bytes.length; ) {
    const end = at + 1 + bytes[at]!
    if (text !== '') text += '.'
    for (at++; at < end; at++) text += octetToText(bytes[at]!)
  }
  return text === '' ? '.' : text
}

function octetToText(octet: number): string {
  const character = String.fromCharCode(octet)
  return /[A-Za-z0-9_*-]/.test(character) ? character : `\\${String(octet).padStart(3, '0')}`
}
