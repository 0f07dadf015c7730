/** Stories of answers that are remembered: for how long, for whom, and what is never remembered. */
import packet from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { decode, query } from '../support/messages.ts'
import { labels } from '../support/octets.ts'
import { rawMessage, rawQuery } from '../support/raw.ts'
import { a, Story, soa } from '../support/story.ts'

const NAME = 'www.example.test'

describe('an answer', () => {
  test('is given again with its TTL counted down, until it is over (RFC 1035 §3.2.1)', () => {
    const story = new Story()
    story.client(NAME)
    story.upstream({ answers: [a(NAME, '198.51.100.1', 60)] })
    story.told()
    story.advance(10_000)
    expect(story.client(NAME)?.answers).toEqual([`${NAME} 50 A 198.51.100.1`])
    story.advance(49_000)
    expect(story.client(NAME)?.answers).toEqual([`${NAME} 1 A 198.51.100.1`])
    story.advance(1000)
    expect(story.client(NAME)).toBeNull()
    expect(story.sent).toHaveLength(2)
  })

  test('is spelled as it is asked (RFC 4343 §4.1)', () => {
    const story = new Story()
    story.client(NAME)
    story.upstream({ answers: [a(NAME)] })
    const again = story.client({ name: 'WWW.Example.TEST', id: 99 })
    expect(again).toMatchObject({
      id: 99,
      question: 'WWW.Example.TEST A',
      answers: ['WWW.Example.TEST 300 A 198.51.100.1'],
    })
  })

  test('of TTL 0 is for those who waited for it, and nobody else', () => {
    const story = new Story()
    story.client(NAME)
    story.client(NAME)
    story.upstream({ answers: [a(NAME, '198.51.100.1', 0)] })
    expect(story.told()).toHaveLength(2)
    expect(story.client(NAME)).toBeNull()
  })

  test('for DO is not given without, nor the other way', () => {
    const story = new Story()
    story.client(NAME)
    story.upstream({ answers: [a(NAME)] })
    expect(story.client({ name: NAME, dnssecOk: true })).toBeNull()
    story.upstream({ answers: [a(NAME, '198.51.100.2')] })
    expect(story.client({ name: NAME, dnssecOk: true })?.answers).toEqual([`${NAME} 300 A 198.51.100.2`])
    expect(story.client(NAME)?.answers).toEqual([`${NAME} 300 A 198.51.100.1`])
  })

  test('for CD is not given without (RFC 6840 §5.9)', () => {
    const story = new Story()
    const flags = packet.RECURSION_DESIRED | packet.CHECKING_DISABLED
    story.client({ name: NAME, flags })
    story.upstream({ answers: [a(NAME, '203.0.113.9')] })
    expect(story.client(NAME)).toBeNull()
    expect(story.client({ name: NAME, flags })?.answers).toHaveLength(1)
  })

  test('of class IN says nothing of class CH', () => {
    const story = new Story()
    story.client('version.bind')
    story.upstream({ answers: [a('version.bind')] })
    const answer = story.ask(rawQuery({ name: labels('version', 'bind'), qclass: 3 }))
    expect(decode(answer)).toMatchObject({ rcode: 'REFUSED', answers: [] })
  })

  test('of an unknown type comes back octet by octet (RFC 3597 §3)', () => {
    const story = new Story()
    const ask = () => story.ask(rawQuery({ name: labels('www', 'example', 'test'), type: 65_280 }))
    ask()
    const rdata = [0xc0, 0x0c, 0xff, 0, 1]
    const id = decode(story.last().message).id!
    story.deliver(
      rawMessage({ id, name: labels('www', 'example', 'test'), type: 65_280, answers: [{ type: 65_280, rdata }] }),
    )
    const [first] = story.answers.splice(0)
    expect([...first!.message.slice(-5)]).toEqual(rdata)
    expect([...ask()!.slice(-5)]).toEqual(rdata)
  })
})

describe('that there is nothing', () => {
  const rows: readonly (readonly [what: string, rcode: number, ttl: number, minimum: number, seconds: number])[] = [
    ['NXDOMAIN, for the MINIMUM (RFC 2308 §5)', 3, 600, 30, 30],
    ['NXDOMAIN, for the TTL of the SOA where that is less', 3, 20, 600, 20],
    ['NODATA, likewise', 0, 600, 40, 40],
    ['NXDOMAIN, an hour at most', 3, 90_000, 90_000, 3600],
  ]
  test.each(rows)('%s', (_, rcode, ttl, minimum, seconds) => {
    const story = new Story()
    story.client(NAME)
    story.upstream({ rcode, authorities: [soa('test', ttl, minimum)] })
    expect(story.told()[0]?.authorities).toEqual([`test ${seconds} SOA minimum ${minimum}`])
    story.advance(seconds * 1000 - 1000)
    expect(story.client(NAME)).toMatchObject({
      rcode: rcode === 3 ? 'NXDOMAIN' : 'NOERROR',
      authorities: [`test 1 SOA minimum ${minimum}`],
    })
    story.advance(1000)
    expect(story.client(NAME)).toBeNull()
  })

  test.each([0, 3])('without a SOA is not remembered (RCODE %d)', rcode => {
    const story = new Story()
    story.client(NAME)
    story.upstream({ rcode })
    story.told()
    expect(story.client(NAME)).toBeNull()
  })

  test('of one type says nothing of another', () => {
    const story = new Story()
    story.client({ name: NAME, type: 'AAAA' })
    story.upstream({ authorities: [soa('test')] })
    expect(story.client(NAME)).toBeNull()
  })
})

describe('the memory', () => {
  test('turned off remembers nothing', () => {
    const story = new Story({ cacheOctets: 0 })
    story.client(NAME)
    story.upstream({ answers: [a(NAME)] })
    expect(story.told()).toHaveLength(1)
    expect(story.client(NAME)).toBeNull()
  })

  test('stays within its size over thousands of large answers, and what is given is right', () => {
    const story = new Story({ cacheOctets: 1 << 17 })
    for (let i = 0; i < 3000; i++) {
      const name = `n${i}.test`
      story.client(name)
      story.upstream({ answers: Array.from({ length: 20 }, (_, j) => a(name, `10.${i >> 8}.${i & 255}.${j}`)) })
      story.answers.length = 0
      const back = story.client(`n${Math.max(0, i - (i % 7))}.test`)
      if (back === null) story.plane.forwarder.abandon()
      for (const [j, line] of (back?.answers ?? []).entries()) {
        const own = i - (i % 7)
        if (!line.endsWith(`10.${own >> 8}.${own & 255}.${j}`)) throw new Error(`${line} for n${own}`)
      }
      story.answers.length = 0
    }
    expect(story.plane.cache.counts.octets).toBeLessThanOrEqual(1 << 17)
    expect(story.plane.cache.counts.hits).toBeGreaterThan(2000)
  })

  test('gives a large answer to a small client cut, and keeps it whole', () => {
    const story = new Story()
    story.client(NAME)
    story.upstream({ answers: Array.from({ length: 60 }, (_, i) => a(NAME, `198.51.100.${i}`)) })
    story.told()
    expect(story.client({ name: NAME, edns: false })).toMatchObject({ truncated: true, answers: [] })
    expect(story.client(NAME)?.answers).toHaveLength(60)
  })
})

test('hits, misses and insertions are counted', () => {
  const story = new Story()
  story.ask(query({ name: NAME }))
  story.upstream({ answers: [a(NAME)] })
  story.ask(query({ name: NAME }))
  story.ask(query({ name: NAME }))
  expect(story.plane.cache.counts).toMatchObject({ hits: 2, misses: 1, inserts: 1, entries: 1, evictions: 0 })
})
