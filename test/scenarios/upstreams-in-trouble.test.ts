/** Stories of upstreams that fail, lie or are chosen: stale answers, prefetch, strategies, spelling, zones with servers of their own. */

import packet from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { ORDERED, PARALLEL } from '../../src/resolver/servers.ts'
import { replyTo } from '../support/messages.ts'
import { a, cname, Story } from '../support/story.ts'

const remembered = (story: Story, name = 'www.test', ttl = 60) => {
  story.client(name)
  story.upstream({ answers: [a(name, '198.51.100.1', ttl)] })
  story.told()
}

describe('an answer whose time is over, while upstreams fail (RFC 8767)', () => {
  const options = { staleSecondsMax: 3600 }

  test('is given after the first attempt that brings nothing, with a TTL of 30 and the reason', () => {
    const story = new Story({ options, timeoutMs: 1500 })
    remembered(story)
    story.advance(120_000)
    expect(story.client('www.test')).toBeNull()
    story.advance(1500)
    const told = story.told()
    expect(told.map(({ answers, error }) => [answers, error?.code])).toEqual([[['www.test 30 A 198.51.100.1'], 3]])
  })

  test('is given at once for the next 30 s, and then upstreams are asked again', () => {
    const story = new Story({ options, servers: 1, attempts: 1, timeoutMs: 1000 })
    remembered(story)
    story.advance(120_000)
    story.client('www.test')
    story.advance(1000)
    story.told()
    const asked = story.sent.length
    story.advance(20_000)
    expect(story.client('www.test')?.answers).toEqual(['www.test 30 A 198.51.100.1'])
    expect(story.sent).toHaveLength(asked)
    story.advance(15_000)
    expect(story.client('www.test')).toBeNull()
    expect(story.sent).toHaveLength(asked + 1)
  })

  test('is replaced by what the next server answers, for whoever asks later', () => {
    const story = new Story({ options, timeoutMs: 1000 })
    remembered(story)
    story.advance(120_000)
    story.client('www.test')
    story.advance(1000)
    story.told()
    story.upstream({ answers: [a('www.test', '198.51.100.2')] })
    expect(story.client('www.test')?.answers).toEqual(['www.test 300 A 198.51.100.2'])
  })

  test('is not given past its limit: then it is SERVFAIL', () => {
    const story = new Story({ options, servers: 1, attempts: 1, timeoutMs: 1000 })
    remembered(story)
    story.advance(3_700_000)
    story.client('www.test')
    story.advance(1000)
    expect(story.told()[0]?.rcode).toBe('SERVFAIL')
  })

  test('is not given where the operator does not want it', () => {
    const story = new Story({ servers: 1, attempts: 1, timeoutMs: 1000 })
    remembered(story)
    story.advance(120_000)
    story.client('www.test')
    story.advance(1000)
    expect(story.told()[0]?.rcode).toBe('SERVFAIL')
  })
})

describe('a cached answer that many ask for', () => {
  test('is fetched again before its time is over, once, and nobody waits', () => {
    const story = new Story()
    remembered(story, 'www.test', 100)
    for (let i = 0; i < 5; i++) story.client('www.test')
    expect(story.sent).toHaveLength(1)
    story.advance(95_000)
    for (let i = 0; i < 5; i++) expect(story.client('www.test')?.answers).toEqual(['www.test 5 A 198.51.100.1'])
    expect(story.sent).toHaveLength(2)
    story.upstream({ answers: [a('www.test', '198.51.100.9', 100)] })
    expect(story.client('www.test')?.answers).toEqual(['www.test 100 A 198.51.100.9'])
    expect(story.counter('prefetches')).toBe(1)
  })

  test('stays true to its end when that fetch fails, which is not tried again at once', () => {
    const story = new Story({ servers: 1, attempts: 1, timeoutMs: 1000 })
    remembered(story, 'www.test', 200)
    for (let i = 0; i < 5; i++) story.client('www.test')
    story.advance(185_000)
    story.client('www.test')
    story.advance(1000)
    for (let i = 0; i < 5; i++) expect(story.client('www.test')?.answers).toEqual(['www.test 14 A 198.51.100.1'])
    expect(story.sent).toHaveLength(2)
  })
})

describe('the reason that an upstream gives (RFC 8914)', () => {
  const withError = (message: Uint8Array, rcode: number, code: number) =>
    packet.encode({
      ...packet.decode(Buffer.from(message)),
      type: 'response',
      flags: packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | rcode,
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: 1232,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [{ code: 15, data: Buffer.from([code >> 8, code & 0xff]) }] as never,
        },
      ],
    })

  test('of a name whose signatures are bogus is passed on, at once and from the cache', () => {
    const story = new Story({ servers: 1, attempts: 1 })
    story.client('bogus.test')
    story.deliver(withError(story.last().message, 2, 6))
    expect(story.told().map(({ rcode, error }) => [rcode, error?.code])).toEqual([['SERVFAIL', 6]])
    expect(story.client('bogus.test')?.error?.code).toBe(6)
  })

  test('names that cannot be answered do not set a good server aside', () => {
    const story = new Story({ servers: 1, attempts: 1 })
    for (let i = 0; i < 20; i++) {
      story.client(`bogus${i}.test`)
      story.deliver(withError(story.last().message, 2, 6))
    }
    expect(story.assembled.servers.isAside(0, story.clock.nowMs)).toBe(false)
  })

  test('a server that says nothing else for a hundred questions is set aside', () => {
    const story = new Story({ servers: 2, attempts: 1 })
    for (let i = 0; i < 400; i++) {
      story.client(`any${i}.test`)
      if (story.last().server === 0) story.deliver(withError(story.last().message, 2, 22))
      else story.upstream({ answers: [a(`any${i}.test`)] })
    }
    const before = story.sent.length
    for (let i = 0; i < 20; i++) story.client(`later${i}.test`)
    expect(story.sent.slice(before).filter(sent => sent.server === 0).length).toBeLessThan(5)
  })
})

describe('names in random spelling (0x20)', () => {
  const options = { mixCase: true }
  const asked = (story: Story) => packet.decode(Buffer.from(story.last().message)).questions![0]!.name

  test('are sent so, and the client gets its own spelling back', () => {
    const story = new Story({ options })
    story.client('MiXed-names-are-Long-enough.test')
    expect(asked(story)).not.toBe(asked(story).toLowerCase())
    expect(asked(story).toLowerCase()).toBe('mixed-names-are-long-enough.test')
    story.upstream({ answers: [a('mixed-names-are-long-enough.test')] })
    expect(story.told()[0]?.question).toBe('MiXed-names-are-Long-enough.test A')
  })

  test('that come back in another spelling are asked again over TCP, where nobody can guess', () => {
    const story = new Story({ options })
    story.client('some-name-with-letters.test')
    const message = story.last().message
    const folded = packet.decode(Buffer.from(message))
    const forged = packet.encode({
      ...folded,
      type: 'response',
      questions: [{ type: 'A', class: 'IN', name: 'some-name-with-letters.test' }],
      answers: [a('some-name-with-letters.test', '203.0.113.66')],
      additionals: [],
    })
    story.deliver(forged)
    expect(story.told()).toHaveLength(0)
    expect(story.last().via).toBe('tcp')
    story.upstream({ answers: [a('some-name-with-letters.test')] })
    expect(story.told()[0]?.answers).toEqual(['some-name-with-letters.test 300 A 198.51.100.1'])
  })

  test('a server that makes an alias of the spelling (DNAME) does not tell clients how it was', () => {
    const story = new Story({ options })
    story.client('abcdefghijklmnop.old.test')
    const label = asked(story).split('.')[0]!
    expect(label).not.toBe(label.toLowerCase())
    const target = `${label}.new.test`
    story.upstream({ answers: [cname(asked(story), target), a(target)] })
    expect(story.told()[0]?.answers).toEqual([
      'abcdefghijklmnop.old.test 300 CNAME abcdefghijklmnop.new.test',
      'abcdefghijklmnop.new.test 300 A 198.51.100.1',
    ])
  })

  test('a server that folds every name is asked without, after three', () => {
    const story = new Story({ options, servers: 1 })
    for (let i = 0; i < 3; i++) {
      story.client(`some-name-with-letters-${i}.test`)
      const folded = Buffer.from(story.last().message)
      folded.write(folded.toString('latin1', 12, 60).toLowerCase(), 12, 'latin1')
      story.deliver(replyTo(folded, { answers: [a(`some-name-with-letters-${i}.test`)] }))
      expect(story.last().via).toBe('tcp')
      story.upstream({ answers: [a(`some-name-with-letters-${i}.test`)] })
    }
    story.client('yet-another-long-name.test')
    expect(asked(story)).toBe('yet-another-long-name.test')
    expect(story.last().via).toBe('udp')
  })
})

describe('a message that cannot be sent', () => {
  test.each([
    [true, false],
    [false, true],
  ])('for a shortage of our own (%s): the server is set aside: %s', (isShort, isAside) => {
    const story = new Story({ servers: 1, attempts: 1 })
    story.reachable = false
    story.isShort = isShort
    for (let i = 0; i < 5; i++) story.client(`n${i}.test`)
    expect(story.assembled.servers.isAside(0, story.clock.nowMs)).toBe(isAside)
  })
})

describe('strategies', () => {
  test('ordered: the first server as long as it works, then the second', () => {
    const story = new Story({ servers: 3, options: { strategy: ORDERED }, timeoutMs: 1000 })
    for (let i = 0; i < 10; i++) {
      story.client(`n${i}.test`)
      expect(story.last().server).toBe(0)
      story.upstream({ answers: [a(`n${i}.test`)] })
    }
    for (let i = 0; i < 3; i++) {
      story.client(`slow${i}.test`)
      story.advance(1000)
      expect(story.last().server).toBe(1)
      story.upstream({ answers: [a(`slow${i}.test`)] })
    }
    story.client('after.test')
    expect(story.last().server).toBe(1)
  })

  test('parallel: two servers at once, the first answer is everybody’s, the other is let go', () => {
    const story = new Story({ servers: 2, options: { strategy: PARALLEL } })
    story.client('race.test', '192.0.2.1')
    story.client('race.test', '192.0.2.2')
    expect(story.sent.map(sent => sent.server).sort()).toEqual([0, 1])
    const [first, second] = [story.sent[0]!, story.sent[1]!]
    expect(story.upstream({ answers: [a('race.test')] }, second)).toBe(true)
    expect(story.told()).toHaveLength(2)
    expect(story.upstream({ answers: [a('race.test')] }, first)).toBe(false)
    expect(story.assembled.questions.inFlight).toBe(0)
    expect(story.assembled.questions.waiting).toBe(0)
  })

  test('parallel: one that fails leaves the other its chance, both that fail are a failure', () => {
    const story = new Story({ servers: 2, options: { strategy: PARALLEL }, attempts: 1, timeoutMs: 1000 })
    story.client('race.test')
    story.plane.forwarder.fail(story.sent[0]!.question, 1)
    expect(story.told()).toHaveLength(0)
    expect(story.upstream({ answers: [a('race.test')] }, story.sent[1]!)).toBe(true)
    expect(story.told()).toHaveLength(1)
    story.client('lost.test')
    story.advance(1000)
    expect(story.told()[0]?.rcode).toBe('SERVFAIL')
    expect(story.assembled.questions.inFlight).toBe(0)
  })
})

describe('a zone that has servers of its own', () => {
  const options = { zones: [{ name: 'corp.test', servers: 1 }], privateBelow: [] }

  test('is asked for there, and nothing else is', () => {
    const story = new Story({ servers: 2, options })
    story.client('host.corp.test')
    expect(story.last().server).toBe(2)
    story.client('corp.test')
    expect(story.last().server).toBe(2)
    for (let i = 0; i < 20; i++) {
      story.client(`www${i}.notcorp.test`)
      expect(story.last().server).toBeLessThan(2)
    }
  })

  test('cannot speak for another’s names: what it says of them stays within the answer (MaginotDNS)', () => {
    const story = new Story({ servers: 1, options })
    story.client('host.corp.test')
    story.upstream({ answers: [cname('host.corp.test', 'bank.test'), a('bank.test', '203.0.113.66')] })
    story.told()
    expect(story.client('bank.test')).toBeNull()
    expect(story.last().server).toBe(0)
  })

  test('may have private addresses, as is expected of it', () => {
    const story = new Story({ servers: 1, options })
    story.client('host.corp.test')
    story.upstream({ answers: [a('host.corp.test', '10.0.0.1')] })
    expect(story.told()[0]?.answers).toEqual(['host.corp.test 300 A 10.0.0.1'])
  })

  test('of private reverse addresses is forwarded there; the other private reverse zones are answered here (RFC 6303)', () => {
    const zones = [{ name: '10.in-addr.arpa', servers: 1 }]
    const story = new Story({ servers: 1, options: { zones, forwardsPrivateReverse: false } })
    expect(story.client({ name: '1.0.0.10.in-addr.arpa', type: 'PTR' })).toBeNull()
    expect(story.last().server).toBe(1)
    for (const name of [
      '1.1.168.192.in-addr.arpa',
      '1.0.16.172.in-addr.arpa',
      '1.0.31.172.in-addr.arpa',
      '1.0.64.100.in-addr.arpa',
    ])
      expect(story.client({ name, type: 'PTR' })?.rcode).toBe('NXDOMAIN')
    expect(story.client({ name: '1.0.32.172.in-addr.arpa', type: 'PTR' })).toBeNull()
  })
})
