/**
 * Legal bases in the filter image, each once: the offset of every text, 32 bits each, and of the end of the last; then the texts in UTF-8. Numbers count
 * from 1. Read for people, never for a query.
 */

const NUMBER_OCTETS = 4
/** Longer ones, and more different ones than that, are not told: the class's own words are. */
export const BASIS_OCTETS_MAX = 600
export const BASES_MAX = 4095

export function basesOctets(texts: readonly Uint8Array[]): Uint8Array {
  const head = NUMBER_OCTETS * (texts.length + 1)
  const section = new Uint8Array(head + texts.reduce((sum, text) => sum + text.length, 0))
  const view = new DataView(section.buffer)
  let next = head
  for (const [i, text] of texts.entries()) {
    view.setUint32(NUMBER_OCTETS * i, next, true)
    section.set(text, next)
    next += text.length
  }
  view.setUint32(NUMBER_OCTETS * texts.length, next, true)
  return section
}

/** The text of a number; null for 0. */
export function basisText(section: Uint8Array, number: number): string | null {
  if (number === 0) return null
  const view = new DataView(section.buffer, section.byteOffset, section.length)
  const from = view.getUint32(NUMBER_OCTETS * (number - 1), true)
  const to = view.getUint32(NUMBER_OCTETS * number, true)
  return Buffer.from(section.slice(from, to)).toString('utf8')
}
