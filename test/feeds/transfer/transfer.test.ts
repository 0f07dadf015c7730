/** Zones by transfer: what primaries may send, what they may not, and what is left then. */
import { createSocket } from 'node:dgram'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listenForNotifies } from '../../../src/feeds/transfer/notify.ts'
import { isNewer } from '../../../src/feeds/transfer/serial.ts'
import { Transferer, type TransfererOptions } from '../../../src/feeds/transfer/transferer.ts'
import { signMessage, type TsigKey } from '../../../src/feeds/transfer/tsig.ts'
import { nameFromText } from '../../../src/wire/name.ts'
import { type Asked, answerTo, framed, Primary, type RecordText, soa, ZONE } from '../../support/primary.ts'
import { until } from '../../transport/clients.ts'

const NOW = 1_790_000_000
const KEY: TsigKey = { name: 'key.test', algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 7).toString('base64') }

let folder = ''
let primaries: Primary[] = []
let problems: string[] = []
let now = NOW
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-transfer-'))
  primaries = []
  problems = []
  now = NOW
})
afterEach(async () => {
  await Promise.all(primaries.map(primary => primary.close()))
  rmSync(folder, { recursive: true, force: true })
})

async function primary(script: (asked: Asked, socket: Socket) => void): Promise<Primary> {
  const started = await Primary.start(script)
  primaries.push(started)
  return started
}

/** Sends each group of records as a message of its own. */
const sending =
  (...groups: readonly (readonly RecordText[])[]) =>
  (asked: Asked, socket: Socket) => {
    for (const [i, records] of groups.entries())
      socket.write(framed(answerTo(asked, records, { withQuestion: i === 0 })))
  }

function transferer(from: readonly Primary[], own: Partial<TransfererOptions> = {}): Transferer {
  return new Transferer({
    feed: 'list',
    zone: ZONE,
    primaries: from.map(({ endpoint }) => endpoint),
    key: null,
    path: join(folder, 'list.source'),
    timeoutMs: 5000,
    octetsMax: 2 ** 20,
    now: () => now * 1000,
    random: () => 0.5,
    newId: () => 4711,
    onProblem: (_, problem) => void problems.push(problem),
    ...own,
  })
}

async function refresh(from: readonly Primary[], own: Partial<TransfererOptions> = {}) {
  const one = transferer(from, own)
  await one.refresh()
  one.close()
  return one.state()
}

const copy = () => readFileSync(join(folder, 'list.source'), 'utf8').trimEnd().split('\n')
const SOA_LINE = (serial: number) => `rpz.test. IN SOA ns.test. hostmaster.test. ${serial} 3600 600 86400 60`

describe('a whole zone', () => {
  const records = [`bad.example.${ZONE} CNAME .`, `*.BAD.example.${ZONE} CNAME *.`, `a.example.${ZONE} A 192.0.2.7`]
  const lines = [
    'bad.example.rpz.test. IN CNAME .',
    '*.bad.example.rpz.test. IN CNAME *.',
    'a.example.rpz.test. IN A 192.0.2.7',
  ]
  const groupings: readonly (readonly [how: string, groups: readonly (readonly RecordText[])[]])[] = [
    ['in one message', [[soa(1), ...records, soa(1)]]],
    ['a record a message', [[soa(1)], ...records.map(own => [own]), [soa(1)]]],
    ['with its end in a message of its own', [[soa(1), ...records], [soa(1)]]],
  ]
  test.each(groupings)('comes %s, for its owner alone, and nothing is left beside it', async (_, groups) => {
    const one = await primary(sending(...groups))
    expect(await refresh([one])).toMatchObject({
      problem: null,
      lastSuccessAt: NOW,
      zone: { serial: 1, isExpired: false },
    })
    expect(copy()).toEqual([SOA_LINE(1), ...lines])
    expect(statSync(join(folder, 'list.source')).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder).sort()).toEqual(['list.source', 'list.source.state'])
  })

  test('of nothing but its SOA is one', async () => {
    await refresh([await primary(sending([soa(1), soa(1)]))])
    expect(copy()).toEqual([SOA_LINE(1)])
  })

  test('what is outside it, or of no use to a policy, is left out; names are escaped', async () => {
    const odd = [
      `evil.test A 192.0.2.1`,
      `x.${ZONE} TXT hello`,
      `xrpz.test A 192.0.2.1`,
      `a\\032b.${ZONE} CNAME .`,
      `v6.${ZONE} AAAA 20010db8000000000000000000000001`,
    ]
    await refresh([await primary(sending([soa(1), ...odd, soa(1)]))])
    expect(copy()).toEqual([SOA_LINE(1), 'a\\032b.rpz.test. IN CNAME .', 'v6.rpz.test. IN AAAA 2001:db8:0:0:0:0:0:1'])
  })

  const faults: readonly (readonly [
    what: string,
    script: (asked: Asked, socket: Socket) => void,
    cause: string,
    why: RegExp,
  ])[] = [
    ['that does not begin with its SOA', sending([records[0]!, soa(1)]), 'soa', /does not begin with its SOA/],
    ['that changes while it is sent', sending([soa(1), ...records, soa(2)]), 'soa', /changed while it was sent/],
    ['with records behind its end', sending([soa(1), ...records, soa(1), records[0]!]), 'transfer', /behind the end/],
    ['without anything', sending([]), 'soa', /without a SOA/],
    [
      'that is refused',
      (asked, socket) => socket.write(framed(answerTo(asked, [], { rcode: 5 }))),
      'refused',
      /says REFUSED/,
    ],
    [
      'that it is not an authority for',
      (asked, socket) => socket.write(framed(answerTo(asked, [], { rcode: 9 }))),
      'refused',
      /NOTAUTH/,
    ],
    [
      'with another id',
      (asked, socket) => socket.write(framed(answerTo({ id: asked.id ^ 1 }, [soa(1), soa(1)]))),
      'transfer',
      /another question/,
    ],
    [
      'that is a question',
      (asked, socket) => socket.write(framed(answerTo(asked, [soa(1), soa(1)], { flags: 0 }))),
      'transfer',
      /another question/,
    ],
    [
      'that is truncated',
      (asked, socket) => socket.write(framed(answerTo(asked, [soa(1)], { flags: 0x8600 }))),
      'transfer',
      /truncated/,
    ],
    ['of another class', sending([soa(1), `x.${ZONE} CH A 192.0.2.1`, soa(1)]), 'transfer', /another class/],
    [
      'that breaks off',
      (asked, socket) => socket.end(framed(answerTo(asked, [soa(1), ...records]))),
      'length',
      /ended before the zone did/,
    ],
    [
      'that breaks off in a message',
      (asked, socket) => socket.end(framed(answerTo(asked, [soa(1), soa(1)])).subarray(0, 40)),
      'length',
      /ended before/,
    ],
    [
      'whose record is cut',
      (asked, socket) => socket.write(framed(answerTo(asked, [soa(1), soa(1)]).subarray(0, -7))),
      'transfer',
      /cut/,
    ],
    ['of three octets', (_, socket) => socket.write(framed(Buffer.alloc(3))), 'transfer', /cannot be read/],
    ['that never ends', (asked, socket) => endless(asked, socket), 'size', /more than 1048576 octets/],
    ['that never begins', () => {}, 'timeout', /too long/],
  ]
  test.each(faults)('%s is not taken, and the copy stays as it is', async (_, script, cause, why) => {
    await refresh([await primary(sending([soa(1), ...records, soa(1)]))])
    rmSync(join(folder, 'list.source.state'))
    const before = copy()
    // Asked for the whole zone: what it has is of another one.
    const timeoutMs = cause === 'timeout' ? 700 : 20_000
    const state = await refresh([await primary(script)], { path: join(folder, 'other.source'), timeoutMs })
    expect(state.failures).toMatchObject({ [cause]: 1 })
    expect(state.problem).toMatch(why)
    expect(problems.at(-1)).toMatch(/^127\.0\.0\.1:\d+: /)
    expect(existsSync(join(folder, 'other.source'))).toBe(false)
    expect(readdirSync(folder)).toEqual(['list.source'])
    expect(copy()).toEqual(before)
  })

  test('comes from the next primary where the first is down', async () => {
    const down = await primary(() => {})
    await down.close()
    primaries.pop()
    expect(await refresh([down, await primary(sending([soa(1), soa(1)]))])).toMatchObject({
      problem: null,
      failures: { connect: 1 },
    })
  })
})

function endless(asked: Asked, socket: Socket): void {
  const message = framed(
    answerTo(
      asked,
      Array.from({ length: 500 }, (_, i) => `n${i}.example.${ZONE} CNAME .`),
    ),
  )
  socket.write(framed(answerTo(asked, [soa(1)])))
  const more = () => {
    while (!socket.destroyed && socket.write(message));
    if (!socket.destroyed) socket.once('drain', more)
  }
  more()
}

describe('differences', () => {
  const name = (n: number | string) => `n${n}.${ZONE} CNAME .`
  const line = (n: number | string) => `n${n}.rpz.test. IN CNAME .`
  beforeEach(async () => {
    await refresh([await primary(sending([soa(5), name(1), name(2), name(3), soa(5)]))])
  })

  test('several of them come to one new version', async () => {
    const one = await primary(
      sending(
        [soa(8), soa(5), name(1), name(2), soa(6), name(4)],
        [soa(6), name(4), soa(7), name(5), soa(7), soa(8), name(1), soa(8)],
      ),
    )
    expect(await refresh([one])).toMatchObject({ problem: null, zone: { serial: 8 } })
    expect(one.asked).toMatchObject([{ type: 'IXFR', serial: 5 }])
    expect(copy()).toEqual([SOA_LINE(8), line(1), line(3), line(5)])
  })

  test('none: the copy is not touched', async () => {
    const before = statSync(join(folder, 'list.source'), { bigint: true })
    now += 1000
    expect(await refresh([await primary(sending([soa(5)]))])).toMatchObject({ problem: null, lastSuccessAt: now })
    expect(statSync(join(folder, 'list.source'), { bigint: true }).mtimeNs).toBe(before.mtimeNs)
  })

  test('a whole zone instead is taken as well', async () => {
    await refresh([await primary(sending([soa(9), name(7), soa(9)]))])
    expect(copy()).toEqual([SOA_LINE(9), line(7)])
  })

  const unfit: readonly (readonly [what: string, groups: readonly (readonly RecordText[])[]])[] = [
    ['take away what is not there', [[soa(6), soa(5), name(99), soa(6), soa(6)]]],
    ['are of another version', [[soa(6), soa(4), name(1), soa(6), soa(6)]]],
    ['do not follow from each other', [[soa(8), soa(5), name(1), soa(6), name(4), soa(7), soa(8), soa(8)]]],
  ]
  test.each(unfit)('that %s: the whole zone is asked for', async (_, groups) => {
    const one = await primary((asked, socket) =>
      asked.type === 'IXFR'
        ? sending(...groups)(asked, socket)
        : sending([soa(10), name('whole'), soa(10)])(asked, socket),
    )
    expect(await refresh([one])).toMatchObject({ problem: null })
    expect(one.asked.map(({ type }) => type)).toEqual(['IXFR', 'AXFR'])
    expect(copy()).toEqual([SOA_LINE(10), line('whole')])
  })

  test('a primary that knows no differences is asked for the whole zone', async () => {
    const one = await primary((asked, socket) =>
      asked.type === 'IXFR'
        ? socket.write(framed(answerTo(asked, [], { rcode: 4 })))
        : sending([soa(6), soa(6)])(asked, socket),
    )
    expect(await refresh([one])).toMatchObject({ problem: null, zone: { serial: 6 } })
  })

  test.each([
    ['in a difference', sending([soa(4)])],
    [
      'in a whole zone',
      (asked: Asked, socket: Socket) =>
        asked.type === 'IXFR'
          ? socket.write(framed(answerTo(asked, [], { rcode: 4 })))
          : sending([soa(4), name(9), soa(4)])(asked, socket),
    ],
  ])('a serial that goes back %s is refused', async (_, script) => {
    const state = await refresh([await primary(script)])
    expect(state.problem).toMatch(/its serial went back, from 5 to 4/)
    expect(copy()).toEqual([SOA_LINE(5), line(1), line(2), line(3)])
  })

  test('a serial that goes back on purpose: who takes the copy away has the zone taken anew', async () => {
    rmSync(join(folder, 'list.source'))
    expect((await refresh([await primary(sending([soa(4), name(9), soa(4)]))])).problem).toBeNull()
    expect(copy()).toEqual([SOA_LINE(4), line(9)])
  })

  test('without a primary the zone stays, and from its own expiry on it is said', async () => {
    const silent = await primary((_, socket) => socket.destroy())
    now += 86_000
    expect((await refresh([silent])).zone).toEqual({ serial: 5, isExpired: false })
    now += 1000
    expect((await refresh([silent])).zone).toEqual({ serial: 5, isExpired: true })
    expect(copy()).toHaveLength(4)
  })

  test('a copy of another zone is no base for them', async () => {
    const one = await primary(sending([soa(1), soa(1)]))
    await refresh([one], { zone: 'other.test' })
    expect(one.asked.map(({ type }) => type)).toEqual(['AXFR'])
    expect(problems.at(-1)).toMatch(/does not begin with its SOA/)
  })
})

describe('signatures', () => {
  const zone = (asked: Asked) => answerTo(asked, [soa(1), `b.${ZONE} CNAME .`, soa(1)])
  const signed =
    (key: TsigKey, at = NOW) =>
    (asked: Asked, socket: Socket) =>
      socket.write(framed(signMessage(zone(asked), key, at, lastMac(asked)).message))

  test('a zone that is signed with the key is taken', async () => {
    expect(await refresh([await primary(signed(KEY))], { key: KEY })).toMatchObject({
      problem: null,
      zone: { serial: 1 },
    })
  })

  const bad: readonly (readonly [what: string, script: (asked: Asked, socket: Socket) => void, why: RegExp])[] = [
    ['that is not signed', sending([soa(1), soa(1)]), /without a signature/],
    ['signed with another secret', signed({ ...KEY, secret: Buffer.alloc(32, 8).toString('base64') }), /not good/],
    ['signed with another key', signed({ ...KEY, name: 'other.test' }), /another key/],
    ['signed with another algorithm', signed({ ...KEY, algorithm: 'hmac-sha512' }), /another key/],
    ['signed an hour ago', signed(KEY, NOW - 3600), /another time/],
    [
      'signed for another question',
      (asked, socket) =>
        socket.write(framed(signMessage(answerTo(asked, [soa(1), soa(1)]), KEY, NOW, Buffer.alloc(32)).message)),
      /not good/,
    ],
    [
      'whose end is not signed',
      (asked, socket) =>
        socket.write(
          Buffer.concat([
            framed(signMessage(answerTo(asked, [soa(1)]), KEY, NOW, lastMac(asked)).message),
            framed(answerTo(asked, [soa(1)])),
          ]),
        ),
      /its end is not signed/,
    ],
    [
      'with a truncated MAC',
      (asked, socket) =>
        socket.write(
          framed(truncatedMac(signMessage(answerTo(asked, [soa(1), soa(1)]), KEY, NOW, lastMac(asked)).message)),
        ),
      /not good|cannot be read/,
    ],
  ]
  test.each(bad)('a zone %s is not taken', async (_, script, why) => {
    const state = await refresh([await primary(script)], { key: KEY })
    expect(state.problem).toMatch(why)
    expect(readdirSync(folder)).toEqual([])
  })

  test('an error of the primary is told in its words', async () => {
    const one = await primary((asked, socket) => {
      const plain = signMessage(answerTo(asked, [], { rcode: 9 }), KEY, NOW).message
      plain.writeUInt16BE(17, plain.length - 4)
      socket.write(framed(plain))
    })
    expect((await refresh([one], { key: KEY })).problem).toMatch(/BADKEY: it does not know the key/)
  })
})

function lastMac(asked: Asked): Buffer {
  // The MAC stands before the original id, the error and the length of other data.
  return asked.message.subarray(asked.message.length - 6 - 32, asked.message.length - 6)
}

/** Half of the MAC, with all lengths as they must be then. */
function truncatedMac(message: Buffer): Buffer {
  const macAt = message.length - 6 - 32
  const shorter = Buffer.concat([message.subarray(0, macAt + 16), message.subarray(macAt + 32)])
  shorter.writeUInt16BE(16, macAt - 2)
  const rdata = 'hmac-sha256'.length + 2 + 8 + 2 + 32 + 6
  const lengthAt = message.length - rdata - 2
  shorter.writeUInt16BE(rdata - 16, lengthAt)
  return shorter
}

describe('a notification', () => {
  const notify = (zone = ZONE, id = 9) => {
    const octets = Buffer.alloc(256)
    const name = octets.subarray(0, nameFromText(zone, octets))
    return Buffer.concat([
      Buffer.from([id >>> 8, id & 0xff, 0x24, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
      name,
      Buffer.from([0, 6, 0, 1]),
    ])
  }
  const LAST_ID = 0x1234
  /** Is always answered, with REFUSED: what comes before its answer is all that a message before it got. */
  const last = notify('nobody.test', LAST_ID)
  const idOf = (answer: Buffer) => answer.readUInt16BE(0)

  /** The RCODE of the answer, null for silence; and how many transfers it led to. */
  async function send(message: Buffer, key: TsigKey | null, from = '127.0.0.1') {
    const one = await primary(sending([soa(1), soa(1)]))
    const asks = transferer([one], { key })
    const socket = createSocket('udp4')
    await new Promise<void>(resolve => socket.bind(0, from, resolve))
    const port = await freeUdpPort()
    const listener = await listenForNotifies({ address: '127.0.0.1', family: 4, port }, [asks], () => now * 1000)
    const answers: Buffer[] = []
    socket.on('message', answer => answers.push(answer))
    socket.send(message, port, '127.0.0.1')
    socket.send(last, port, '127.0.0.1')
    expect(await until(() => answers.some(answer => idOf(answer) === LAST_ID))).toBe(true)
    const own = answers.filter(answer => idOf(answer) !== LAST_ID)
    expect(own.length).toBeLessThanOrEqual(1)
    const rcode = own.length === 0 ? null : own[0]!.readUInt16BE(2) & 0xf
    // To its end, good or bad, so that it writes nothing into a folder that goes.
    const hasEnded = () => asks.state().lastSuccessAt !== null || asks.state().problem !== null
    expect(await until(hasEnded, rcode === 0 ? undefined : 50)).toBe(rcode === 0)
    listener.close()
    socket.close()
    asks.close()
    return { rcode, transfers: one.asked.length }
  }

  test('by a primary leads to a transfer', async () =>
    expect(await send(notify(), null)).toEqual({ rcode: 0, transfers: 1 }))
  test('by a stranger is refused', async () =>
    expect(await send(notify(), null, '127.0.0.9')).toEqual({ rcode: 5, transfers: 0 }))
  test('about another zone is refused', async () =>
    expect(await send(notify('other.test'), null)).toEqual({ rcode: 5, transfers: 0 }))
  test('that is not signed is refused where a key is needed', async () =>
    expect(await send(notify(), KEY)).toEqual({ rcode: 9, transfers: 0 }))
  test('that is signed leads to a transfer', async () =>
    expect(await send(signMessage(notify(), KEY, NOW).message, KEY)).toEqual({ rcode: 0, transfers: 1 }))
  test.each([Buffer.alloc(0), Buffer.alloc(11), Buffer.alloc(12), notify().subarray(0, 20), Buffer.alloc(600, 0xff)])(
    'rubbish gets nothing',
    async message => {
      expect(await send(message, null)).toEqual({ rcode: null, transfers: 0 })
    },
  )
})

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>(resolve => socket.close(() => resolve()))
  return port
}

test.each([
  [1, 0, true],
  [0, 1, false],
  [5, 5, false],
  [0, 0xffffffff, true],
  [0x7fffffff, 0, true],
  [0x80000000, 0, false],
])('serial %i after %i: %s', (a, b, expected) => expect(isNewer(a, b)).toBe(expected))
