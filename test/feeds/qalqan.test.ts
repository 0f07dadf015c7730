import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { secondsOf } from '../../src/feeds/qalqan-entry.ts'
import { NOW, readText } from './recorder.ts'

const header =
  '{"qalqan":1,"feed":"hotline","serial":2026112201,"issued":"2026-11-22T00:00:00Z","publisher":"A hotline"}'
const read = (...lines: string[]) => readText('qalqan', [header, ...lines].join('\n'))

const rows: [entry: string, outcome: string[]][] = [
  ['{"host":"bad.example"}', ['bad.example']],
  ['{"host":"BAD.example."}', ['bad.example']],
  ['{"host":"қалқан.example"}', ['xn--80aa6aj08bc.example']],
  ['{"host":"bad.example","scope":"host"}', ['=bad.example']],
  ['{"host":"bad.example","scope":"domain"}', ['bad.example']],
  ['{"url":"https://bad.example/page"}', ['page bad.example']],
  ['{"url":"https://a@bad.example:8443/page","scope":"host"}', ['=bad.example']],
  ['{"url":"https://bad.example","scope":"domain"}', ['bad.example']],
  ['{"host":"good.example","action":"allow"}', ['@@good.example']],
  ['{"host":"bad.example","expires":"2026-11-23"}', ['bad.example']],
  ['{"host":"bad.example","expires":"2026-11-22T00:00:01Z"}', ['bad.example']],
  ['{"host":"bad.example","expires":"2026-11-22"}', ['expired bad.example']],
  ['{"host":"bad.example","expires":"2026-11-22T05:00:00+05:00"}', ['expired bad.example']],
  ['{"url":"https://bad.example/page","expires":"2026-11-21"}', ['expired =bad.example']],
  ['', []],
  ['{"host":"192.0.2.1"}', ['skip: an address, not a name']],
  ['{"url":"https://[2001:db8::1]/"}', ['skip: an address, not a name']],
  ['{"host":"com"}', ['bad: a top-level domain']],
  ['{"host":"com","action":"allow"}', ['@@com']],
  ['{"host":"*.bad.example"}', ['bad: a wildcard that is not the whole first label']],
  ['{"host":"bad.example"', ['bad: not JSON']],
  ['[]', ['bad: not an object']],
  ['null', ['bad: not an object']],
  ['{}', ['bad: exactly one of `host` and `url` is needed']],
  ['{"host":"a.example","url":"https://a.example/"}', ['bad: exactly one of `host` and `url` is needed']],
  ['{"host":1}', ['bad: `host` must be a text of 1 to 1000 characters']],
  ['{"host":"bad.example","expire":"2026-01-01"}', ['bad: the key `expire` is not known']],
  ['{"host":"bad.example","__proto__":{}}', ['bad: the key `__proto__` is not known']],
  ['{"host":"bad.example","scope":"page"}', ['bad: the scope `page` needs a `url`']],
  ['{"host":"bad.example","scope":"site"}', ['bad: `scope` must be host, domain or page']],
  ['{"host":"bad.example","action":"deny"}', ['bad: `action` must be block or allow']],
  ['{"url":"https://good.example/","action":"allow"}', ['bad: a page cannot be allowed, only a host']],
  ['{"url":"bad.example/page"}', ['bad: `url` must be a whole URL such as https://bad.example/page']],
  ['{"url":"https:///page"}', ['bad: no name']],
  ['{"host":"bad.example","category":"Gambling"}', ['bad: `category` must be lower-case letters, digits and hyphens']],
  [
    '{"host":"bad.example","case":" 1"}',
    ['bad: `case` must be a text of 1 to 64 printable ASCII characters without spaces at its ends'],
  ],
  [
    '{"host":"bad.example","case":"іс"}',
    ['bad: `case` must be a text of 1 to 64 printable ASCII characters without spaces at its ends'],
  ],
  [
    '{"host":"bad.example","case":7}',
    ['bad: `case` must be a text of 1 to 64 printable ASCII characters without spaces at its ends'],
  ],
  [
    '{"host":"bad.example","expires":"2026-02-30"}',
    ['bad: `expires` must be a date such as 2026-11-22 or 2026-11-22T10:00:00Z'],
  ],
  [
    '{"host":"bad.example","expires":"2026-11-22T10:00:00"}',
    ['bad: `expires` must be a date such as 2026-11-22 or 2026-11-22T10:00:00Z'],
  ],
  [
    '{"host":"bad.example","listed":1732233600}',
    ['bad: `listed` must be a date such as 2026-11-22 or 2026-11-22T10:00:00Z'],
  ],
  ...[
    '""',
    '" "',
    '5',
    `"${'x'.repeat(101)}"`,
    '"a\\u0000b"',
    '"me@person.example"',
    '"https://person.example"',
    '"A. Person, +7 (700) 000-00-00"',
  ].map((reviewer): [string, string[]] => [
    `{"host":"bad.example","reviewed_by":${reviewer}}`,
    ['bad: `reviewed_by` must be an organisation or a role of 1 to 100 characters, no address or telephone number'],
  ]),
  ['{"host":"bad.example","reviewed_by":"Екі маман, 2026-11-22"}', ['bad.example']],
  ['{"host":"bad.example","reason":""}', ['bad: `reason` must be a text of 1 to 1000 characters']],
]

describe('an entry of a list of our own', () => {
  for (const [entry, outcome] of rows)
    test(`${entry} gives ${outcome.join(' and ') || 'nothing'}`, () => {
      const { rules, skips, bads } = read(entry)
      const all = [
        ...rules,
        ...skips.map(text => text.replace('2', 'skip')),
        ...bads.map(text => text.replace('2', 'bad')),
      ]
      expect(all).toEqual(outcome)
    })

  test('everything it says is handed on, times in seconds', () => {
    const entry = {
      host: 'bad.example',
      category: 'illegal',
      case: 'KZ-2026/17',
      reason: 'себебі',
      basis: 'a law, article 1',
      reviewed_by: 'two experts',
      source: 'a court',
      listed: '2026-11-01',
      expires: '2027-01-01T06:00:00+06:00',
    }
    expect(read(JSON.stringify(entry)).details).toEqual([
      {
        caseNumber: 'KZ-2026/17',
        category: 'illegal',
        reason: 'себебі',
        basis: 'a law, article 1',
        reviewedBy: 'two experts',
        source: 'a court',
        listedAt: Date.UTC(2026, 10, 1) / 1000,
        expiresAt: Date.UTC(2027, 0, 1) / 1000,
      },
    ])
  })

  test('the feed`s scope `site` makes a host of a URL that has no scope of its own', () => {
    const text = [header, '{"url":"https://a.example/p"}', '{"url":"https://b.example/p","scope":"page"}'].join('\n')
    expect(readText('qalqan', text, { scope: 'site' }).rules).toEqual(['=a.example', 'page b.example'])
  })

  test('expired entries are counted, and the next expiry is the nearest that is still to come', () => {
    const { report } = read(
      '{"host":"a.example","expires":"2026-11-01"}',
      '{"host":"b.example","expires":"2026-12-01"}',
      '{"url":"https://c.example/","expires":"2026-11-23"}',
    )
    expect(report).toMatchObject({ expired: 1, blocked: 1, pages: 1, nextExpiry: NOW + 86_400, failure: null })
  })

  test('a list whose entries have all expired is a good list without rules', () => {
    expect(read('{"host":"a.example","expires":"2026-11-01"}', '{').report).toMatchObject({
      expired: 1,
      bad: 1,
      failure: null,
    })
  })
})

const headers: [what: string, text: string, failure: RegExp | null][] = [
  ['only a header', header, null],
  ['the least header', '{"qalqan":1,"feed":"x","serial":0,"issued":"2026-01-01"}', null],
  ['blank lines before it', `\n\n${header}`, null],
  ['none', '{"host":"bad.example"}', /not a header|JSON that is not/],
  ['another version', '{"qalqan":2,"feed":"x","serial":1,"issued":"2026-01-01"}', /format 2 .* not known/],
  ['a version in quotes', '{"qalqan":"1","feed":"x","serial":1,"issued":"2026-01-01"}', /format "1"/],
  ['no serial', '{"qalqan":1,"feed":"x","issued":"2026-01-01"}', /`serial` must be a whole number/],
  ['a negative serial', '{"qalqan":1,"feed":"x","serial":-1,"issued":"2026-01-01"}', /`serial`/],
  ['no date', '{"qalqan":1,"feed":"x","serial":1}', /`issued` must be a date/],
  ['an unknown key', '{"qalqan":1,"feed":"x","serial":1,"issued":"2026-01-01","sig":""}', /`sig` is not known/],
  ['no JSON', 'bad.example', /not a header/],
]

describe('the header of a list of our own', () => {
  for (const [what, text, failure] of headers)
    test(`${what}: ${failure === null ? 'read' : 'the file is refused'}`, () => {
      const { report, rules } = readText('qalqan', `${text}\n`)
      expect(rules).toEqual([])
      if (failure === null) expect(report.failure).toBeNull()
      else expect(report.failure).toMatch(failure)
    })
})

const dates: [text: string, seconds: number | null][] = [
  ['2026-11-22', NOW],
  ['2026-11-22T00:00Z', NOW],
  ['2026-11-22T00:00:00Z', NOW],
  ['2026-11-22T00:00:00.999Z', NOW],
  ['2026-11-22T06:00:00+06:00', NOW],
  ['2026-11-21T23:00:00-01:00', NOW],
  ['2024-02-29', Date.UTC(2024, 1, 29) / 1000],
  ['2000-02-29', Date.UTC(2000, 1, 29) / 1000],
  ['1900-02-29', null],
  ['2026-02-29', null],
  ['2026-04-31', null],
  ['2026-13-01', null],
  ['2026-00-01', null],
  ['2026-01-00', null],
  ['2026-1-1', null],
  ['2026-11-22T25:00:00Z', null],
  ['2026-11-22 10:00:00Z', null],
  ['2026-11-22T10:60:00Z', null],
  ['2026-11-22T10:00:60Z', null],
  ['2026-11-22T10:00:00+24:00', null],
  ['0099-01-01', -59042995200],
  ['tomorrow', null],
]

test('any moment is read as it was written, whatever its zone', () => {
  const moment = fc.date({
    min: new Date('0001-01-02T00:00:00Z'),
    max: new Date('9999-12-30T00:00:00Z'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(moment, fc.integer({ min: -1439, max: 1439 }), (date, minutes) => {
      const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1)
      const two = (value: number) => String(value).padStart(2, '0')
      const zone = `${minutes < 0 ? '-' : '+'}${two(Math.trunc(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
      expect(secondsOf(local + zone)).toBe(Math.floor(date.getTime() / 1000))
    }),
  )
})

describe('dates', () => {
  for (const [text, seconds] of dates) test(`${text} is ${seconds}`, () => expect(secondsOf(text)).toBe(seconds))
})
