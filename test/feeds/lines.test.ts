import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineSplitter } from '../../src/feeds/lines.ts'

function split(octets: Uint8Array, chunks: readonly number[] = [octets.length], octetsMax = 16): string[] {
  const seen: string[] = []
  const text = (bytes: Uint8Array, at: number, end: number) => Buffer.from(bytes.slice(at, end)).toString('latin1')
  const splitter = new LineSplitter(
    {
      line: (bytes, at, end, number) => seen.push(`${number}:${text(bytes, at, end)}`),
      overlong: (bytes, at, end, number) => seen.push(`${number}!${text(bytes, at, end)}`),
    },
    octetsMax,
  )
  let at = 0
  for (const size of [...chunks, octets.length]) {
    // A chunk's memory is used again for the next.
    const chunk = octets.slice(at, at + size)
    splitter.push(chunk, 0, chunk.length)
    chunk.fill(0x23)
    at += chunk.length
  }
  splitter.finish()
  return seen
}

const rows: [what: string, text: string, lines: string[]][] = [
  ['nothing', '', []],
  ['one line without an end', 'a', ['1:a']],
  ['LF', 'a\nb\n', ['1:a', '2:b']],
  ['CR LF', 'a\r\nb\r\n', ['1:a', '2:b']],
  ['CR alone', 'a\rb\r', ['1:a', '2:b']],
  ['all three', 'a\nb\r\nc\rd', ['1:a', '2:b', '3:c', '4:d']],
  ['empty lines count', '\n\r\n\ra', ['1:', '2:', '3:', '4:a']],
  ['LF CR is two ends', 'a\n\rb', ['1:a', '2:', '3:b']],
  ['other control characters stay', 'a\0b\tc\x0bd\n', ['1:a\0b\tc\x0bd']],
  ['a byte order mark', '\xef\xbb\xbfa\nb', ['1:a', '2:b']],
  ['a byte order mark further on', 'a\n\xef\xbb\xbfb', ['1:a', '2:b']],
  ['half a byte order mark', '\xef\xbb\na', ['1:\xef\xbb', '2:a']],
  ['as long as a line may be', 'aaaaaaaaaaaaaaaa\nb', ['1:aaaaaaaaaaaaaaaa', '2:b']],
  ['too long', 'aaaaaaaaaaaaaaaaa\nb', ['1!aaaaaaaaaaaaaaaa', '2:b']],
  ['too long, without an end', 'b\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', ['1:b', '2!aaaaaaaaaaaaaaaa']],
]

describe('lines', () => {
  for (const [what, text, lines] of rows) {
    test(`${what}`, () => expect(split(Buffer.from(text, 'latin1'))).toEqual(lines))
    test(`${what}, octet by octet`, () =>
      expect(split(Buffer.from(text, 'latin1'), new Array<number>(text.length).fill(1))).toEqual(lines))
  }

  test('where chunks end makes no difference', () => {
    const octets = fc
      .uint8Array({ maxLength: 200 })
      .map(bytes => bytes.map(octet => (octet < 0x60 ? octet & 0x0f : octet)))
    fc.assert(
      fc.property(octets, fc.array(fc.nat({ max: 30 })), (bytes, chunks) => {
        expect(split(bytes, chunks)).toEqual(split(bytes))
      }),
    )
  })

  test('every line is there once, with the number an editor gives it', () => {
    const line = fc.stringMatching(/^[a-z ]{0,16}$/)
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom('\n', '\r\n', '\r'), (lines, end) => {
        const expected = lines.map((text, n) => `${n + 1}:${text}`)
        expect(split(Buffer.from(lines.map(text => text + end).join('')))).toEqual(expected)
      }),
    )
  })
})
