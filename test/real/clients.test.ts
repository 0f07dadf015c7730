import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Folder, freePort, ndjson } from '../cli/program.ts'
import { dig } from './dig.ts'
import { output, type RealServer } from './programs.ts'
import { startNsd } from './servers.ts'
import { ZONE } from './zones.ts'

let folder: Folder
let nsd: RealServer
let port: number

beforeAll(async () => {
  folder = new Folder()
  nsd = await startNsd(folder.path, [ZONE])
  port = await freePort()
  folder.write('hotline.ndjson', ndjson({ host: 'blocked.zone.test', scope: 'domain', case: 'KZ-2026-000123' }))
  const config = folder.config({
    listen: [`127.0.0.1:${port}`],
    upstreams: [`127.0.0.1:${nsd.port}`],
    feeds: [{ name: 'hotline', source: 'hotline.ndjson', class: 'hotline', category: 'illegal' }],
    blocking: { page: { ipv4: '192.0.2.80', ipv6: '2001:db8::80' }, ttl: '60s' },
  })
  await folder.serve(config)
})
afterAll(async () => {
  await nsd?.stop()
  await folder.remove()
})

const kdig = (...args: readonly string[]) => output('kdig', ['@127.0.0.1', '-p', String(port), ...args])

describe('dig', () => {
  test('a blocked name: the page’s address, and why, in an Extended DNS Error', () => {
    const { status, answers, text } = dig(port, ['www.blocked.zone.test'])
    expect({ status, answers }).toEqual({ status: 'NOERROR', answers: ['www.blocked.zone.test. IN A 192.0.2.80'] })
    expect(text).toMatch(/EDE: 15 \(Blocked\).*KZ-2026-000123/)
    expect(dig(port, ['blocked.zone.test', 'AAAA']).answers).toEqual(['blocked.zone.test. IN AAAA 2001:db8::80'])
  })

  test('a blocked name, another type: no data, with a SOA', () => {
    const { status, answers, authorities } = dig(port, ['blocked.zone.test', 'MX'])
    expect({ status, answers }).toEqual({ status: 'NOERROR', answers: [] })
    expect(authorities.join()).toMatch(/ SOA /)
  })

  test('a name that is not blocked: recursion is there, nothing is authoritative', () => {
    const { status, answers, flags } = dig(port, ['host.zone.test'])
    expect({ status, answers }).toEqual({ status: 'NOERROR', answers: ['host.zone.test. IN A 198.51.100.1'] })
    expect(flags).toEqual(expect.arrayContaining(['qr', 'rd', 'ra']))
    expect(flags).not.toContain('aa')
  })

  test('dig warns of nothing in any of it', () => {
    for (const args of [['blocked.zone.test'], ['host.zone.test'], ['nowhere.zone.test'], ['big.zone.test', 'TXT']]) {
      expect(dig(port, args).text).not.toMatch(/WARNING|Warning|;; Got bad|malformed|mismatch/)
    }
  })

  const sizes: readonly (readonly [string, readonly string[], boolean])[] = [
    ['without EDNS', ['+noedns'], true],
    ['with 512 octets', ['+bufsize=512'], true],
    ['with 1232 octets', ['+bufsize=1232'], true],
    ['with more octets than fit every path', ['+bufsize=4096'], true],
    ['over TCP', ['+tcp'], false],
  ]
  test.each(sizes)('a long answer %s', (_, options, isCut) => {
    const args = ['big.zone.test', 'TXT', '+ignore', ...options]
    const { flags, answers } = dig(port, args)
    expect(flags.includes('tc')).toBe(isCut)
    expect(answers.length).toBe(isCut ? 0 : 1)
  })

  test('a long answer whose client follows TC gets it whole', () => {
    const { text, answers } = dig(port, ['big.zone.test', 'TXT'])
    expect(text).toContain('Truncated, retrying in TCP mode')
    expect(answers[0]!.length).toBeGreaterThan(4800)
  })

  test('the first long answer to be asked for over TCP is not cut for those over UDP that it fits', () => {
    expect(dig(port, ['many.zone.test', '+tcp']).answers).toHaveLength(100)
    expect(dig(port, ['many.zone.test', '+ignore', '+bufsize=1232']).flags).toContain('tc')
  })

  const variants: readonly (readonly [string, readonly string[], string])[] = [
    ['an unknown EDNS version: BADVERS', ['host.zone.test', '+edns=1', '+noednsneg'], 'BADVERS'],
    ['an unknown EDNS option is passed over', ['host.zone.test', '+ednsopt=65001:0102'], 'NOERROR'],
    ['an unknown EDNS flag is passed over', ['host.zone.test', '+ednsflags=0x4000'], 'NOERROR'],
    ['a client subnet', ['host.zone.test', '+subnet=192.0.2.0/24'], 'NOERROR'],
    ['a cookie', ['host.zone.test', '+cookie'], 'NOERROR'],
    ['padding', ['host.zone.test', '+padding=128'], 'NOERROR'],
    ['keepalive over TCP', ['host.zone.test', '+tcp', '+keepalive'], 'NOERROR'],
    ['NSID', ['host.zone.test', '+nsid'], 'NOERROR'],
    ['CD and AD', ['host.zone.test', '+cd', '+ad'], 'NOERROR'],
    ['the reserved header bit', ['host.zone.test', '+zflag'], 'NOERROR'],
    ['no recursion desired', ['host.zone.test', '+norecurse'], 'NOERROR'],
    ['a zone transfer: refused', ['zone.test', 'AXFR'], 'failed'],
    ['an incremental one: refused', ['zone.test', 'IXFR=1'], 'failed'],
    ['the version: refused', ['version.bind', 'TXT', 'CH'], 'REFUSED'],
    ['another class: refused', ['host.zone.test', 'A', 'HS'], 'REFUSED'],
    ['a status query: not implemented', ['host.zone.test', '+opcode=2'], 'NOTIMP'],
    ['a notify: not implemented', ['zone.test', '+opcode=notify'], 'NOTIMP'],
    ['an update: not implemented', ['zone.test', '+opcode=update'], 'NOTIMP'],
    ['no question at all: FORMERR', ['+header-only'], 'FORMERR'],
    ['a name in capitals', ['HOST.Zone.TEST'], 'NOERROR'],
  ]
  test.each(variants)('%s', (_, args, status) => {
    const { text, status: own } = dig(port, args)
    if (status === 'failed') expect(text).toMatch(/Transfer failed|REFUSED/)
    else expect(own, text).toBe(status)
  })

  test('the answer to an EDNS query has EDNS of 1232 octets, that to a plain one has none', () => {
    expect(dig(port, ['host.zone.test']).text).toMatch(/EDNS: version: 0, flags:; udp: 1232/)
    expect(dig(port, ['host.zone.test', '+noedns']).text).not.toMatch(/EDNS/)
    expect(dig(port, ['host.zone.test', '+dnssec']).text).toMatch(/EDNS: version: 0, flags: do; udp: 1232/)
  })

  test('unknown EDNS options are not sent back', () => {
    expect(dig(port, ['host.zone.test', '+ednsopt=65001:0102', '+subnet=192.0.2.0/24']).text).not.toMatch(
      /OPT=65001|CLIENT-SUBNET/,
    )
  })
})

/** How kdig speaks of what it does not like; NOERROR is not that. */
const COMPLAINT = /WARNING|\bERROR/

describe('kdig', () => {
  test('+tcp +keepopen: many questions on one connection', () => {
    const names = Array.from({ length: 50 }, (_, i) => `h${i}.zone.test`)
    const text = kdig('+tcp', '+keepopen', ...names, 'blocked.zone.test')
    expect(text.match(/status: NOERROR/g)).toHaveLength(51)
    for (const [i] of names.entries()) expect(text).toContain(`198.18.0.${i}`)
    expect(text).toContain('192.0.2.80')
    expect(text.match(/\(TCP\) in /g)).toHaveLength(51)
    expect(text).not.toMatch(COMPLAINT)
  })

  test('+dnssec, +bufsize, +nsid, +padding, +subnet, +cookie: nothing to complain of', () => {
    for (const option of [
      '+dnssec',
      '+bufsize=512',
      '+nsid',
      '+padding',
      '+subnet=192.0.2.0/24',
      '+cookie',
      '+alignment',
    ]) {
      const text = kdig(option, 'host.zone.test')
      expect(text, option).toMatch(/status: NOERROR/)
      expect(text, option).not.toMatch(COMPLAINT)
    }
  })

  test('an unknown type and class in numbers', () => {
    expect(kdig('host.zone.test', 'TYPE65280')).toMatch(/status: NOERROR/)
    expect(kdig('host.zone.test', '-c', 'CLASS77')).toMatch(/status: REFUSED/)
  })
})
