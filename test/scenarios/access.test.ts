/** Stories of who may ask, how often, and what this resolver says of itself. */
import packet from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { TCP, UDP } from '../../src/images/counters.ts'
import { buildPolicies } from '../../src/images/policies.ts'
import type { ResolverOptions } from '../../src/resolver/assemble.ts'
import { monotonicClock } from '../../src/resolver/plane.ts'
import { prefixOf } from '../support/images.ts'
import { hex, join } from '../support/octets.ts'
import { rawOpt, rawQuery } from '../support/raw.ts'
import { read } from '../support/reading.ts'
import { a, Story } from '../support/story.ts'

const none = { categories: [], allowOnly: [] }
const only = (...prefixes: string[]): Partial<ResolverOptions> => ({
  clients: buildPolicies(
    [none, none],
    prefixes.map(own => prefixOf(own, 1)),
    0,
    1,
  ),
  openListeners: [false],
})

describe('a client that may not ask (RFC 5358 §4)', () => {
  const options = only('192.0.2.0/24', '2001:db8:1::/48')
  test.each([
    ['192.0.2.1', false],
    ['::ffff:192.0.2.1', false],
    ['2001:db8:1::1', false],
    ['198.51.100.1', true],
    ['2001:db8:2::1', true],
  ])('%s: refused %s', (client, isStranger) => {
    const story = new Story({ options })
    const told = story.client('www.test', client)
    expect(told?.rcode ?? 'asked upstream').toBe(isStranger ? 'REFUSED' : 'asked upstream')
    if (isStranger) expect(told?.error?.code).toBe(18)
    expect(story.sent).toHaveLength(isStranger ? 0 : 1)
    expect(story.counter('strangers')).toBe(isStranger ? 1 : 0)
  })

  test('gets nothing where strangers are dropped, over UDP and TCP', () => {
    const story = new Story({ options: { ...options, strangersAreDropped: true } })
    for (const transport of [UDP, TCP]) expect(story.client('www.test', '198.51.100.1', transport)).toBeNull()
    expect([story.sent.length, story.counter('strangers'), story.counter('droppedByRule')]).toEqual([0, 2, 0])
  })

  test('may ask a listener on loopback', () => {
    const story = new Story({ options: { ...options, openListeners: [true] } })
    story.client('www.test', '198.51.100.1')
    expect(story.sent).toHaveLength(1)
  })
})

describe('a client prefix over its limit', () => {
  const rateLimit = { perSecond: 10, burst: 20, slip: 2, ipv4Bits: 24, ipv6Bits: 56 }
  const story = () => new Story({ options: { rateLimit, openListeners: [false] } })
  const outcome = (own: Story, client: string, transport = UDP) => {
    const told = own.client('localhost', client, transport)
    return told === null ? 'nothing' : told.truncated ? 'TC' : told.answers.length > 0 ? 'answered' : told.rcode
  }

  test('gets its burst, then every second answer cut short, the others not at all', () => {
    const own = story()
    for (let i = 0; i < 20; i++) expect(outcome(own, `192.0.2.${i}`)).toBe('answered')
    expect([0, 1, 2, 3].map(() => outcome(own, '192.0.2.9'))).toEqual(['nothing', 'TC', 'nothing', 'TC'])
    expect([own.counter('rateLimited'), own.counter('rateSlipped')]).toEqual([2, 2])
  })

  test('does not take from another prefix, and not from TCP', () => {
    const own = story()
    for (let i = 0; i < 40; i++) outcome(own, '192.0.2.1')
    expect(outcome(own, '198.51.100.1')).toBe('answered')
    expect(outcome(own, '2001:db8::1')).toBe('answered')
    expect(outcome(own, '192.0.2.1', TCP)).toBe('answered')
  })

  test('is answered again as its tokens come back', () => {
    const own = story()
    for (let i = 0; i < 40; i++) outcome(own, '192.0.2.1')
    own.advance(1000)
    const outcomes = Array.from({ length: 12 }, () => outcome(own, '192.0.2.1'))
    expect(outcomes.filter(each => each === 'answered')).toHaveLength(10)
  })

  test('of tens of millions at once is limited to the last one', () => {
    const rateLimit = { perSecond: 1, burst: 20_000_000, slip: 0, ipv4Bits: 24, ipv6Bits: 56 }
    const limit = new Story({ options: { rateLimit, openListeners: [false] } }).plane.access.rateLimit!
    const query = new Story().plane.link
    query.client.set([2, 0, 0, 0, 192, 0, 2, 1])
    const still = monotonicClock(() => 1000)
    still.tick()
    let allowed = 0
    for (let i = 0; i < 20_000_100; i++) if (limit.take(query, still) === 0) allowed++
    expect(allowed).toBe(20_000_000)
  })

  test('stays limited while a flood of other prefixes passes through the table', () => {
    const own = story()
    for (let i = 0; i < 40; i++) outcome(own, '192.0.2.1')
    for (let i = 0; i < 300_000; i++) own.plane.access.rateLimit!.take(forged(own, i), own.clock)
    expect(outcome(own, '192.0.2.1')).not.toBe('answered')
  })

  function forged(own: Story, i: number) {
    const query = own.plane.link
    query.client.fill(0)
    query.client[0] = 2
    query.client.set([10 + (i >>> 16), i >>> 8, i, 1], 4)
    return query
  }
})

describe('DNS cookies (RFC 7873, RFC 9018)', () => {
  const CLIENT = '2464c4abcf10c957'
  const secret = hex('e5e973e5a6b2a43f48e7dc849e37bfcf')
  const cookieQuery = (cookie: string) =>
    rawQuery({ name: [...Buffer.from('\x09localhost\0')], additionals: [rawOpt({ options: option(cookie) })] })
  const option = (cookie: string) => join([0, 10, 0, cookie.length / 2], hex(cookie))
  const cookieOf = (answer: Uint8Array | null) => {
    const decoded = packet.decode(Buffer.from(answer!))
    const opt = decoded.additionals!.find(own => own.type === 'OPT') as unknown as {
      options: { code: number; data: Buffer }[]
    }
    return opt.options.find(own => own.code === 10)?.data.toString('hex') ?? null
  }
  const story = (more: Partial<ResolverOptions> = {}) =>
    new Story({ options: { cookieSecrets: [secret], openListeners: [false], ...more } })

  test('the server cookie is the one of RFC 9018 Appendix A.1', () => {
    const own = story()
    own.clock.unixOffset = 1_559_731_985 - own.clock.nowSeconds
    expect(cookieOf(own.ask(cookieQuery(CLIENT), '198.51.100.100'))).toBe(`${CLIENT}010000005cf79f111f8130c3eee29480`)
  })

  test('a good one lets its client past the limit, a forged, stale or borrowed one does not', () => {
    const rateLimit = { perSecond: 1, burst: 1, slip: 0, ipv4Bits: 24, ipv6Bits: 56 }
    const own = story({ rateLimit })
    const good = cookieOf(own.ask(cookieQuery(CLIENT), '198.51.100.100'))!
    expect(own.ask(cookieQuery(CLIENT), '198.51.100.100')).toBeNull()
    for (let i = 0; i < 5; i++) expect(cookieOf(own.ask(cookieQuery(good), '198.51.100.100'))).not.toBeNull()
    expect(own.ask(cookieQuery(good), '198.51.100.101')).toBeNull()
    expect(own.ask(cookieQuery(`${good.slice(0, -2)}00`), '198.51.100.100')).toBeNull()
    own.clock.unixOffset += 3700
    expect(own.ask(cookieQuery(good), '198.51.100.100')).toBeNull()
  })

  test('one made with the secret before is still good', () => {
    const old = story()
    const cookie = cookieOf(old.ask(cookieQuery(CLIENT), '192.0.2.1'))!
    const rateLimit = { perSecond: 1, burst: 1, slip: 0, ipv4Bits: 24, ipv6Bits: 56 }
    const own = story({ cookieSecrets: [hex('00112233445566778899aabbccddeeff'), secret], rateLimit })
    for (let i = 0; i < 5; i++) expect(own.ask(cookieQuery(cookie), '192.0.2.1')).not.toBeNull()
  })

  test.each([0, 7, 9, 15, 41])('an option of %i octets is FORMERR (RFC 7873 §5.2.2)', octets => {
    const answer = story().ask(cookieQuery('ab'.repeat(octets)))
    expect(answer![3]! & 0xf).toBe(1)
  })

  test('who waits for an upstream gets its cookie with the answer', () => {
    const own = story()
    own.ask(rawQuery({ additionals: [rawOpt({ options: option(CLIENT) })] }))
    const name = packet.decode(Buffer.from(own.last().message)).questions![0]!.name
    own.upstream({ answers: [a(name)] })
    expect(cookieOf(own.answers[0]!.message)?.slice(0, 16)).toBe(CLIENT)
  })

  test('are not sent where they are turned off', () => {
    expect(cookieOf(story({ cookieSecrets: [] }).ask(cookieQuery(CLIENT)))).toBeNull()
  })
})

describe('what it says of itself', () => {
  const chaos = (name: string, type = 16) =>
    rawQuery({
      name: [...name.split('.').flatMap(label => [label.length, ...Buffer.from(label)]), 0],
      type: type,
      qclass: 3,
    })
  const words = { version: 'shield 1', id: null, resolverInfo: ['exterr=15-17'], anyIsMinimal: true }

  test.each([
    ['version.bind', 'NOERROR', 'shield 1'],
    ['VERSION.server', 'NOERROR', 'shield 1'],
    ['id.server', 'REFUSED', null],
    ['hostname.bind', 'REFUSED', null],
    ['authors.bind', 'REFUSED', null],
  ])('%s CH TXT: %s', (name, rcode, text) => {
    const answer = packet.decode(Buffer.from(new Story({ options: { words } }).ask(chaos(name))!))
    expect((answer as { rcode?: string }).rcode).toBe(rcode)
    const data = (answer.answers?.[0] as { data?: Buffer[] } | undefined)?.data
    expect(data === undefined ? null : String(data)).toBe(text)
  })

  test('nothing at all unless the operator wants it', () => {
    expect(read(new Story().ask(chaos('version.bind'))).rcode).toBe('REFUSED')
  })

  test('ANY is one HINFO (RFC 8482 §4.2), and a flagged name stays blocked', () => {
    const policies = [{ categories: ['illegal'] }]
    const story = new Story({ options: { words }, policies, rules: [{ name: 'bad.test', category: 'illegal' }] })
    expect(story.client({ name: 'www.test', type: 'ANY' })?.answers).toEqual([
      'www.test 3600 HINFO {"cpu":"RFC8482","os":""}',
    ])
    expect(story.client({ name: 'bad.test', type: 'ANY' })?.error?.code).toBe(17)
    expect(story.sent).toHaveLength(0)
  })

  test('RESINFO of resolver.arpa (RFC 9606)', () => {
    const name = [...Buffer.from('\x08resolver\x04arpa\0')]
    const answer = packet.decode(Buffer.from(new Story({ options: { words } }).ask(rawQuery({ name, type: 261 }))!))
    expect(String((answer.answers?.[0] as { data?: Buffer } | undefined)?.data)).toBe('\x0cexterr=15-17')
  })

  test('edns-tcp-keepalive over TCP to who asks (RFC 7828), never over UDP', () => {
    const name = [...Buffer.from('\x09localhost\0')]
    const asks = rawQuery({ name, additionals: [rawOpt({ options: hex('000b 0000') })] })
    const options = (transport: number) => {
      const decoded = packet.decode(Buffer.from(new Story().ask(asks, '192.0.2.1', transport)!))
      const opt = decoded.additionals!.find(own => own.type === 'OPT') as unknown as { options: { code: number }[] }
      return opt.options.map(own => own.code)
    }
    expect([options(TCP), options(UDP)]).toEqual([[11], []])
  })
})
