import { describe, expect, test } from 'vitest'
import { nameservers } from '../../src/settings/resolv-conf.ts'
import { machine, problems, settled } from './machine.ts'

describe('resolv.conf', () => {
  test.each([
    ['is empty', '', []],
    ['names servers in their order', 'nameserver 192.0.2.2\nnameserver 192.0.2.1\n', ['192.0.2.2', '192.0.2.1']],
    ['has comments', '# nameserver 192.0.2.1\n; nameserver 192.0.2.2\nnameserver 192.0.2.3 # here\n', ['192.0.2.3']],
    ['has other keywords', 'search lan\noptions edns0\ndomain x.example\nnameserver\t192.0.2.1', ['192.0.2.1']],
    ['ends its lines with CRLF', 'nameserver 192.0.2.1\r\nnameserver 192.0.2.2\r\n', ['192.0.2.1', '192.0.2.2']],
    ['indents a keyword, which then is none', ' nameserver 192.0.2.1\n', []],
    ['names a server twice', 'nameserver 192.0.2.1\nnameserver 192.0.2.1\n', ['192.0.2.1']],
    ['names IPv6 with a zone', 'nameserver fe80::1%eth0\n', ['fe80::1%eth0']],
    ['has a keyword without a value', 'nameserver\nnameserver   \n', []],
  ])('that %s', (_, text, servers) => expect(nameservers(text)).toEqual(servers))

  test('of a thousand servers counts for sixteen', () =>
    expect(
      nameservers(Array.from({ length: 1000 }, (_, i) => `nameserver 10.0.${i >> 8}.${i & 255}`).join('\n')),
    ).toHaveLength(16))
})

const upstreamsOf = (text: string, resolvConf: string | null) =>
  settled(text, machine({ resolvConf })).upstreams.map(server => `${server.address} ${server.port}`)

describe('the upstream system', () => {
  test.each([
    [
      'stands for the servers of resolv.conf',
      'listen: [127.0.0.1:53]',
      'nameserver 192.0.2.53\nnameserver 2001:DB8::53\n',
      ['192.0.2.53 53', '2001:db8::53 53'],
    ],
    [
      'stands in its place',
      'listen: [127.0.0.1:53]\nupstreams: [192.0.2.1, system, 192.0.2.2:5353]',
      'nameserver 192.0.2.53\n',
      ['192.0.2.1 53', '192.0.2.53 53', '192.0.2.2 5353'],
    ],
    [
      'repeats no upstream that the file names',
      'listen: [127.0.0.1:53]\nupstreams: [system, 192.0.2.53]',
      'nameserver 192.0.2.53\nnameserver 192.0.2.54\n',
      ['192.0.2.54 53', '192.0.2.53 53'],
    ],
    [
      'leaves out our own address',
      'listen: [127.0.0.1:53]',
      'nameserver 127.0.0.1\nnameserver 192.0.2.53\n',
      ['192.0.2.53 53'],
    ],
    [
      'keeps our address when we listen on another port',
      'listen: [127.0.0.1:5300]',
      'nameserver 127.0.0.1\n',
      ['127.0.0.1 53'],
    ],
    ['keeps a neighbour on loopback', 'listen: [127.0.0.1:53]', 'nameserver 127.0.0.53\n', ['127.0.0.53 53']],
    [
      'leaves out every local address under a wildcard',
      'listen: [0.0.0.0:53]',
      'nameserver 192.0.2.7\nnameserver 127.0.0.53\nnameserver 192.0.2.8\n',
      ['192.0.2.8 53'],
    ],
    [
      'leaves out local IPv6 under a wildcard',
      'listen: ["[::]:53"]',
      'nameserver ::1\nnameserver 2001:db8::7\nnameserver 192.0.2.7\n',
      ['192.0.2.7 53'],
    ],
    [
      'leaves out what has a zone or is no address',
      'listen: [127.0.0.1:53]',
      'nameserver fe80::1%eth0\nnameserver x\nnameserver 0.0.0.0\nnameserver 192.0.2.53\n',
      ['192.0.2.53 53'],
    ],
  ])('%s', (_, text, resolvConf, expected) => expect(upstreamsOf(text, resolvConf)).toEqual(expected))

  test.each([
    ['there is no resolv.conf', null, 'there is no /etc/resolv.conf'],
    ['resolv.conf names none', 'search lan\n', '/etc/resolv.conf names no server'],
    ['only we are left', 'nameserver 127.0.0.1\n', 'left out 127.0.0.1 (this resolver itself)'],
  ])('is a warning, not a problem, when %s', (_, resolvConf, reason) => {
    const settings = settled('listen: [127.0.0.1:53]', machine({ resolvConf }))
    expect(settings.upstreams).toEqual([])
    expect(settings.warnings.slice(0, 2)).toEqual([
      `The upstream "system" stands for no server: ${reason}.`,
      'There is no upstream: every name that is neither blocked nor in records gets SERVFAIL.',
    ])
  })
})

describe('an upstream in the file', () => {
  test.each([
    [
      'is our own listener',
      '[127.0.0.1:53]',
      '127.0.0.1',
      '2:13: 127.0.0.1:53 is this resolver itself, which listens on 127.0.0.1:53',
    ],
    [
      'is ours in another spelling',
      '["[::1]:53"]',
      '"[0::1]"',
      '2:13: [::1]:53 is this resolver itself, which listens on [::1]:53',
    ],
    [
      'is local under a wildcard',
      '[0.0.0.0:53]',
      '192.0.2.7',
      '2:13: 192.0.2.7:53 is this resolver itself, which listens on 0.0.0.0:53',
    ],
    [
      'is loopback under a wildcard',
      '[0.0.0.0:53]',
      '127.9.9.9',
      '2:13: 127.9.9.9:53 is this resolver itself, which listens on 0.0.0.0:53',
    ],
    ['is a wildcard', '[127.0.0.1:53]', '0.0.0.0:5353', '2:13: "0.0.0.0" is no address that can be asked'],
    [
      'is a mistyped system',
      '[127.0.0.1:53]',
      'sytem',
      '2:13: expected an address or system, got "sytem": did you mean "system"?',
    ],
    ['is a name', '[127.0.0.1:53]', 'dns.example', '2:13: expected an IP address, got the name "dns.example"'],
    ['stands twice', '[127.0.0.1:53]', '192.0.2.1, 192.0.2.1:53', '2:24: "192.0.2.1:53" stands twice'],
    ['is system twice', '[127.0.0.1:53]', 'system, system', '2:21: "system" stands twice'],
  ])('that %s is a problem', (_, listen, upstreams, problem) =>
    expect(problems(`listen: ${listen}\nupstreams: [${upstreams}]`)).toEqual([problem]),
  )
})
