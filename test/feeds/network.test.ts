/** Networks as text and back, against `node:net`'s own reading of them. */
import { BlockList } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isWithin, networkFromText, networkText, wideOctets } from '../../src/feeds/network.ts'

test.each([
  ['192.0.2.0/24', '192.0.2.0/24'],
  ['2001:db8:0:0:0:0:0:0/32', '2001:db8::/32'],
  ['2001:db8:0:1:0:0:0:1/128', '2001:db8:0:1::1/128'],
  ['2001:0:0:1:0:0:0:1/128', '2001:0:0:1::1/128'],
  ['1:0:2:3:4:5:6:7/128', '1:0:2:3:4:5:6:7/128'],
  ['0:0:0:0:0:0:0:0/16', '::/16'],
  ['0:0:0:0:0:0:0:1/128', '::1/128'],
])('%s is written %s', (text, shown) => expect(networkText(networkFromText(text, 'clients'))).toBe(shown))

const address = fc.oneof(
  fc.ipV4(),
  fc.array(fc.constantFrom('0', '1', 'ffff', '8000'), { minLength: 8, maxLength: 8 }).map(words => words.join(':')),
)

test('text leads back to the same network, and it has the addresses that node:net says', () => {
  fc.assert(
    fc.property(address, address, fc.integer({ min: 1, max: 128 }), (base, asked, wanted) => {
      const isIpv4 = !base.includes(':')
      const bits = isIpv4 ? 1 + (wanted % 32) : wanted
      const network = networkFromText(`${base}/${bits}`, 'answers')
      const again = networkFromText(networkText(network), 'answers')
      expect(again).toEqual(network)
      if (isIpv4 === asked.includes(':')) return
      const list = new BlockList()
      list.addSubnet(base, bits, isIpv4 ? 'ipv4' : 'ipv6')
      expect(isWithin(wideOctets(asked), network)).toBe(list.check(asked, isIpv4 ? 'ipv4' : 'ipv6'))
    }),
    { numRuns: 1000 },
  )
})
