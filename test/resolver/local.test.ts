/** Names that are answered here: the operator's records, and those that must not leave a host or a site. */
import { describe, expect, test } from 'vitest'
import type { LocalName } from '../../src/resolver/local.ts'
import { LocalNames, SPECIAL_NAMES } from '../../src/resolver/local.ts'
import { query } from '../support/messages.ts'
import { labels } from '../support/octets.ts'
import { TestPlane } from '../support/plane.ts'
import { rawQuery } from '../support/raw.ts'
import { read } from '../support/reading.ts'

const v4 = (last: number) => Uint8Array.of(192, 0, 2, last)
const v6 = Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7)
const record = (name: string, more: Partial<LocalName> = {}): LocalName => ({
  name,
  ipv4: [v4(1)],
  ipv6: [],
  subtree: false,
  exists: true,
  ...more,
})

const answerTo = (localNames: readonly LocalName[], name: string, type = 'A') => {
  const plane = new TestPlane({ localNames })
  const own = plane.ask(query({ name, type }))
  return own === null ? null : read(own)
}

describe('special names', () => {
  const rows: readonly (readonly [
    why: string,
    name: string,
    type: string,
    rcode: string,
    answers: readonly string[],
  ])[] = [
    ['RFC 6761 §6.3', 'localhost', 'A', 'NOERROR', ['localhost 300 A 127.0.0.1']],
    ['RFC 6761 §6.3', 'localhost', 'AAAA', 'NOERROR', ['localhost 300 AAAA ::1']],
    ['RFC 6761 §6.3', 'a.b.localhost', 'A', 'NOERROR', ['a.b.localhost 300 A 127.0.0.1']],
    ['RFC 6761 §6.3: nothing else', 'localhost', 'MX', 'NOERROR', []],
    ['RFC 6761 §6.4', 'invalid', 'A', 'NXDOMAIN', []],
    ['RFC 6761 §6.4', 'a.b.invalid', 'AAAA', 'NXDOMAIN', []],
    ['RFC 7686 §2', 'abcdef.onion', 'A', 'NXDOMAIN', []],
    ['RFC 9476 §2', 'a.alt', 'A', 'NXDOMAIN', []],
    ['RFC 9462 §6.4', '_dns.resolver.arpa', 'SVCB', 'NOERROR', []],
    ['RFC 9462 §6.4', 'resolver.arpa', 'A', 'NOERROR', []],
    ['the browsers’ canary', 'use-application-dns.net', 'A', 'NXDOMAIN', []],
  ]
  test.each(rows)('%s: %s %s', (_, name, type, rcode, answers) => {
    const plane = new TestPlane()
    const numbers: Record<string, number> = { SVCB: 64 }
    const message =
      numbers[type] === undefined
        ? query({ name, type })
        : rawQuery({ name: labels(...name.split('.')), type: numbers[type] })
    expect(read(plane.ask(message))).toMatchObject({ rcode, answers })
    expect(plane.sent).toEqual([])
  })

  test.each(['localhost.test', 'xlocalhost', 'invalid.test', 'ipv4only.arpa', 'net', 'arpa', 'home.test'])(
    '%s is not special',
    name => {
      expect(answerTo([], name)).toBeNull()
    },
  )

  test('NXDOMAIN has a SOA of the parent (RFC 2308 §3)', () => {
    expect(answerTo([], 'a.b.invalid')?.authorities).toEqual(['b.invalid 300 SOA minimum 300'])
    expect(answerTo([], 'invalid')?.authorities).toEqual(['. 300 SOA minimum 300'])
  })
})

describe('records of the operator', () => {
  test('answer for their name alone, whatever its spelling', () => {
    const own = [record('router.lan')]
    expect(answerTo(own, 'router.lan')?.answers).toEqual(['router.lan 300 A 192.0.2.1'])
    expect(answerTo(own, 'ROUTER.Lan')?.answers).toEqual(['ROUTER.Lan 300 A 192.0.2.1'])
    expect(answerTo(own, 'a.router.lan')).toBeNull()
    expect(answerTo(own, 'lan')).toBeNull()
  })

  test('have no data of a type that they do not give, and do not ask upstream for it', () => {
    expect(answerTo([record('router.lan')], 'router.lan', 'AAAA')).toMatchObject({
      rcode: 'NOERROR',
      answers: [],
      authorities: ['router.lan 300 SOA minimum 300'],
    })
  })

  test('may cover what is below', () => {
    expect(answerTo([record('lan', { subtree: true })], 'a.b.lan')?.answers).toHaveLength(1)
  })

  test('the most specific speaks', () => {
    const own = [record('lan', { subtree: true }), record('a.lan', { ipv4: [v4(2)] })]
    expect(answerTo(own, 'a.lan')?.answers).toEqual(['a.lan 300 A 192.0.2.2'])
    expect(answerTo(own, 'x.a.lan')?.answers).toEqual(['x.a.lan 300 A 192.0.2.1'])
  })

  test('several addresses of both families', () => {
    const own = [record('nas.lan', { ipv4: [v4(1), v4(2)], ipv6: [v6] })]
    expect(answerTo(own, 'nas.lan')?.answers).toHaveLength(2)
    expect(answerTo(own, 'nas.lan', 'AAAA')?.answers).toEqual(['nas.lan 300 AAAA 2001:db8::7'])
  })

  test('go before a special name', () => {
    expect(answerTo([record('localhost')], 'localhost')?.answers).toEqual(['localhost 300 A 192.0.2.1'])
  })

  test('cannot be flagged', () => {
    const plane = new TestPlane({
      localNames: [record('router.lan')],
      rules: [{ name: 'lan', category: 'x' }],
      policies: [{ categories: ['x'] }],
    })
    expect(read(plane.ask(query({ name: 'router.lan' }))).answers).toEqual(['router.lan 300 A 192.0.2.1'])
  })

  test('a thousand of them are all found', () => {
    const own = Array.from({ length: 1000 }, (_, i) =>
      record(`h${i}.lan`, { ipv4: [Uint8Array.of(10, 0, i >> 8, i & 255)] }),
    )
    const plane = new TestPlane({ localNames: own })
    for (let i = 0; i < 1000; i++) {
      expect(read(plane.ask(query({ name: `h${i}.lan` }))).answers).toEqual([
        `h${i}.lan 300 A 10.0.${i >> 8}.${i & 255}`,
      ])
    }
  })

  test('what is no name is refused when the table is made', () => {
    expect(() => new LocalNames([...SPECIAL_NAMES, record('a..b')], 1)).toThrow(TypeError)
  })

  test.each([40, 60, 100])('%d in an answer that does not fit are cut, with TC', count => {
    const own = [record('many.lan', { ipv4: Array.from({ length: count }, (_, i) => v4(i)) })]
    expect(answerTo(own, 'many.lan')).toMatchObject({ truncated: true, answers: [] })
  })
})
