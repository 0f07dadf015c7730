import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameReader } from '../../src/transport/framing.ts'
import { seeded } from '../support/octets.ts'
import { frame } from './clients.ts'

/** The stream in pieces that end at these places; places beyond it or out of order do no harm. */
function pieces(stream: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map(cut => cut % (stream.length + 1)))].toSorted((a, b) => a - b)
  return [...places, stream.length].map((end, i) => stream.slice(i === 0 ? 0 : places[i - 1]!, end))
}

function read(parts: readonly Uint8Array[], reader = new FrameReader()): Buffer[] {
  const messages: Buffer[] = []
  for (const part of parts) {
    reader.push(part, (bytes, start, end) => {
      messages.push(Buffer.from(bytes.slice(start, end)))
      return true
    })
  }
  return messages
}

const filled = (octets: number) => {
  const next = seeded(octets)
  return Buffer.from(Array.from({ length: octets }, () => next(256)))
}

describe('frames of a stream', () => {
  test('however a stream is cut, the same messages come out, and then nothing is held', () => {
    const message = fc.uint8Array({ maxLength: 300 }).map(octets => Buffer.from(octets))
    const cuts = fc.array(fc.nat(), { maxLength: 40 })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), cuts, (messages, places) => {
        const reader = new FrameReader()
        expect(read(pieces(Buffer.concat(messages.map(frame)), places), reader)).toEqual(messages)
        expect(reader.isWithinMessage).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('any octets, cut anyhow, give the messages that one piece would give, and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat(), { maxLength: 20 }), (stream, places) => {
        expect(read(pieces(stream, places))).toEqual(read([stream]))
      }),
      { numRuns: 500 },
    )
  })

  const lengths = [0, 1, 2, 511, 512, 513, 16_384, 65_534, 65_535]
  test.each(lengths)(
    'a message of %i octets comes whole: in one piece, octet by octet, and cut after its length',
    octets => {
      const message = filled(octets)
      const stream = frame(message)
      expect(read([stream])).toEqual([message])
      expect(read([stream.subarray(0, 1), stream.subarray(1, 2), stream.subarray(2)])).toEqual([message])
      expect(read([stream.subarray(0, 2), stream.subarray(2)])).toEqual([message])
      expect(read(Array.from(stream, octet => Uint8Array.of(octet)))).toEqual([message])
    },
  )

  test('a short message after a long one that was held is itself, not the rest of the other', () => {
    const reader = new FrameReader()
    const [long, short] = [filled(65_535), filled(3)]
    expect(read([frame(long).subarray(0, 40_000), frame(long).subarray(40_000)], reader)).toEqual([long])
    expect(read([frame(short).subarray(0, 3), frame(short).subarray(3)], reader)).toEqual([short])
  })

  test('a taker that has enough now and then gets the rest, once each and in order, when it wants more', () => {
    const message = fc.uint8Array({ maxLength: 100 }).map(octets => Buffer.from(octets))
    const cuts = fc.array(fc.nat(), { maxLength: 20 })
    const wants = fc.array(fc.boolean(), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), cuts, wants, (messages, places, patience) => {
        const reader = new FrameReader()
        const taken: Buffer[] = []
        const take = (bytes: Uint8Array, start: number, end: number) => {
          taken.push(Buffer.from(bytes.slice(start, end)))
          return patience[taken.length % patience.length]!
        }
        for (const piece of pieces(Buffer.concat(messages.map(frame)), places)) {
          let wantsMore = reader.push(piece, take)
          // Every call that stops has taken a message: this ends.
          while (!wantsMore) wantsMore = reader.resume(take)
        }
        expect(taken).toEqual(messages)
      }),
      { numRuns: 500 },
    )
  })

  test('a taker that says stop is not called again', () => {
    const stream = Buffer.concat([frame(filled(3)), frame(filled(4)), frame(filled(5))])
    let taken = 0
    const went = new FrameReader().push(stream, () => ++taken < 2)
    expect([went, taken]).toEqual([false, 2])
  })

  test('what is held is bounded by one message, however much passes through', () => {
    const reader = new FrameReader()
    const stream = Buffer.concat(Array.from({ length: 200 }, () => frame(filled(60_000))))
    let messages = 0
    let longest = 0
    for (let at = 0; at < stream.length; at += 1400) {
      reader.push(stream.subarray(at, at + 1400), bytes => {
        longest = Math.max(longest, bytes.buffer.byteLength)
        return ++messages > 0
      })
    }
    expect(messages).toBe(200)
    // The buffer that messages are given out in is the reader's own: a length and the longest message.
    expect(longest).toBeLessThanOrEqual(2 + 65_535)
  })
})
