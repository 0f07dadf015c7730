/** Stories of proxies in front, and of NXDOMAIN that holds for all below. */
import { describe, expect, test } from 'vitest'
import { UDP } from '../../src/images/counters.ts'
import { buildPolicies } from '../../src/images/policies.ts'
import { prefixOf } from '../support/images.ts'
import { query } from '../support/messages.ts'
import { hex, join } from '../support/octets.ts'
import { read } from '../support/reading.ts'
import { Story, soa } from '../support/story.ts'

const none = { categories: [], allowOnly: [] }
const proxies = buildPolicies([none, none], [prefixOf('192.0.2.53/32', 1)], 0, 1)
const header = (client: string) => hex(`0d0a0d0a000d0a515549540a2112000c${client}c000023510920035`)

describe('a datagram from a proxy that is believed', () => {
  const policies = [{ categories: [] }, { categories: ['gambling'], clients: ['10.2.0.0/16'] }]
  const story = () =>
    new Story({ policies, rules: [{ name: 'casino.test', category: 'gambling' }], options: { proxies } })
  const ask = (own: Story, octets: Uint8Array, from = '192.0.2.53') => own.ask(octets, from, UDP)

  test('is judged by the client that its header names, and answered without header', () => {
    const own = story()
    const message = query({ name: 'casino.test', edns: true })
    const answer = read(ask(own, join(header('0a020001'), message)))
    expect([answer.question, answer.error?.code, answer.answers]).toEqual([
      'casino.test A',
      17,
      ['casino.test 60 A 192.0.2.80'],
    ])
    expect(ask(own, join(header('0a030001'), message))).toBeNull()
    expect(own.sent).toHaveLength(1)
  })

  test('is a stranger behind a listener on loopback as anywhere: the listener was reached by the proxy', () => {
    const clients = buildPolicies([none, none], [prefixOf('10.0.0.0/8', 1)], 0, 1)
    const own = new Story({ options: { proxies, clients, openListeners: [true] } })
    const message = query({ name: 'www.test', edns: true })
    expect(read(ask(own, join(header('c6336401'), message))).error?.code).toBe(18)
    expect(ask(own, join(header('0a020001'), message))).toBeNull()
    expect([own.sent.length, own.counter('strangers')]).toEqual([1, 1])
  })

  test('without a header is dropped and counted', () => {
    const own = story()
    expect(ask(own, query({ name: 'casino.test' }))).toBeNull()
    expect([own.sent.length, own.counter('droppedMalformed')]).toEqual([0, 1])
  })

  test('from anybody else with a header is no query', () => {
    const own = story()
    ask(own, join(header('0a020001'), query({ name: 'casino.test' })), '198.51.100.1')
    expect(own.sent).toHaveLength(0)
  })
})

describe('NXDOMAIN that the upstream has validated (RFC 8020 §2)', () => {
  const AD = 0x20
  const denied = (story: Story, name: string, flags: number) => {
    story.client(name)
    story.upstream({ rcode: 3, flags, authorities: [soa('test')] })
    story.told()
  }

  test('holds for the names below it, with what is left of its time', () => {
    const story = new Story()
    denied(story, 'gone.zone.test', AD)
    story.advance(20_000)
    const told = story.client('www.deep.gone.zone.test')
    expect([told?.rcode, told?.authorities]).toEqual(['NXDOMAIN', ['deep.gone.zone.test 40 SOA minimum 40']])
    expect(story.sent).toHaveLength(1)
    expect(story.client('zone.test')).toBeNull()
  })

  test.each([
    ['that nobody validated', 0, 'www.gone.zone.test', false],
    ['for who asks for the proof', AD, 'www.gone.zone.test', true],
    ['above a name too deep to be looked at', AD, 'a.b.c.d.e.gone.zone.test', false],
  ])('%s says nothing of them', (_, flags, name, dnssecOk) => {
    const story = new Story()
    denied(story, 'gone.zone.test', flags)
    expect(story.client({ name, dnssecOk })).toBeNull()
    expect(story.sent).toHaveLength(2)
  })
})
