/**
 * A browser asks for A, AAAA and HTTPS of a name at once, and takes what it gets: what is blocked is blocked in all three the same way, fresh and cached,
 * so that no site half-works.
 */
import { describe, expect, test } from 'vitest'
import {
  MODE_NODATA,
  MODE_NXDOMAIN,
  MODE_PAGE,
  MODE_REFUSED,
  MODE_ZERO,
  sameForAll,
} from '../../src/resolver/blocked.ts'
import { addressOctets } from '../../src/wire/address-text.ts'
import type { PolicyText, RuleText } from '../support/images.ts'
import { join, wireName } from '../support/octets.ts'
import { PAGE } from '../support/plane.ts'
import { type RawRecord, rawMessage, rawOpt, rawQuery } from '../support/raw.ts'
import { type Read, read } from '../support/reading.ts'
import { Story } from '../support/story.ts'

const [A, CNAME, AAAA, DNAME, SVCB, HTTPS] = [1, 5, 28, 39, 64, 65]
const [IPV4_HINT, IPV6_HINT] = [4, 6]
const EVERYBODY: readonly PolicyText[] = [{ categories: ['illegal'] }]
const flagged = (name: string, more: Partial<RuleText> = {}): RuleText => ({
  name,
  category: 'illegal',
  ruleClass: 'hotline',
  ...more,
})

const record = (name: string, type: number, rdata: Uint8Array | readonly number[]): RawRecord => ({
  owner: wireName(name),
  type,
  ttl: 300,
  rdata,
})
const address = (name: string, text: string) => record(name, text.includes(':') ? AAAA : A, addressOctets(text))
const alias = (name: string, to: string) => record(name, CNAME, wireName(to))
/** `target` "." is the owner itself; priority 0 is an alias (RFC 9460 §2.4.2). */
function binding(name: string, target: string, hints: readonly string[] = [], priority = 1, type = HTTPS): RawRecord {
  const own = hints.flatMap(hint => {
    const octets = addressOctets(hint)
    return [0, octets.length === 4 ? IPV4_HINT : IPV6_HINT, 0, octets.length, ...octets]
  })
  return record(name, type, join([0, priority], target === '.' ? [0] : wireName(target), own))
}

/** What a client is told of a name and type: fresh, and then from the cache. */
function told(own: Story, name: string, type: number, answers: readonly RawRecord[], client?: string): [Read, Read] {
  const asked = rawQuery({ name: wireName(name), type, additionals: [rawOpt()] })
  let fresh = own.ask(asked, client)
  if (fresh === null) {
    const message = rawMessage({ name: wireName(name), type, flags: 0x8180, answers })
    message.set(own.last().message.subarray(0, 2), 0)
    own.deliver(message)
    fresh = own.answers.splice(0)[0]!.message
  }
  return [read(fresh), read(own.ask(asked, client)!)]
}

/** RCODE, and how many records or the first one's data. */
const inShort = ({ rcode, answers, error }: Read) =>
  `${rcode} ${answers.length === 0 ? 'nothing' : answers[0]!.split(' ').at(-1)}${error === null ? '' : ` ${error.code}`}`
const both = (own: readonly [Read, Read]) => own.map(inShort)

describe('an alias to a flagged name is answered alike for A, AAAA and HTTPS, by every mode:', () => {
  const PAGE4 = '192.0.2.80'
  const PAGE6 = '2001:db8::80'
  const rows: readonly (readonly [mode: string, number: number, a: string, aaaa: string, https: string])[] = [
    ['page', MODE_PAGE, `NOERROR ${PAGE4} 15`, `NOERROR ${PAGE6} 15`, 'NOERROR nothing 15'],
    ['nxdomain', MODE_NXDOMAIN, 'NXDOMAIN nothing 15', 'NXDOMAIN nothing 15', 'NXDOMAIN nothing 15'],
    ['nodata', MODE_NODATA, 'NOERROR nothing 15', 'NOERROR nothing 15', 'NOERROR nothing 15'],
    ['zero', MODE_ZERO, 'NOERROR 0.0.0.0 15', 'NOERROR :: 15', 'NOERROR nothing 15'],
    ['refused', MODE_REFUSED, 'REFUSED nothing 15', 'REFUSED nothing 15', 'REFUSED nothing 15'],
  ]
  test.each(rows)('%s', (_, mode, a, aaaa, https) => {
    const own = new Story({
      policies: EVERYBODY,
      rules: [flagged('bad.test')],
      blockAnswers: { ...PAGE, classes: sameForAll(mode, 60) },
    })
    const chain = [alias('shop.test', 'www.bad.test')]
    expect(both(told(own, 'shop.test', A, [...chain, address('www.bad.test', '198.51.100.1')]))).toEqual([a, a])
    expect(both(told(own, 'shop.test', AAAA, [...chain, address('www.bad.test', '2001:db8::1')]))).toEqual([aaaa, aaaa])
    const last = told(own, 'shop.test', HTTPS, [...chain, binding('www.bad.test', '.')])
    expect(both(last)).toEqual([https, https])
  })
})

describe('a chain made of a DNAME (RFC 6672)', () => {
  test('to a flagged name is blocked', () => {
    const own = new Story({ policies: EVERYBODY, rules: [flagged('bad.test')] })
    const chain = [record('old.test', DNAME, wireName('bad.test')), alias('www.old.test', 'www.bad.test')]
    const answers = both(told(own, 'www.old.test', A, [...chain, address('www.bad.test', '198.51.100.1')]))
    expect(answers).toEqual(['NOERROR 192.0.2.80 15', 'NOERROR 192.0.2.80 15'])
  })
})

describe('an address in a blocked prefix', () => {
  const own = () =>
    new Story({
      policies: EVERYBODY,
      rules: [flagged('[198.51.100.0/24]'), flagged('[2001:db8:bad::/48]'), flagged('fine.test', { allow: true })],
    })
  const NOTHING = ['NOERROR nothing 15', 'NOERROR nothing 15']
  const rows: readonly (readonly [what: string, type: number, records: RawRecord[], expected: string[]])[] = [
    ['as A', A, [address('x.test', '198.51.100.1')], Array(2).fill('NOERROR 192.0.2.80 15')],
    ['as AAAA', AAAA, [address('x.test', '2001:db8:bad::1')], Array(2).fill('NOERROR 2001:db8::80 15')],
    [
      'as the second A',
      A,
      [address('x.test', '192.0.2.1'), address('x.test', '198.51.100.9')],
      Array(2).fill('NOERROR 192.0.2.80 15'),
    ],
    ['within one for NAT64', AAAA, [address('x.test', '64:ff9b::c633:6401')], Array(2).fill('NOERROR 2001:db8::80 15')],
    ['as a hint of HTTPS', HTTPS, [binding('x.test', '.', ['198.51.100.1'])], NOTHING],
    ['as a second hint', HTTPS, [binding('x.test', '.', ['192.0.2.1', '2001:db8:bad::1'])], NOTHING],
    [
      'as a hint of a second record',
      HTTPS,
      [binding('x.test', '.'), binding('x.test', '.', ['198.51.100.1'], 2)],
      NOTHING,
    ],
    ['as a hint of SVCB', SVCB, [binding('x.test', '.', ['198.51.100.1'], 1, SVCB)], NOTHING],
    [
      'behind an alias',
      A,
      [alias('x.test', 'cdn.test'), address('cdn.test', '198.51.100.1')],
      Array(2).fill('NOERROR 192.0.2.80 15'),
    ],
  ]
  test.each(rows)('%s is not given, and no other address with it', (_, type, records, expected) => {
    expect(both(told(own(), 'x.test', type, records))).toEqual(expected)
  })

  test('is given for a name with an exception, in all three', () => {
    const story = own()
    const name = 'fine.test'
    for (const [type, given] of [
      [A, address(name, '198.51.100.1')],
      [AAAA, address(name, '2001:db8:bad::1')],
      [HTTPS, binding(name, '.', ['198.51.100.1'])],
    ] as const)
      for (const own of told(story, name, type, [given])) expect([own.answers.length, own.error]).toEqual([1, null])
  })
})

describe('a service binding to a flagged name', () => {
  const rows: readonly (readonly [what: string, records: RawRecord[]])[] = [
    ['as an alias (priority 0)', [binding('x.test', 'bad.test', [], 0)]],
    ['as its service', [binding('x.test', 'svc.bad.test')]],
    ['in the second of two records', [binding('x.test', 'good.test'), binding('x.test', 'bad.test', [], 2)]],
    ['behind an alias', [alias('x.test', 'cdn.test'), binding('cdn.test', 'bad.test')]],
  ]
  test.each(rows)('%s is not given at all: browsers ask for the addresses of the name itself', (_, records) => {
    const own = new Story({ policies: EVERYBODY, rules: [flagged('bad.test', { caseNumber: 'KZ-1' })] })
    const [fresh, cached] = told(own, 'x.test', HTTPS, records)
    expect([fresh.error, cached.error]).toEqual([
      { code: 15, text: 'KZ-1' },
      { code: 15, text: 'KZ-1' },
    ])
    expect([fresh.answers, cached.answers]).toEqual([[], []])
    // Which are not what was flagged.
    expect(both(told(own, 'x.test', A, [address('x.test', '192.0.2.1')]))).toEqual([
      'NOERROR 192.0.2.1',
      'NOERROR 192.0.2.1',
    ])
  })

  test('is judged by each household’s policy, from one cached answer', () => {
    const policies = [{ categories: ['gambling'] }, { categories: [], clients: ['10.2.0.0/16'] }]
    const own = new Story({ policies, rules: [{ name: 'casino.test', category: 'gambling' }] })
    told(own, 'fun.test', HTTPS, [binding('fun.test', 'casino.test')])
    for (let i = 0; i < 10; i++) {
      expect(told(own, 'fun.test', HTTPS, [], '192.0.2.7')[1].answers).toHaveLength(0)
      expect(told(own, 'fun.test', HTTPS, [], '10.2.0.1')[1].answers).toHaveLength(1)
    }
    expect(own.sent).toHaveLength(1)
  })

  const covers: readonly (readonly [covers: boolean, exception: RuleText['ruleClass'], given: number])[] = [
    [false, 'hotline', 0],
    [true, 'hotline', 1],
    [true, 'household', 0],
  ]
  test.each(covers)(
    'of a name with an exception: where exceptions cover aliases (%s), one of class %s: %d',
    (own, ruleClass, given) => {
      const story = new Story({
        policies: EVERYBODY,
        rules: [flagged('bad.test'), flagged('x.test', { allow: true, ruleClass: ruleClass! })],
        options: { exceptionsCoverAliases: own },
      })
      const answers = told(story, 'x.test', HTTPS, [binding('x.test', 'bad.test')])
      expect(answers.map(each => each.answers.length)).toEqual([given, given])
    },
  )
})

describe('a private address in a public name, where that is held back,', () => {
  const rows: readonly (readonly [what: string, type: number, given: RawRecord])[] = [
    ['as A', A, address('x.test', '192.168.1.1')],
    ['as AAAA', AAAA, address('x.test', 'fd00::1')],
    ['as a hint', HTTPS, binding('x.test', '.', ['192.168.1.1'])],
    ['as an IPv6 hint', HTTPS, binding('x.test', '.', ['fe80::1'])],
  ]
  test.each(rows)('%s is not given, fresh or cached', (_, type, given) => {
    const own = new Story({ policies: EVERYBODY, options: { privateBelow: [] } })
    expect(both(told(own, 'x.test', type, [given]))).toEqual(['NOERROR nothing 15', 'NOERROR nothing 15'])
  })
})
