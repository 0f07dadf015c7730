/** What is taken for a name or an address as typed: escapes and the names of reverse zones are meant. */
import { expect, test } from 'vitest'
import { asked, refuseMistaken } from '../../src/asked-name.ts'

const taken: readonly (readonly [written: string, name: string])[] = [
  ['Bad.Example.', 'bad.example'],
  ['_dns.resolver.arpa', '_dns.resolver.arpa'],
  ['*.bad.example', '*.bad.example'],
  ['1-2.bad.example', '1-2.bad.example'],
  ['face.example', 'face.example'],
  ['b\u00e4d.example', 'xn--bd-via.example'],
  ['My\\032Printer._ipp._tcp.example', 'my\\032printer._ipp._tcp.example'],
  ['a\\058443.example', 'a\\058443.example'],
  ['\\/.example', '\\047.example'],
  // RFC 2317 §4
  ['1.0/25.2.0.192.in-addr.arpa', '1.0\\04725.2.0.192.in-addr.arpa'],
  ['192.0.2.1', '192.0.2.1'],
  ['2001:DB8::1', '2001:db8::1'],
]
test.each(taken)('%s is %s, and what is told can be asked for', (written, name) => {
  expect(asked(written).name).toBe(name)
  expect(asked(name).name).toBe(name)
})

test.each([
  ['bad.example/page.arpa.example', /is a URL or a part of one/],
  ['2001:db8::/32', /is a network/],
  ['1.2.3', /is no address either/],
  ['dead:beef', /has ":", which names have only as \\058/],
  ['a:b:c', /is no address either/],
  ['bad.example:8080', /has a port/],
  ['bad\texample', /which names have only as \\009/],
  ['bad.example,good.example', /has ",", which names have only as \\044/],
])('%j is no name', (written, why) => {
  expect(() => asked(written)).toThrow(why)
  expect(() => refuseMistaken(written)).toThrow(TypeError)
})
