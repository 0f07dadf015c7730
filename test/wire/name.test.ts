/** Names in wire form and as text: tables from the RFCs, then properties over any octets. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BAD_NAME, expandName, FOLD, nameEnd, nameFromText, namesEqual, nameToText } from '../../src/wire/name.ts'
import { guarded, hex, join, labels, wireName } from '../support/octets.ts'

const long = (octets: number) => 'x'.repeat(octets)
/** A name of exactly 255 octets: three labels of 63 and one of 61. */
const LONGEST = labels(long(63), long(63), long(63), long(61))
/** One octet more. */
const TOO_LONG = labels(long(63), long(63), long(63), long(62))

describe('nameEnd', () => {
  const rows: readonly (readonly [what: string, bytes: Uint8Array, at: number, end: number])[] = [
    ['the root is one zero octet (RFC 1035 §3.1)', hex('00'), 0, 1],
    ['a label and the root', hex('0161 00'), 0, 3],
    ['stops behind a pointer (RFC 1035 §4.1.4)', hex('00 0161 c000'), 1, 5],
    ['a pointer alone', hex('00 c000 ff'), 1, 3],
    ['a pointer to itself leads nowhere earlier', hex('c000'), 0, BAD_NAME],
    ['a pointer to the start of its own name', hex('00 0161 c001'), 1, BAD_NAME],
    ['a pointer forward', hex('c003 00 00'), 0, BAD_NAME],
    ['half a pointer at the end', hex('00 c0'), 1, BAD_NAME],
    ['label type 01 is not in use (RFC 6891 §5)', hex('41 61 00'), 0, BAD_NAME],
    ['label type 10 is not in use', hex('81 61 00'), 0, BAD_NAME],
    ['a label past the end', hex('05 6161'), 0, BAD_NAME],
    ['no root label', hex('0161'), 0, BAD_NAME],
    ['nothing at all', hex(''), 0, BAD_NAME],
    ['63 octets in a label (RFC 1035 §2.3.4)', labels(long(63)), 0, 65],
    ['255 octets in all', LONGEST, 0, 255],
    ['256 octets in all', TOO_LONG, 0, BAD_NAME],
    ['127 labels', labels(...Array.from({ length: 127 }, () => 'a')), 0, 255],
    ['128 labels', labels(...Array.from({ length: 128 }, () => 'a')), 0, BAD_NAME],
  ]
  test.each(rows)('%s', (_, bytes, at, end) => expect(nameEnd(bytes, at)).toBe(end))

  test('a limit before the root label cuts the name', () => expect(nameEnd(hex('0161 00'), 0, 2)).toBe(BAD_NAME))

  test('reads nothing outside of its bounds, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), fc.nat(80), (bytes, a, b) => {
        const limit = Math.min(Math.max(a, b), bytes.length)
        const at = Math.min(a, b, limit)
        const end = nameEnd(guarded(bytes, at, limit), at, limit)
        expect(end === BAD_NAME || (end > at && end <= limit)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('expandName', () => {
  const out = new Uint8Array(600)
  const expand = (bytes: Uint8Array, at: number, start = 0, limit = bytes.length) => {
    const end = expandName(bytes, start, at, limit, out, 0)
    return end === BAD_NAME ? 'BAD_NAME' : nameToText(out.slice(0, end))
  }
  const rows: readonly (readonly [what: string, bytes: Uint8Array, at: number, name: string])[] = [
    ['the root', hex('00'), 0, '.'],
    ['a name without pointers, its case kept', labels('Example', 'TEST'), 0, 'Example.TEST'],
    ['a pointer to an earlier name', join(labels('b', 'test'), hex('0161 c000')), 8, 'a.b.test'],
    ['a pointer into the middle of one', join(labels('b', 'test'), hex('0161 c002')), 8, 'a.test'],
    ['a pointer to a pointer', join(labels('test'), hex('c000 c006')), 8, 'test'],
    ['a pointer to itself', hex('c000'), 0, 'BAD_NAME'],
    ['two pointers at each other', hex('c002 c000'), 2, 'BAD_NAME'],
    ['a pointer to the start of its own name', hex('00 0161 c001'), 1, 'BAD_NAME'],
    ['a loop through a label: target not earlier than the last', hex('0161 c000'), 0, 'BAD_NAME'],
    ['a pointer forward', hex('c002 0161 00'), 0, 'BAD_NAME'],
    ['a pointer that goes back, then on past its own start', hex('0161 c006 00 00 c000'), 6, 'BAD_NAME'],
    ['half a pointer at the edge', hex('00 c0'), 1, 'BAD_NAME'],
    ['a label past the edge', hex('03 6161'), 0, 'BAD_NAME'],
    ['a label that ends at the edge, without a root', hex('02 6161'), 0, 'BAD_NAME'],
    ['label type 01', hex('4000'), 0, 'BAD_NAME'],
    ['label type 10', hex('8000'), 0, 'BAD_NAME'],
    ['256 octets', TOO_LONG, 0, 'BAD_NAME'],
    ['256 octets put together by a pointer', join(LONGEST, hex('00'), hex('c000')), 256, nameToText(LONGEST)],
    ['a label before the longest name', join(LONGEST, hex('0161 c000')), 255, 'BAD_NAME'],
  ]
  test.each(rows)('%s', (_, bytes, at, name) => expect(expand(bytes, at)).toBe(name))

  test('pointers count from the start of the message, not of the memory', () => {
    const memory = join(hex('ffff ffff'), labels('b', 'test'), hex('0161 c000'))
    expect(expand(memory, 12, 4)).toBe('a.b.test')
  })

  test('a pointer cannot lead to before the message', () => {
    const memory = join(labels('out'), labels('in'), hex('c000'))
    expect(expand(memory, 9, 5)).toBe('in')
  })

  test('never writes more than 255 octets, nor reads outside of the message, whatever the octets', () => {
    fc.assert(
      fc.property(messageLike(), fc.nat(40), fc.nat(199), (bytes, start, at) => {
        const memory = join(new Uint8Array(start).fill(0x3f), bytes, new Uint8Array(300).fill(1))
        const guard = new Uint8Array(400).fill(0xee)
        const [from, to] = [start, start + bytes.length]
        const end = expandName(guarded(memory, from, to), start, from + Math.min(at, bytes.length), to, guard, 7)
        expect(guard.subarray(0, 7).every(octet => octet === 0xee)).toBe(true)
        expect(guard.subarray(7 + 255).every(octet => octet === 0xee)).toBe(true)
        if (end !== BAD_NAME) expect(nameEnd(guard.subarray(7, end), 0)).toBe(end - 7)
      }),
      { numRuns: 2000 },
    )
  })

  test('where the memory lies changes nothing', () => {
    fc.assert(
      fc.property(messageLike(), fc.nat(199), (bytes, at) => {
        const from = Math.min(at, bytes.length)
        const [one, other] = [new Uint8Array(300), new Uint8Array(300)]
        const end = expandName(bytes, 0, from, bytes.length, one, 0)
        const moved = expandName(join(new Uint8Array(50), bytes), 50, 50 + from, 50 + bytes.length, other, 0)
        expect(moved).toBe(end)
        if (end !== BAD_NAME) expect(other).toEqual(one)
      }),
      { numRuns: 2000 },
    )
  })
})

/** Octets among which short labels and pointers backwards are frequent. */
function messageLike(): fc.Arbitrary<Uint8Array> {
  const piece = fc.oneof(
    fc
      .integer({ min: 0, max: 5 })
      .chain(length => fc.uint8Array({ minLength: length, maxLength: length }).map(octets => [length, ...octets])),
    fc.nat(120).map(target => [0xc0, target]),
    fc.nat(255).map(octet => [octet]),
  )
  return fc.array(piece, { maxLength: 40 }).map(pieces => Uint8Array.from(pieces.flat().slice(0, 200)))
}

describe('namesEqual', () => {
  const rows: readonly (readonly [a: Uint8Array, b: Uint8Array, same: boolean])[] = [
    [labels(), labels(), true],
    [labels('Example', 'TEST'), labels('eXAMPLE', 'test'), true],
    [labels('a'), labels('b'), false],
    [labels('ab', 'c'), labels('a', 'bc'), false],
    [labels('a', 'test'), labels('test'), false],
    [labels('a'), labels('a', 'b'), false],
    // RFC 4343 §3: only the ASCII letters fold; `[` and `{` differ by the same bit.
    [labels('['), labels('{'), false],
    [labels('@'), labels('`'), false],
    [labels('\xc4'), labels('\xe4'), false],
  ]
  test.each(rows)('%o and %o: %s', (a, b, same) => {
    expect(namesEqual(a, 0, b, 0)).toBe(same)
    expect(namesEqual(b, 0, a, 0)).toBe(same)
  })

  test('at offsets', () => expect(namesEqual(join([9, 9], labels('a')), 2, join([7], labels('A')), 1)).toBe(true))
})

describe('nameFromText', () => {
  const out = new Uint8Array(300)
  const rows: readonly (readonly [text: string, wire: Uint8Array | null, why: string])[] = [
    ['.', labels(), 'the root'],
    ['example.test', labels('example', 'test'), 'two labels'],
    ['example.test.', labels('example', 'test'), 'a final dot may stand'],
    ['EXAMPLE.Test', labels('example', 'test'), 'lower case'],
    ['a\\.b.test', labels('a.b', 'test'), 'an escaped dot is part of its label (RFC 1035 §5.1)'],
    ['\\097\\065.test', labels('aa', 'test'), 'decimal escapes, folded like letters'],
    ['\\000.test', labels('\0', 'test'), 'an octet zero (RFC 2181 §11)'],
    ['\\255', labels('\xff'), 'the last octet'],
    ['\\256', null, 'past the last octet'],
    ['\\\\', labels('\\'), 'an escaped backslash'],
    ['a\\', null, 'a backslash at the end'],
    ['', null, 'nothing'],
    ['..', null, 'two dots'],
    ['.test', null, 'an empty label in front'],
    ['a..test', null, 'an empty label within'],
    ['a.test..', null, 'an empty label behind'],
    [long(63), labels(long(63)), '63 octets in a label'],
    [long(64), null, '64 octets in a label'],
    [`${long(64)}.test`, null, '64 octets in a label, not the last'],
    [`${long(63)}.${long(63)}.${long(63)}.${long(61)}`, LONGEST, '253 characters'],
    [`${long(63)}.${long(63)}.${long(63)}.${long(61)}.`, LONGEST, '253 characters and the final dot'],
    [`${long(63)}.${long(63)}.${long(63)}.${long(62)}`, null, '254 characters'],
    [`${long(63)}.${long(63)}.${long(63)}.${long(62)}.`, null, '254 characters and the final dot'],
    ['a.'.repeat(127), labels(...Array.from({ length: 127 }, () => 'a')), '127 labels'],
    ['a.'.repeat(128), null, '128 labels'],
    ['қалқан.test', null, 'a letter that is no octet'],
    ['a.'.repeat(100_000), null, 'a very long text'],
  ]
  test.each(rows)('%j', (text, wire, why) => {
    const end = nameFromText(text, out)
    expect(end === BAD_NAME ? null : out.slice(0, end), why).toEqual(wire)
  })

  test('writes at an offset and leaves what stands before', () => {
    out.fill(7)
    expect(nameFromText('a', out, 5)).toBe(8)
    expect([...out.subarray(4, 9)]).toEqual([7, 1, 0x61, 0, 7])
  })

  test('never writes past 256 octets from where it was told to, whatever the text', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 400 }),
      fc.string({ unit: fc.constantFrom('a', '.', '\\', '0', '9'), maxLength: 400 }),
    )
    fc.assert(
      fc.property(text, given => {
        const guard = new Uint8Array(1000).fill(0xee)
        const end = nameFromText(given, guard, 10)
        expect(guard.subarray(0, 10).every(octet => octet === 0xee)).toBe(true)
        expect(guard.subarray(10 + 256).every(octet => octet === 0xee)).toBe(true)
        if (end !== BAD_NAME) expect(nameEnd(guard.subarray(10, end), 0)).toBe(end - 10)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('nameToText', () => {
  const rows: readonly (readonly [wire: Uint8Array, text: string])[] = [
    [labels(), '.'],
    [labels('Example', 'test'), 'Example.test'],
    [labels('a.b', 'test'), 'a\\046b.test'],
    [labels('_dns', '*', 'x-y'), '_dns.*.x-y'],
    [labels('<b>\n\x1b"%\\'), '\\060b\\062\\010\\027\\034\\037\\092'],
    [labels('\xff\0'), '\\255\\000'],
  ]
  test.each(rows)('%o is %j', (wire, text) => expect(nameToText(wire)).toBe(text))

  test('what is written can be read again: the identity on every name in lower case', () => {
    fc.assert(
      fc.property(anyName(), name => {
        const folded = name.map(octet => FOLD[octet]!)
        expect(wireName(nameToText(folded))).toEqual(folded)
      }),
      { numRuns: 2000 },
    )
  })
})

/** Names of any octets, at most 255 of them. The lengths of labels are below 64 and so are not changed by folding. */
function anyName(): fc.Arbitrary<Uint8Array> {
  return fc.array(fc.uint8Array({ minLength: 1, maxLength: 63 }), { maxLength: 10 }).map(parts => {
    const kept: number[] = []
    for (const part of parts) if (kept.length + part.length + 2 <= 255) kept.push(part.length, ...part)
    return Uint8Array.from([...kept, 0])
  })
}

test('folding touches the 26 letters and nothing else (RFC 4343 §3)', () => {
  for (let octet = 0; octet < 256; octet++) {
    const isUpper = octet >= 0x41 && octet <= 0x5a
    expect(FOLD[octet]).toBe(isUpper ? octet + 0x20 : octet)
  }
})
