import { BlockList, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatEndpoint, parseAddress, parseEndpoint, parsePrefix } from '../../src/settings/address.ts'
import { parseName } from '../../src/settings/names.ts'

describe('an endpoint', () => {
  test.each([
    ['192.0.2.53', '192.0.2.53:53'],
    ['192.0.2.53:5353', '192.0.2.53:5353'],
    ['[2001:db8::53]', '[2001:db8::53]:53'],
    ['[2001:DB8:0:0::53]:53', '[2001:db8::53]:53'],
    ['[::]:65535', '[::]:65535'],
    ['0.0.0.0:1', '0.0.0.0:1'],
  ])('%s reads as %s', (text, expected) => {
    const parsed = parseEndpoint(text, 53)
    expect('value' in parsed ? formatEndpoint(parsed.value) : parsed.why).toBe(expected)
  })

  test.each([
    ['53', 'a port needs an address: write 127.0.0.1:53 for this machine only, 0.0.0.0:53 for every IPv4 address'],
    ['*:53', 'write 0.0.0.0:53 for every IPv4 address, "[::]:53" for every IPv6 address'],
    [':53', 'write 0.0.0.0:53 for every IPv4 address, "[::]:53" for every IPv6 address'],
    ['::1', 'an IPv6 address stands in brackets here: "[::1]:53", quotes included'],
    ['2001:db8::53:53', 'an IPv6 address stands in brackets here: "[2001:db8::53:53]:53", quotes included'],
    ['localhost:53', 'expected an IP address, got the name "localhost"'],
    ['dns.example', 'expected an IP address, got the name "dns.example"'],
    ['192.0.2.1:0', 'expected a port from 1 to 65535, got "0"'],
    ['192.0.2.1:65536', 'expected a port from 1 to 65535, got "65536"'],
    ['192.0.2.1:', 'expected a port from 1 to 65535, got ""'],
    ['192.0.2.1:+53', 'expected a port from 1 to 65535, got "+53"'],
    ['192.0.2.1:53 ', 'expected a port from 1 to 65535, got "53 "'],
    ['[::1]x:53', '"[::1]x" is not an IP address'],
    ['192.0.2.300:53', '"192.0.2.300" is not an IP address'],
    ['192.0.2.01:53', '"192.0.2.01" is not an IP address'],
    ['[::ffff:192.0.2.1]:53', '"::ffff:192.0.2.1" is IPv4 written as IPv6: write 192.0.2.1'],
    ['[fe80::1%eth0]:53', '"fe80::1%eth0" has a zone (%…), which is not supported: use an address without one'],
    ['', '"" is not an IP address'],
  ])('%j is refused: %s', (text, why) => expect(parseEndpoint(text, 53)).toEqual({ why }))

  test('without a default needs its port', () =>
    expect(parseEndpoint('192.0.2.1', null)).toEqual({ why: '"192.0.2.1" has no port: write 192.0.2.1:8080, for one' }))
})

describe('an address alone', () => {
  test('has no brackets', () =>
    expect(parseAddress('[::1]')).toEqual({ why: 'no brackets are needed here: write "::1"' }))

  test('has one spelling', () =>
    fc.assert(
      fc.property(fc.ipV6(), text => {
        const parsed = parseAddress(text)
        if (!('value' in parsed)) return parsed.why.includes('written as IPv6')
        const again = parseAddress(parsed.value.address)
        return isIPv6(parsed.value.address) && 'value' in again && again.value.address === parsed.value.address
      }),
    ))
})

describe('a prefix', () => {
  test.each([
    ['10.20.0.0/16', '10.20.0.0/16'],
    ['192.0.2.1', '192.0.2.1/32'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['2001:DB8:0020::/48', '2001:db8:20::/48'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['192.0.2.254/31', '192.0.2.254/31'],
  ])('%s reads as %s', (text, prefix) => expect(parsePrefix(text)).toEqual({ value: prefix }))

  test.each([
    [
      '10.20.0.1/16',
      '"10.20.0.1/16" has bits set after the first 16: write 10.20.0.0/16 for the prefix or 10.20.0.1/32 for the one address',
    ],
    [
      '192.0.2.255/31',
      '"192.0.2.255/31" has bits set after the first 31: write 192.0.2.254/31 for the prefix or 192.0.2.255/32 for the one address',
    ],
    [
      '2001:db8::1/33',
      '"2001:db8::1/33" has bits set after the first 33: write 2001:db8::/33 for the prefix or 2001:db8::1/128 for the one address',
    ],
    ['10.0.0.0/33', 'expected a prefix length from 0 to 32, got "33"'],
    ['10.0.0.0/08', 'expected a prefix length from 0 to 32, got "08"'],
    ['10.0.0.0/', 'expected a prefix length from 0 to 32, got ""'],
    ['10.0.0.0/255.0.0.0', 'expected a prefix length from 0 to 32, got "255.0.0.0"'],
    ['::/129', 'expected a prefix length from 0 to 128, got "129"'],
    ['10.20/16', '"10.20" is not an IP address'],
    ['::ffff:10.0.0.0/104', '"::ffff:10.0.0.0" is IPv4 written as IPv6: write 10.0.0.0'],
  ])('%s is refused', (text, why) => expect(parsePrefix(text)).toEqual({ why }))

  test('that is meant covers the address it was written with, as Node sees it', () => {
    const row = fc.oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.constant('ipv4' as const)),
      fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.constant('ipv6' as const)),
    )
    fc.assert(
      fc.property(row, ([address, bits, family]) => {
        const parsed = parsePrefix(`${address}/${bits}`)
        if ('why' in parsed && parsed.why.includes('written as IPv6')) return true
        const meant = 'value' in parsed ? parsed.value : /write (\S+) for the prefix/.exec(parsed.why)![1]!
        const [network, length] = meant.split('/')
        const list = new BlockList()
        list.addSubnet(network!, Number(length), family)
        return list.check(address, family) && 'value' in parsePrefix(meant)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a name', () => {
  test.each([
    ['router.lan', 'router.lan'],
    ['Router.LAN.', 'router.lan'],
    ['_sip._tcp.example', '_sip._tcp.example'],
    ['қалқан.example', 'xn--80aa6aj08bc.example'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['bücher。example', 'xn--bcher-kva.example'],
    ['localhost', 'localhost'],
    ['1.2.example', '1.2.example'],
  ])('%s reads as %s', (text, name) => expect(parseName(text)).toEqual({ value: name }))

  test.each([
    ['', '"" is not a domain name'],
    ['.', '"." is not a domain name'],
    ['a..b', '"a..b" is not a domain name'],
    ['*.example', '"*.example" is not a domain name'],
    ['a b.example', '"a b.example" is not a domain name'],
    ['%61.example', '"%61.example" is not a domain name'],
    ['https://example.com', '"https://example.com" is not a domain name'],
    ['192.0.2.1', '"192.0.2.1" is an address, not a domain name'],
    ['１９２.0.2.1', '"１９２.0.2.1" is an address, not a domain name'],
    [`${'a'.repeat(64)}.example`, `"${'a'.repeat(60)}…" is too long: a label has at most 63 octets, a name 255`],
    [`${'a.'.repeat(130)}example`, `"${'a.'.repeat(30)}…" is too long: a label has at most 63 octets, a name 255`],
  ])('%j is refused', (text, why) => expect(parseName(text)).toEqual({ why }))
})
