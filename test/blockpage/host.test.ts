import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shownHost } from '../../src/blockpage/host.ts'
import { hostName, requestedHost } from '../../src/platform/http-host.ts'

const label63 = 'a'.repeat(63)
const rows: [authority: string, host: string | null][] = [
  ['bad.example', 'bad.example'],
  ['BAD.Example', 'bad.example'],
  ['bad.example:80', 'bad.example'],
  ['bad.example:', 'bad.example'],
  ['bad.example.', 'bad.example'],
  ['bad.example.:8080', 'bad.example'],
  ['xn--80ak6aa92e.example', 'xn--80ak6aa92e.example'],
  ['a_b.-c-.example', 'a_b.-c-.example'],
  ['localhost', 'localhost'],
  [`${label63}.example`, `${label63}.example`],
  [[label63, label63, label63, 'a'.repeat(61)].join('.'), [label63, label63, label63, 'a'.repeat(61)].join('.')],
  [[label63, label63, label63, 'a'.repeat(62)].join('.'), null],
  [`${label63}a.example`, null],
  ['', null],
  ['.', null],
  ['..', null],
  ['bad..example', null],
  ['.bad.example', null],
  ['bad.example:99999999', null],
  ['bad.example:80:80', null],
  ['[::1]:80', null],
  ['[2001:db8::1]', null],
  ['192.0.2.1', null],
  ['192.0.2.1:80', null],
  ['0x7f.1', null],
  ['3221225985', null],
  ['bad.0x1', null],
  ['user@bad.example', null],
  ['bad.example/path', null],
  ['"><script>alert(1)</script>', null],
  ['bad.example\r\nSet-Cookie: a=b', null],
  ['bad.example\n', null],
  ['қазақ.example', null],
  ['bad%2eexample', null],
  [`${'a.'.repeat(4000)}example`, null],
]
for (const [authority, host] of rows) {
  test(`the host of ${JSON.stringify(authority).slice(0, 60)} is ${host?.slice(0, 30) ?? 'none'}`, () =>
    expect(hostName(authority)).toBe(host))
}

describe('where a request names its host', () => {
  const requests: [what: string, url: string, host: string | undefined, expected: string | null][] = [
    ['in the Host line', '/x', 'bad.example', 'bad.example'],
    ['in an absolute target, which wins', 'http://bad.example:80/x?y', 'other.example', 'bad.example'],
    ['in an absolute target without a path', 'HTTP://BAD.example', undefined, 'bad.example'],
    ['in an absolute target that ends in a query', 'http://bad.example?x', undefined, 'bad.example'],
    ['behind a user, which no browser sends', 'http://good.example@bad.example/', 'bad.example', null],
    ['not in a path that looks like a target', '//evil.example/', 'bad.example', 'bad.example'],
    ['nowhere', '/', undefined, null],
    ['with an asterisk for a target', '*', 'bad.example', 'bad.example'],
  ]
  for (const [what, url, host, expected] of requests) {
    test(what, () => expect(requestedHost({ url, headers: host === undefined ? {} : { host } })).toBe(expected))
  }
})

describe('how a host is shown', () => {
  const shown: [ascii: string, unicode: string | null][] = [
    ['bad.example', null],
    ['xn--80aswg.example', 'сайт.example'],
    ['xn--80ak6aa92e.example', 'аррӏе.example'],
    ['xn--a.example', null],
    ['xn--.example', null],
    ['a_b.example', null],
  ]
  for (const [ascii, unicode] of shown) {
    test(`${ascii} as ${unicode ?? 'itself'}`, () => expect(shownHost(ascii)).toEqual({ ascii, unicode }))
  }
})

test('whatever is accepted as a host is harmless, and nothing makes this throw', () => {
  const bits = fc.constantFrom('a', 'B', '-', '_', '.', ':', '8', 'xn--', '\u00e4', '<', '"', '\n', '[', ']', '%')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(bits).map(parts => parts.join('')),
      ),
      text => {
        const host = hostName(text)
        if (host === null) return
        expect(host).toMatch(/^[a-z0-9_.-]{1,253}$/)
        expect(shownHost(host).unicode ?? '').not.toMatch(/[\s<>"'&\p{C}]/u)
      },
    ),
    { numRuns: 2000 },
  )
})
