/**
 * What holds for every reader on any octets: it ends, throws nothing, gives only names in wire form (the recording sink checks each), and
 * every line it speaks of is there. A limit on time would be a test of the machine; a reader that hangs hangs this test.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FileFormat, READERS } from '../../src/feeds/readers.ts'
import { readOctets } from './recorder.ts'

const formats = Object.keys(READERS) as FileFormat[]

/** Pieces of every format, in an order that no format has. */
const pieces = fc.constantFrom(
  ...[
    'bad.example',
    'қалқан.example',
    '.',
    '*.',
    '*',
    '||',
    '@@',
    '^',
    '$',
    '$important',
    '#',
    '##',
    '!',
    ';',
    '//',
    '/',
    '\\',
    '\\0',
    '\\065',
  ],
  ...[
    '0.0.0.0',
    '127.0.0.1',
    '::',
    '::1',
    '192.0.2.1',
    '[2001:db8::1]',
    'address=/',
    'server=/',
    'local=/',
    'local-zone:',
    'local-data:',
  ],
  ...[
    '"',
    "'",
    '(',
    ')',
    ' ',
    '\t',
    '\n',
    '\r',
    '\r\n',
    '\0',
    '\ufeff',
    'CNAME',
    'A',
    'AAAA',
    'SOA',
    'IN',
    '300',
    '@',
    '$ORIGIN',
    '$TTL',
  ],
  ...[
    'rpz-passthru.',
    'rpz-ip',
    'redirect',
    'static',
    'https://',
    ':',
    '8080',
    '?',
    '{',
    '}',
    '{"qalqan":1,"feed":"x","serial":1,"issued":"2026-01-01"}',
  ],
  ...[
    '{"host":"bad.example"}',
    '{"url":"https://bad.example/","expires":"2027-01-01"}',
    'x'.repeat(64),
    'a.'.repeat(130),
  ],
)
const text = fc.array(pieces, { maxLength: 60 }).map(parts => Buffer.from(parts.join('')))
const octets = fc.oneof(fc.uint8Array({ maxLength: 500 }), text)

describe('every reader', () => {
  for (const format of formats) {
    test(`${format}: any octets come to rules, skipped and bad lines, never to an exception`, () => {
      fc.assert(
        fc.property(octets, fc.integer({ min: 1, max: 600 }), (bytes, chunk) => {
          const { report, lines, rules } = readOctets(bytes, { format }, chunk)
          expect(report.blocked + report.allowed + report.pages + report.expired).toBe(rules.length)
          for (const line of [...lines, ...report.badLines.map(bad => bad.line)]) {
            expect(line).toBeGreaterThanOrEqual(1)
            expect(line).toBeLessThanOrEqual(report.lines)
          }
        }),
        { numRuns: 500 },
      )
    })

    test(`${format}: the same octets come to the same in whatever chunks`, () => {
      fc.assert(
        fc.property(text, fc.integer({ min: 1, max: 50 }), (bytes, chunk) => {
          const [a, b] = [
            readOctets(bytes, { format }),
            readOctets(bytes, { format }, bytes.length < 600 ? bytes.length : chunk),
          ]
          expect(b.rules).toEqual(a.rules)
          expect(b.bads).toEqual(a.bads)
        }),
        { numRuns: 100 },
      )
    })
  }

  test('auto: whatever the octets, a format or a reason', () => {
    fc.assert(
      fc.property(octets, bytes => {
        const { report } = readOctets(bytes, { format: 'auto' })
        expect(report.format !== null || report.failure !== null).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

const good: Readonly<Record<FileFormat, (name: string) => string>> = {
  domains: name => name,
  hosts: name => `0.0.0.0 ${name}`,
  adblock: name => `||${name}^`,
  dnsmasq: name => `address=/${name}/#`,
  unbound: name => `local-zone: "${name}." always_null`,
  rpz: name => `${name} CNAME .`,
  urls: name => `https://${name}/page`,
  qalqan: name => `{"host":"${name}"}`,
}

describe('line numbers', () => {
  for (const format of formats)
    test(`${format}: each rule and each bad line has the number that an editor shows`, () => {
      const kind = fc.constantFrom('good', 'bad', 'blank')
      fc.assert(
        fc.property(fc.array(kind, { maxLength: 40 }), fc.constantFrom('\n', '\r\n'), (kinds, end) => {
          const header = format === 'qalqan' ? ['{"qalqan":1,"feed":"x","serial":1,"issued":"2026-01-01"}'] : []
          const body = kinds.map((kind, n) =>
            kind === 'blank' ? '' : good[format](kind === 'good' ? `n${n}.example` : `n${n}..example`),
          )
          const { lines, bads } = readOctets(Buffer.from([...header, ...body, ''].join(end)), { format })
          const numbers = (wanted: string) =>
            kinds.flatMap((kind, n) => (kind === wanted ? [n + 1 + header.length] : []))
          expect(lines).toEqual(numbers('good'))
          expect(bads.map(text => Number.parseInt(text, 10))).toEqual(numbers('bad'))
        }),
        { numRuns: 50 },
      )
    })
})
