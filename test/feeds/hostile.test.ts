/** What may stand in a list by mischief or by accident, in every format: it costs its own line, is told by its number, and the lines around it count. */
import { describe, expect, test } from 'vitest'
import type { FeedFormat } from '../../src/settings/settings.ts'
import { readOctets } from './recorder.ts'

/** Around a name, in octets: it may be anything. */
const FORMATS: readonly (readonly [format: FeedFormat, before: string, after: string, head: string])[] = [
  ['domains', '', '', ''],
  ['hosts', '0.0.0.0 ', '', ''],
  ['adblock', '||', '^', ''],
  ['rpz', '', ' CNAME .', ''],
  ['dnsmasq', 'address=/', '/#', ''],
  ['unbound', 'local-zone: "', '" always_null', ''],
  ['urls', 'https://', '/x', ''],
  ['qalqan', '{"host":"', '"}', '{"qalqan":1,"feed":"x","serial":1,"issued":"2026-01-01"}'],
]
const octets = (...parts: readonly (string | readonly number[])[]) =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))))
const label = (length: number) => 'a'.repeat(length)

/** Names, and what each reader says of such a line. */
const HOSTILE: readonly (readonly [what: string, name: Buffer, why: RegExp])[] = [
  ['a line of three megabytes', octets(label(3_000_000), '.example'), /^a line over \d+ octets$/],
  ['a NUL octet', octets('a\0b.example'), /^(a character that no host name has|not JSON)$/],
  // 253 characters are 255 octets on the wire (RFC 1035 §2.3.4).
  ['a name of 254 characters', octets(`${`${label(61)}.`.repeat(4)}bcd.de`), /^a name over 255 octets$/],
  ['a label of 64 octets', octets(label(64), '.example'), /^a label over 63 octets$/],
  ['two dots', octets('a..example'), /^an empty label$/],
  [
    'a lone continuation',
    octets('a', [0x80], '.example'),
    /^(not valid UTF-8|a character that no host name has|not JSON)$/,
  ],
  [
    'half a character',
    octets('a', [0xd2], '.example'),
    /^(not valid UTF-8|a character that no host name has|not JSON)$/,
  ],
  [
    'half a surrogate pair (CESU-8)',
    octets('a', [0xed, 0xa0, 0x80], '.example'),
    /^(not valid UTF-8|a character that no host name has|not JSON)$/,
  ],
  [
    'a name in Windows-1251',
    octets([0xea, 0xe0, 0xe7], '.example'),
    /^(not valid UTF-8|a character that no host name has|not JSON)$/,
  ],
]

describe.each(FORMATS)('%s', (format, before, after, head) => {
  const line = (name: Buffer | string) => octets(before, [...Buffer.from(name)], after, '\n')
  const list = (...names: readonly (Buffer | string)[]) =>
    Buffer.concat([...(head === '' ? [] : [octets(head, '\n')]), ...names.map(line)])
  const read = (list: Buffer, chunk?: number) =>
    readOctets(list, { format, scope: 'site', subdomains: true, limits: { shrink: 1, grow: 1, bad: 0.01 } }, chunk)
  const number = head === '' ? 2 : 3

  test.each(HOSTILE)('%s costs only its own line', (_, name, why) => {
    for (const chunk of [undefined, 1000]) {
      const { rules, bads, report } = read(list('before.example', name, 'after.example'), chunk)
      expect(rules.map(rule => rule.replace(/^=| .*$/g, ''))).toEqual(['before.example', 'after.example'])
      expect(bads).toEqual([expect.stringMatching(new RegExp(`^${number}: `))])
      expect(bads[0]!.slice(`${number}: `.length)).toMatch(why)
      expect(report.failure).toBeNull()
    }
  })

  test('the longest name that there can be is a name', () => {
    const longest = `${`${label(61)}.`.repeat(4)}bc.de`
    expect(longest).toHaveLength(253)
    expect(read(list(longest)).bads).toEqual([])
    expect(read(list(longest)).rules).toHaveLength(1)
  })

  test('a list in another encoding is refused, not half believed', () => {
    const names = Array.from({ length: 30 }, (_, i) => octets([0xea, 0xe0, 0xe7 + (i % 8)], `${i}.example`))
    expect(read(list(...names)).report).toMatchObject({
      failure: expect.stringMatching(/^no valid entry/),
      cause: 'bad-lines',
    })
    const some = Array.from({ length: 970 }, (_, i) => `n${i}.example`)
    expect(read(list(...some, ...names)).report).toMatchObject({
      failure: expect.stringMatching(/^30 of 1000 entries are bad/),
      cause: 'bad-lines',
    })
  })
})
