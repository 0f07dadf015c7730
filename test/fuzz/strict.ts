/**
 * A strict reading of a message, for judging what we send: nothing here is shared with the program. Every count is right, every name ends,
 * every pointer leads back to where a name began, nothing stands behind the last record, one OPT at most and last.
 */

/** What is wrong with a message, or null. */
export function faultIn(message: Uint8Array): string | null {
  try {
    read(message)
    return null
  } catch (error) {
    return (error as Error).message
  }
}

function read(message: Uint8Array): void {
  if (message.length < 12) throw new Error('shorter than a header')
  const u16 = (at: number) => {
    if (at + 2 > message.length) throw new Error('cut')
    return (message[at]! << 8) | message[at + 1]!
  }
  const [questions, answers, authorities, additionals] = [u16(4), u16(6), u16(8), u16(10)]
  let at = 12
  for (let i = 0; i < questions; i++) at = nameEnd(message, at) + 4
  let opts = 0
  for (let i = 0; i < answers + authorities + additionals; i++) {
    const typeAt = nameEnd(message, at)
    const type = u16(typeAt)
    const length = u16(typeAt + 8)
    at = typeAt + 10 + length
    if (at > message.length) throw new Error('a record past the end')
    if (type === 1 && length !== 4) throw new Error('an A that is none')
    if (type === 28 && length !== 16) throw new Error('an AAAA that is none')
    if ([2, 5, 12].includes(type) && nameEnd(message, typeAt + 10) !== at)
      throw new Error('a name that does not fill its record')
    if (type === 41) opts++
    if (type === 41 && i < answers + authorities) throw new Error('an OPT that is no additional')
  }
  if (opts > 1) throw new Error('two OPTs')
  if (at !== message.length) throw new Error('octets behind the last record')
}

/** The offset after a name; throws for one that does not end, is too long, or has a pointer that does not lead back. */
function nameEnd(message: Uint8Array, from: number): number {
  let at = from
  let end = -1
  let octets = 0
  let lowest = from
  for (;;) {
    const length = message[at]
    if (length === undefined) throw new Error('a name past the end')
    if (length >= 0xc0) {
      const target = ((length & 0x3f) << 8) | (message[at + 1] ?? 0)
      if (end < 0) end = at + 2
      if (end > message.length || target >= lowest || target < 12) throw new Error('a pointer that does not lead back')
      lowest = target
      at = target
      continue
    }
    if (length > 63) throw new Error('a label of no kind')
    octets += length + 1
    if (octets > 255) throw new Error('a name too long')
    at += length + 1
    if (length === 0) return end < 0 ? at : end
  }
}
