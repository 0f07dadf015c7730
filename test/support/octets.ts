/** Octets for tests: hex, names in wire form, seeded numbers, and memory that throws where it is read outside of its bounds. */
import { nameFromText } from '../../src/wire/name.ts'

/** Octets from hex, spaces ignored. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'))
}

/** A name in wire form, case kept, from its labels as latin1 text. */
export function labels(...parts: readonly string[]): Uint8Array {
  const octets = parts.flatMap(part => [part.length, ...Buffer.from(part, 'latin1')])
  return Uint8Array.from([...octets, 0])
}

/** A name in wire form, lower case, from text. */
export function wireName(text: string): Uint8Array {
  const out = new Uint8Array(256)
  const end = nameFromText(text, out)
  if (end < 0) throw new TypeError(`not a name: ${text}`)
  return out.slice(0, end)
}

export function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => [...part]))
}

/** The same octets; to read one outside of `[start, end)` throws. */
export function guarded(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  return new Proxy(bytes, {
    get(target, field) {
      if (typeof field === 'string' && /^-?\d+$/.test(field)) {
        const place = Number(field)
        if (place < start || place >= end) throw new RangeError(`read at ${place}, outside of [${start}, ${end})`)
        return target[place]
      }
      return Reflect.get(target, field, target)
    },
  })
}

/** Numbers in [0, below), the same in every run (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed | 0
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below) >>> 0
  }
}
