/** The accept stage against octets that mean harm: it never throws, never reads outside, never takes long, and what it lets through is sound. */
import packet from 'dns-packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ACCEPTED, Acceptor } from '../../src/resolver/accept.ts'
import { accept, expected, LIMITS, rewritten } from '../support/accepting.ts'
import { guarded, join, labels, seeded } from '../support/octets.ts'
import { pointer, type RawRecord, rawMessage, rawOpt, soaRdata, TYPES } from '../support/raw.ts'

const acceptor = new Acceptor(LIMITS)

/** Valid answers of many kinds, to be mutated. */
const VALID: readonly { readonly message: Uint8Array; readonly type: number }[] = [
  {
    type: 1,
    message: rawMessage({
      answers: [
        { type: 1, rdata: [192, 0, 2, 1] },
        { type: 1, rdata: [192, 0, 2, 2] },
      ],
    }),
  },
  {
    type: 1,
    message: rawMessage({
      answers: [
        { type: TYPES.CNAME, rdata: join([3], Buffer.from('www'), pointer(12)) },
        { owner: pointer(42), type: TYPES.CNAME, rdata: labels('b', 'test') },
        { owner: labels('b', 'test'), type: 1, rdata: [192, 0, 2, 1] },
      ],
      additionals: [rawOpt()],
    }),
  },
  {
    type: 1,
    message: rawMessage({
      flags: 0x8183,
      authorities: [
        { owner: pointer(20), type: TYPES.SOA, rdata: soaRdata(60, pointer(12)) },
        { owner: pointer(20), type: TYPES.NSEC, rdata: join(labels('z'), [0, 1, 64]) },
      ],
    }),
  },
  {
    type: 15,
    message: rawMessage({
      type: 15,
      answers: [{ type: 15, rdata: join([0, 10, 4], Buffer.from('mail'), pointer(12)) }],
    }),
  },
  { type: 16, message: rawMessage({ type: 16, answers: [{ type: 16, rdata: [3, 97, 98, 99, 0] }] }) },
  {
    type: 33,
    message: rawMessage({
      type: 33,
      answers: [{ type: 33, rdata: join([0, 1, 0, 2, 0, 80, 3], Buffer.from('srv'), pointer(12)) }],
    }),
  },
  {
    type: 35,
    message: rawMessage({
      type: 35,
      answers: [{ type: 35, rdata: join([0, 1, 0, 2, 1, 97, 0, 2, 98, 98], pointer(12)) }],
    }),
  },
  {
    type: 255,
    message: rawMessage({
      type: 255,
      answers: [
        { type: 1, rdata: [1, 2, 3, 4] },
        { type: 2, rdata: pointer(20) },
      ],
    }),
  },
]

/** Types whose RDATA has one form: dns-packet must be able to read these. Of others any octets are lawful here (RFC 3597 §3). */
const ONE_FORM = [1, 2, 5, 6, 12, 15, 28]

/** Reads a response by names and lengths alone, then, where it can be expected of it, by another's implementation. */
function expectReadable(octets: Buffer): void {
  const types: number[] = []
  let at = 12 + 14 + 4
  for (let i = octets.readUInt16BE(6) + octets.readUInt16BE(8); i > 0; i--) {
    while (octets[at]! > 0 && octets[at]! < 64) at += octets[at]! + 1
    at += octets[at] === 0 ? 1 : 2
    types.push(octets.readUInt16BE(at))
    at += 10 + octets.readUInt16BE(at + 8)
  }
  expect(at).toBe(octets.length)
  if (!types.every(type => ONE_FORM.includes(type))) return
  expect(packet.decode(octets).answers).toHaveLength(octets.readUInt16BE(6))
  expect(packet.decode.bytes).toBe(octets.length)
}

/** Whether accepting what was accepted changes anything. */
function expectStable(octets: Buffer, type: number, dnssecOk: boolean): void {
  const asked = expected('example.test', type, dnssecOk)
  const again = new Acceptor(LIMITS)
  expect(again.accept(octets, 0, octets.length, asked)).toBe(ACCEPTED)
  expect(rewritten(again, asked).toString('hex')).toBe(octets.toString('hex'))
}

describe('any octets', () => {
  test('never throw, and are read within their bounds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(20), (octets, start) => {
        const memory = join(new Uint8Array(start).fill(0xc0), octets, new Uint8Array(20).fill(0xc0))
        const end = start + octets.length
        acceptor.accept(guarded(memory, start, end), start, end, expected())
      }),
      { numRuns: 1000 },
    )
  })

  test('behind a right header and question never throw, and are read within their bounds', () => {
    const head = rawMessage().subarray(0, 12 + 14 + 4)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(3), fc.nat(3), fc.nat(3), (octets, an, ns, ar) => {
        const message = join(head, octets)
        message.set([0, an, 0, ns, 0, ar], 6)
        acceptor.accept(guarded(message), 0, message.length, expected())
      }),
      { numRuns: 2000 },
    )
  })
})

test('100,000 mutations of valid answers: what is accepted can be read, and is its own rewriting', () => {
  const random = seeded(20_26)
  let accepted = 0
  for (let round = 0; round < 100_000; round++) {
    const { message, type } = VALID[round % VALID.length]!
    const mutated = mutate(message, random)
    const dnssecOk = (round & 1) === 1
    const asked = expected('example.test', type, dnssecOk)
    if (acceptor.accept(mutated, 0, mutated.length, asked) !== ACCEPTED) continue
    accepted++
    const octets = rewritten(acceptor, asked)
    // Decoding by another's implementation is slow: a tenth of them, and all of the first.
    if (accepted < 2000 || accepted % 10 === 0) {
      expectReadable(octets)
      expectStable(octets, type, dnssecOk)
    }
  }
  // Mutations must not be so wild that nothing is left to be judged.
  expect(accepted).toBeGreaterThan(10_000)
})

/** One to three changes: an octet, a bit, a cut, a doubled or a lost piece. */
function mutate(message: Uint8Array, random: (below: number) => number): Uint8Array {
  let out: Uint8Array = Uint8Array.from(message)
  // Behind id and question, mostly: everything else is refused at once.
  const place = () => (random(20) === 0 ? random(out.length) : 30 + random(Math.max(1, out.length - 30)))
  for (let changes = 1 + random(3); changes > 0; changes--) {
    const at = Math.min(place(), out.length - 1)
    const kind = random(8)
    if (kind < 3) out[at] = random(256)
    else if (kind < 5) out[at] = out[at]! ^ (1 << random(8))
    else if (kind === 5) out[6 + random(6)] = random(4)
    else if (kind === 6) out = out.slice(0, Math.max(31, at))
    else out = join(out.subarray(0, at), out.subarray(at, at + random(12)), out.subarray(at))
  }
  return out
}

/** Milliseconds that the acceptor takes for a message, the best of a few: what it costs, not what else the machine does. */
function costMs(message: Uint8Array, type = 1, dnssecOk = false): number {
  const asked = expected('example.test', type, dnssecOk)
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    const start = performance.now()
    acceptor.accept(message, 0, message.length, asked)
    best = Math.min(best, performance.now() - start)
    if (best > 200) break
  }
  return best
}

describe('a message of 65,535 octets that is made to be slow takes no longer than 20 ms', () => {
  const LARGEST = 65_535
  const HEAD = 12 + 14 + 4
  const fill = (message: (count: number) => Uint8Array, octetsEach: number, from = HEAD): Uint8Array => {
    const own = message(Math.floor((LARGEST - from) / octetsEach))
    expect(own.length).toBeLessThanOrEqual(LARGEST)
    expect(own.length).toBeGreaterThan(LARGEST - 600)
    return own
  }
  const repeat = (count: number, record: RawRecord) => Array.from({ length: count }, () => record)

  /** Pointers, each to the one before it, in an opaque record; the last owner names then follow all of them. */
  const ladderFrom = (bottom: number, start: number, steps: number) =>
    join(...Array.from({ length: steps }, (_, i) => pointer(i === 0 ? bottom : start + 2 * (i - 1))))

  test('pointers that lead through thousands of others, as owners of aliases', () => {
    const start = HEAD + 12
    const steps = (0x4000 - start) >>> 1
    const ladder: RawRecord = { type: 16, rdata: ladderFrom(12, start, steps) }
    const top = pointer(start + 2 * (steps - 1))
    const alias: RawRecord = { owner: top, type: 5, rdata: [0] }
    expect(
      costMs(fill(count => rawMessage({ answers: [ladder, ...repeat(count, alias)] }), 13, start + 2 * steps)),
    ).toBeLessThan(20)
  })

  test('the same as owners of signatures and proofs', () => {
    const start = HEAD + 12
    const steps = (0x4000 - start) >>> 1
    const ladder: RawRecord = { type: 16, rdata: ladderFrom(12, start, steps) }
    const top = pointer(start + 2 * (steps - 1))
    const address: RawRecord = { owner: top, type: 1, rdata: [192, 0, 2, 1] }
    const message = fill(count => rawMessage({ answers: [ladder, ...repeat(count, address)] }), 16, start + 2 * steps)
    expect(costMs(message, 1, true)).toBeLessThan(20)
  })

  test('a chain of sixteen aliases in the worst order, behind thousands of others', () => {
    const name = (i: number) => labels(`n${String(i).padStart(2, '0')}`, 'test')
    const owner = (i: number) => (i === 0 ? labels('example', 'test') : name(i))
    const chain = Array.from(
      { length: 15 },
      (_, i): RawRecord => ({ owner: owner(14 - i), type: 5, rdata: name(15 - i) }),
    )
    const other: RawRecord = { owner: pointer(20), type: 5, rdata: [0] }
    const chainOctets = rawMessage({ answers: chain }).length
    const message = fill(count => rawMessage({ answers: [...repeat(count, other), ...chain] }), 13, chainOctets)
    expect(costMs(message)).toBeLessThan(20)
  })

  test('names of 127 labels, compared with a chain of names of 127 labels', () => {
    const ones = (first: string) => labels(first, ...Array.from({ length: 126 }, () => 'a'))
    const names = Array.from({ length: 16 }, (_, i) => ones(String.fromCharCode(0x62 + i)))
    const tail = labels(...Array.from({ length: 126 }, () => 'a'))
    const chain: RawRecord[] = [{ type: 5, rdata: names[0]! }]
    for (let i = 0; i < 14; i++) chain.push({ owner: names[i]!, type: 5, rdata: names[i + 1]! })
    const end = rawMessage({ type: 2, answers: chain }).length
    const odd = join([1, 0x7a], tail.subarray(2), [])
    const record: RawRecord = { owner: names[14]!, type: 2, rdata: odd }
    const message = fill(
      count => rawMessage({ type: 2, answers: [...chain, ...repeat(count, record)] }),
      255 + 10 + 253 + 2,
      end,
    )
    expect(costMs(message, 2)).toBeLessThan(20)
  })

  test('thousands of records of ANY', () => {
    const mx: RawRecord = { type: 15, rdata: [0, 1, ...pointer(12)] }
    expect(
      costMs(
        fill(count => rawMessage({ type: 255, answers: repeat(count, mx) }), 16),
        255,
      ),
    ).toBeLessThan(20)
  })

  test('thousands of empty records (count lies included)', () => {
    const empty: RawRecord = { owner: [0], type: 16, rdata: [] }
    const message = fill(
      count => rawMessage({ answers: repeat(count, empty), counts: [1, 65_535, 65_535, 65_535] }),
      11,
    )
    expect(costMs(message)).toBeLessThan(20)
  })

  test('65,535 octets of labels without end', () => {
    const message = rawMessage({ counts: [1, 1], trailing: new Array<number>(LARGEST - HEAD).fill(1) })
    expect(costMs(message)).toBeLessThan(20)
  })
})

describe('records out of bailiwick', () => {
  test('of thousands of foreign names none is kept', () => {
    const foreign = Array.from(
      { length: 2000 },
      (_, i): RawRecord => ({ owner: labels(`n${i}`, 'bank', 'example'), type: 1, rdata: [192, 0, 2, 66] }),
    )
    const own = accept(rawMessage({ answers: [{ type: 1, rdata: [192, 0, 2, 1] }, ...foreign] }))
    expect([own.acceptor.answers, own.acceptor.authorities]).toEqual([1, 0])
  })
})
