import { expect, test } from 'vitest'
import { networkOf } from '../../src/feeds/rpz-address.ts'
import { addressOctets } from '../../src/wire/address-text.ts'

const mapped = (text: string) => Uint8Array.from([...new Uint8Array(10), 0xff, 0xff, ...addressOctets(text)])

test.each([
  ['32.1.2.0.192', mapped('192.0.2.1'), 128],
  ['24.0.2.0.192', mapped('192.0.2.0'), 120],
  ['8.0.0.0.10', mapped('10.0.0.0'), 104],
  ['128.1.zz.db8.2001', addressOctets('2001:db8::1'), 128],
  ['48.zz.db8.2001', addressOctets('2001:db8::'), 48],
  ['128.8.7.6.5.4.3.2.1', addressOctets('1:2:3:4:5:6:7:8'), 128],
  ['96.zz.ff9b.64', addressOctets('64:ff9b::'), 96],
])('%s is a network', (owner, octets, bits) => {
  expect(networkOf(owner.split('.'), 'answers')).toEqual({ of: 'answers', octets: Uint8Array.from(octets), bits })
})

test.each([
  ['33.1.2.0.192', /not a network/],
  ['0.0.0.0.0', /not a network/],
  ['7.0.0.0.10', /covers too much/],
  ['15.zz.2001', /covers too much/],
  ['24.1.2.0.192', /bits behind its length/],
  ['47.zz.1.db8.2001', /bits behind its length/],
  ['24.0.2.256.192', /not a network/],
  ['24.2.0.192', /not a network/],
  ['128.zz.1.zz', /not a network/],
  ['128.1.2.3.4.5.6.7.8.9', /not a network/],
  ['128.12345.zz', /not a network/],
  ['x.1.2.0.192', /not a network/],
  ['', /not a network/],
])('%s is none', (owner, why) => expect(networkOf(owner.split('.'), 'answers')).toMatch(why))
