/** Stories of a question that must be asked of others: lost, forged, cut short, refused, answered late. */
import packet from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { MISMATCHED, OUTCOMES, TCP } from '../../src/images/counters.ts'
import { QUESTIONS } from '../../src/resolver/questions.ts'
import { decode, query, replyTo } from '../support/messages.ts'
import { labels } from '../support/octets.ts'
import { rawMessage, rawQuery } from '../support/raw.ts'
import { read } from '../support/reading.ts'
import { a, cname, Story, soa } from '../support/story.ts'

const NAME = 'www.example.test'
const outcome = (story: Story, name: (typeof OUTCOMES)[number]) => {
  const first = story.layout.upstream + OUTCOMES.indexOf(name) * story.layout.upstreams
  return story.plane.counters.slice(first, first + story.layout.upstreams).reduce((sum, own) => sum + own, 0)
}
const idOf = (message: Uint8Array) => decode(message).id

describe('a question nobody has asked yet', () => {
  test('goes to one upstream, and its answer to who asked', () => {
    const story = new Story()
    expect(story.client({ name: NAME, id: 7 })).toBeNull()
    expect(story.sent).toHaveLength(1)
    story.upstream({ answers: [a(NAME)] })
    expect(story.told()).toEqual([
      expect.objectContaining({
        id: 7,
        rcode: 'NOERROR',
        question: `${NAME} A`,
        answers: [`${NAME} 300 A 198.51.100.1`],
        error: null,
      }),
    ])
    expect(story.plane.forwarder).toBeDefined()
    expect(story.assembled.questions.inFlight).toBe(0)
    expect(story.assembled.questions.waiting).toBe(0)
  })

  test('is a message of our own: an id of ours, an OPT of ours, none of the client’s options', () => {
    const story = new Story()
    story.ask(
      packet.encode({
        type: 'query',
        id: 0x1234,
        flags: packet.RECURSION_DESIRED | packet.CHECKING_DISABLED,
        questions: [{ type: 'A', name: 'WwW.eXample.test' }],
        additionals: [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: 4096,
            extendedRcode: 0,
            ednsVersion: 0,
            flags: packet.DNSSEC_OK,
            flag_do: true,
            options: [
              { code: 'CLIENT_SUBNET', ip: '192.0.2.0', sourcePrefixLength: 24 },
              { code: 'COOKIE', data: Buffer.alloc(8) },
            ] as never,
          },
        ],
      }),
    )
    const asked = decode(story.last().message)
    expect(asked.id).not.toBe(0x1234)
    expect(asked).toMatchObject({
      flag_rd: true,
      flag_cd: true,
      flag_ad: true,
      questions: [{ name: NAME, type: 'A', class: 'IN' }],
    })
    expect(asked.additionals).toEqual([
      expect.objectContaining({ type: 'OPT', udpPayloadSize: 1232, flag_do: true, options: [] }),
    ])
  })

  test('with RD clear goes out with RD clear, and its answer is kept apart', () => {
    const story = new Story()
    story.ask(rawQuery({ flags: 0, name: labels('a', 'test') }))
    expect(decode(story.last().message).flag_rd).toBe(false)
    story.upstream({ answers: [a('a.test')] })
    story.client('a.test')
    expect(story.sent).toHaveLength(2)
  })
})

describe('fifty clients ask the same', () => {
  test('one message goes out, and each is answered with its own id and spelling', () => {
    const story = new Story()
    const spell = (i: number) =>
      [...NAME].map((letter, at) => (((i >> (at % 6)) & 1) === 1 ? letter.toUpperCase() : letter)).join('')
    for (let i = 0; i < 50; i++) expect(story.client({ name: spell(i), id: 1000 + i, edns: i % 2 === 0 })).toBeNull()
    expect(story.sent).toHaveLength(1)
    expect(story.counter('coalesced')).toBe(49)
    story.upstream({ answers: [a(NAME)] })
    const told = story.told()
    expect(told).toHaveLength(50)
    for (const own of told) {
      expect(own.question).toBe(`${spell(own.id - 1000)} A`)
      expect(own.answers).toEqual([`${spell(own.id - 1000)} 300 A 198.51.100.1`])
    }
    expect(new Set(told.map(own => own.id)).size).toBe(50)
  })

  test('but not with another type, or DO, or CD', () => {
    const story = new Story()
    story.client(NAME)
    story.client({ name: NAME, type: 'AAAA' })
    story.client({ name: NAME, dnssecOk: true })
    story.client({ name: NAME, flags: packet.RECURSION_DESIRED | packet.CHECKING_DISABLED })
    expect(story.sent).toHaveLength(4)
  })
})

describe('an upstream that says nothing', () => {
  test('is given its time; then the other one is asked, with another id', () => {
    const story = new Story()
    story.client(NAME)
    story.advance(999)
    expect(story.sent).toHaveLength(1)
    story.advance(1)
    expect(story.sent).toHaveLength(2)
    const [first, second] = story.sent
    expect(second!.server).not.toBe(first!.server)
    expect(idOf(second!.message)).not.toBe(idOf(first!.message))
    story.upstream({ answers: [a(NAME)] })
    expect(story.told()).toHaveLength(1)
    expect([outcome(story, 'timeout'), outcome(story, 'answered')]).toEqual([1, 1])
  })

  test('after all attempts: SERVFAIL with EDE 23, and nobody is asked again for two seconds (RFC 9520 §3.2)', () => {
    const story = new Story()
    story.client({ name: NAME, id: 9 })
    for (let i = 0; i < 3; i++) story.advance(1000)
    expect(story.sent).toHaveLength(3)
    expect(story.told()).toEqual([
      expect.objectContaining({ id: 9, rcode: 'SERVFAIL', answers: [], error: { code: 23, text: '' } }),
    ])
    expect(story.client(NAME)).toMatchObject({ rcode: 'SERVFAIL' })
    expect(story.sent).toHaveLength(3)
    story.advance(2000)
    expect(story.client(NAME)).toBeNull()
    expect(story.sent).toHaveLength(4)
  })

  test('that answers after its time is not heard', () => {
    const story = new Story()
    story.client(NAME)
    const [first] = story.sent
    story.advance(1000)
    expect(story.upstream({ answers: [a(NAME, '203.0.113.66')] }, first)).toBe(false)
    story.upstream({ answers: [a(NAME)] })
    expect(story.told()[0]?.answers).toEqual([`${NAME} 300 A 198.51.100.1`])
  })

  test('three times is set aside: the other one alone is asked', () => {
    const story = new Story({ random: () => 0 })
    for (let i = 0; i < 3; i++) {
      story.client(`n${i}.test`)
      while (story.last().server !== 1) story.advance(1000)
      story.upstream({ answers: [a(`n${i}.test`)] })
    }
    story.assembled.servers.failed(0, 1000, story.clock.nowMs)
    story.assembled.servers.failed(0, 1000, story.clock.nowMs)
    story.assembled.servers.failed(0, 1000, story.clock.nowMs)
    for (let i = 0; i < 20; i++) {
      story.client(`m${i}.test`)
      expect(story.last().server).toBe(1)
    }
  })
})

describe('a forged answer', () => {
  test('with a wrong id makes us ask the same server over TCP, where guessing does not help', () => {
    const story = new Story()
    story.client(NAME)
    const [udp] = story.sent
    story.deliver(replyTo(udp!.message, { id: idOf(udp!.message)! ^ 1, answers: [a(NAME, '203.0.113.66')] }), udp)
    expect(story.last()).toMatchObject({ via: 'tcp', server: udp!.server })
    // The right answer to the first message comes too late: that socket is closed.
    expect(story.upstream({ answers: [a(NAME)] }, udp)).toBe(false)
    story.upstream({ answers: [a(NAME)] })
    expect(story.told()[0]?.answers).toEqual([`${NAME} 300 A 198.51.100.1`])
    expect(story.plane.counters[story.layout.upstream + MISMATCHED * 2 + udp!.server]).toBe(1)
  })

  test('for another question does the same', () => {
    const story = new Story()
    story.client(NAME)
    story.deliver(rawMessage({ id: idOf(story.last().message)!, name: labels('www', 'bank', 'test') }))
    expect(story.last().via).toBe('tcp')
  })

  test('over TCP fails that server', () => {
    const story = new Story()
    story.client(NAME)
    const server = story.last().server
    story.upstream({ id: 1 })
    story.upstream({ id: 2 })
    expect(story.last()).toMatchObject({ via: 'udp', server: 1 - server })
  })

  test('brings nothing of another name into the cache', () => {
    const story = new Story()
    story.client(NAME)
    story.upstream({
      answers: [a(NAME), a('bank.test', '203.0.113.66')],
      authorities: [{ type: 'NS', name: 'test', ttl: 300, data: 'ns.evil.test' }],
    })
    expect(story.told()[0]?.answers).toEqual([`${NAME} 300 A 198.51.100.1`])
    expect(story.client('bank.test')).toBeNull()
    expect(story.client({ name: 'test', type: 'NS' })).toBeNull()
  })

  test('that is ill-formed is waited past: the right one still comes (TuDoor)', () => {
    const story = new Story()
    story.client(NAME)
    const right = replyTo(story.last().message, { answers: [a(NAME)] })
    for (const cut of [13, 20, right.length - 1]) {
      const own = right.slice(0, cut)
      if (cut > 33) expect(story.deliver(own)).toBe(true)
    }
    const lying = Uint8Array.from(right)
    lying.set([0xff, 0xff], 6)
    story.deliver(lying)
    expect(story.sent).toHaveLength(1)
    story.deliver(right)
    expect(story.told()[0]?.rcode).toBe('NOERROR')
    expect(outcome(story, 'malformed')).toBe(2)
  })
})

describe('an answer that was cut short', () => {
  test('is fetched over TCP from the same server, and a large client gets all of it', () => {
    const story = new Story()
    story.client(NAME)
    const udp = story.last()
    story.upstream({ flags: packet.TRUNCATED_RESPONSE })
    expect(story.last()).toMatchObject({ via: 'tcp', server: udp.server })
    const many = Array.from({ length: 60 }, (_, i) => a(NAME, `198.51.100.${i}`))
    story.upstream({ answers: many })
    expect(story.told()[0]?.answers).toHaveLength(60)
    expect(outcome(story, 'truncated')).toBe(1)
  })

  test('is cut for a client that takes 512 octets, and whole for one on TCP', () => {
    const story = new Story()
    story.client({ name: NAME, edns: false, id: 1 })
    story.client({ name: NAME, edns: false, id: 2 }, '192.0.2.7', TCP)
    story.client({ name: NAME, edns: true, udpPayloadSize: 600, id: 3 })
    story.client({ name: NAME, edns: true, udpPayloadSize: 1232, id: 4 })
    story.upstream({ answers: Array.from({ length: 60 }, (_, i) => a(NAME, `198.51.100.${i}`)) })
    const told = new Map(story.told().map(own => [own.id, own]))
    expect(told.get(1)).toMatchObject({ truncated: true, answers: [] })
    expect(told.get(1)!.octets).toBeLessThanOrEqual(512)
    expect(told.get(2)!.answers).toHaveLength(60)
    expect(told.get(3)).toMatchObject({ truncated: true })
    expect(told.get(4)).toMatchObject({ truncated: false })
    expect(told.get(4)!.octets).toBeLessThanOrEqual(1232)
  })

  test('over TCP as well is no answer', () => {
    const story = new Story()
    story.client(NAME)
    story.upstream({ flags: packet.TRUNCATED_RESPONSE })
    story.upstream({ flags: packet.TRUNCATED_RESPONSE })
    expect(story.last().via).toBe('udp')
    expect(story.sent).toHaveLength(3)
  })

  test.each([
    [197, 512, false],
    [198, 34, true],
  ])('of two texts, the second of %d octets, is %d octets long for who takes 512', (second, octets, truncated) => {
    const story = new Story()
    story.client({ name: NAME, type: 'TXT', edns: false })
    const text = (length: number) => ({ type: 'TXT' as const, name: NAME, ttl: 300, data: Buffer.alloc(length, 'x') })
    // Header and question 34, the first record 268, the second 13 and its text.
    story.upstream({ answers: [text(255), text(second)] })
    expect(story.told()[0]).toMatchObject({ octets, truncated })
  })
})

describe('an upstream that will not', () => {
  test('FORMERR: asked again without EDNS (RFC 6891 §7)', () => {
    const story = new Story()
    story.client(NAME)
    const { server } = story.last()
    story.upstream({ rcode: 1 })
    expect(story.last().server).toBe(server)
    expect(decode(story.last().message).additionals).toEqual([])
    story.upstream({ answers: [a(NAME)] })
    expect(story.told()[0]).toMatchObject({ rcode: 'NOERROR' })
  })

  test('FORMERR again: the other one is asked, and with EDNS, for what one does not know the other may', () => {
    const story = new Story()
    story.client({ name: NAME, dnssecOk: true })
    const { server } = story.last()
    story.upstream({ rcode: 1 })
    story.upstream({ rcode: 1 })
    expect(story.last().server).toBe(1 - server)
    expect(decode(story.last().message).additionals).toHaveLength(1)
  })

  test.each([
    ['SERVFAIL', 2],
    ['REFUSED', 5],
    ['NOTAUTH', 9],
  ] as const)('%s: the other one is asked', (_, rcode) => {
    const story = new Story()
    story.client(NAME)
    const { server } = story.last()
    story.upstream({ rcode })
    expect(story.last().server).toBe(1 - server)
    story.upstream({ answers: [a(NAME)] })
    expect(story.told()[0]).toMatchObject({ rcode: 'NOERROR' })
  })

  test('all of them: SERVFAIL', () => {
    const story = new Story()
    story.client(NAME)
    for (let i = 0; i < 3; i++) story.upstream({ rcode: 5 })
    expect(story.told()[0]).toMatchObject({ rcode: 'SERVFAIL', error: { code: 23, text: '' } })
    expect(story.sent).toHaveLength(3)
  })
})

describe('no way out', () => {
  test('no upstream at all: SERVFAIL with EDE 22', () => {
    const story = new Story({ servers: 0 })
    expect(story.client(NAME)).toMatchObject({ rcode: 'SERVFAIL', error: { code: 22, text: '' } })
  })

  test('no socket: every attempt fails at once, and the client is told', () => {
    const story = new Story()
    story.reachable = false
    expect(story.client(NAME)).toMatchObject({ rcode: 'SERVFAIL', error: { code: 23, text: '' } })
    expect(outcome(story, 'unreachable')).toBe(3)
    expect(story.assembled.questions.inFlight).toBe(0)
  })

  test('a network that is back is used', () => {
    const story = new Story()
    story.reachable = false
    story.client(NAME)
    story.answers.length = 0
    story.reachable = true
    story.advance(3000)
    expect(story.client(NAME)).toBeNull()
    story.upstream({ answers: [a(NAME)] })
    expect(story.told()).toHaveLength(1)
  })

  test('a question too many is shed with EDE 14, and those before it are still answered', () => {
    const story = new Story()
    for (let i = 0; i < QUESTIONS; i++) if (story.client(`n${i}.test`) !== null) throw new Error(`shed at ${i}`)
    expect(story.client('more.test')).toMatchObject({ rcode: 'SERVFAIL', error: { code: 14, text: '' } })
    expect(story.counter('droppedOverload')).toBe(1)
    const [first] = story.sent
    story.upstream({ answers: [a('n0.test')] }, first)
    expect(story.told()[0]).toMatchObject({ rcode: 'NOERROR' })
    expect(story.client('more.test')).toBeNull()
  })

  test('a worker that ends tells everyone who waits', () => {
    const story = new Story()
    for (let i = 0; i < 10; i++) story.client(`n${i % 4}.test`)
    story.plane.forwarder.abandon()
    expect(story.told().map(own => [own.rcode, own.error?.code])).toEqual(
      Array.from({ length: 10 }, () => ['SERVFAIL', 14]),
    )
    expect(story.assembled.questions.inFlight).toBe(0)
  })
})

describe('aliases', () => {
  test('are followed by the upstream and given whole, each TTL its own', () => {
    const story = new Story()
    story.client(NAME)
    story.upstream({
      answers: [
        cname(NAME, 'cdn.example', 60),
        cname('cdn.example', 'edge.example', 30),
        a('edge.example', '198.51.100.9', 20),
      ],
    })
    expect(story.told()[0]?.answers).toEqual([
      `${NAME} 60 CNAME cdn.example`,
      'cdn.example 30 CNAME edge.example',
      'edge.example 20 A 198.51.100.9',
    ])
    story.advance(19_000)
    expect(story.client(NAME)?.answers[2]).toBe('edge.example 1 A 198.51.100.9')
    story.advance(1000)
    expect(story.client(NAME)).toBeNull()
  })

  test('that lead to nothing are answered with their SOA', () => {
    const story = new Story()
    story.client(NAME)
    story.upstream({ rcode: 3, answers: [cname(NAME, 'gone.example')], authorities: [soa('example')] })
    expect(story.told()[0]).toMatchObject({
      rcode: 'NXDOMAIN',
      answers: [`${NAME} 300 CNAME gone.example`],
      authorities: ['example 60 SOA minimum 60'],
    })
  })
})

describe('AD (RFC 6840 §5.7)', () => {
  const flagsOf = (message: Uint8Array) => Buffer.from(message).readUInt16BE(2)
  const askedWith = (flags: number, dnssecOk: boolean) => {
    const story = new Story()
    story.ask(query({ name: NAME, flags, edns: dnssecOk, dnssecOk }))
    story.upstream({ flags: packet.AUTHENTIC_DATA, answers: [a(NAME)] })
    return (flagsOf(story.answers[0]!.message) & packet.AUTHENTIC_DATA) !== 0
  }
  test('is for who asked with AD or DO, and nobody else', () => {
    expect(askedWith(packet.RECURSION_DESIRED, false)).toBe(false)
    expect(askedWith(packet.RECURSION_DESIRED | packet.AUTHENTIC_DATA, false)).toBe(true)
    expect(askedWith(packet.RECURSION_DESIRED, true)).toBe(true)
  })
})

test('a flood of random names is answered, each once, with the tables empty at the end', () => {
  const story = new Story()
  for (let i = 0; i < 2000; i++) story.client({ name: `r${i}.test`, id: i })
  for (const sent of [...story.sent].reverse()) story.upstream({ rcode: 3, authorities: [soa('test')] }, sent)
  const told = story.told()
  expect(new Set(told.map(own => own.id)).size).toBe(2000)
  for (const own of told) expect(own.question).toBe(`r${own.id}.test A`)
  expect([story.assembled.questions.inFlight, story.assembled.questions.waiting]).toEqual([0, 0])
  expect(read(story.ask(query({ name: 'r7.test' }))).rcode).toBe('NXDOMAIN')
})
