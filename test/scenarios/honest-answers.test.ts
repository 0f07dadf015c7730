/** What a blocked client is told beside the answer: by class, as a line or as data, and how much of it where there is little room. */
import { describe, expect, test } from 'vitest'
import { CLASSES } from '../../src/images/classes.ts'
import { publicNumber } from '../../src/images/filter/public-number.ts'
import { type BlockAnswers, MODE_NXDOMAIN, MODE_PAGE, MODE_ZERO } from '../../src/resolver/blocked.ts'
import type { Settings } from '../../src/settings/settings.ts'
import { structuredError } from '../../src/structured-error.ts'
import type { RuleText } from '../support/images.ts'
import { labels, wireName } from '../support/octets.ts'
import { PAGE } from '../support/plane.ts'
import { rawOpt, rawQuery } from '../support/raw.ts'
import { extendedError, optOf, read } from '../support/reading.ts'
import { a, cname, Story } from '../support/story.ts'

const RULES: readonly RuleText[] = [
  { name: 'hot.test', category: 'illegal', ruleClass: 'hotline', caseNumber: 'KZ-1' },
  { name: 'court.test', category: 'illegal', ruleClass: 'legal', caseNumber: 'C 2/7' },
  { name: 'home.test', category: 'illegal' },
  { name: 'quoted.test', category: 'illegal', ruleClass: 'hotline', caseNumber: 'a"b\\c' },
]

type Blocking = Pick<Settings, 'blocking' | 'blockPage'>
const settings = (own: Partial<Settings['blockPage']> = {}, language: 'kk' | 'ru' | 'en' = 'en') =>
  ({
    blocking: { structuredErrors: { option: 0, language } },
    blockPage: {
      provider: 'Sample Provider',
      appeal: { email: 'appeal@provider.example', phone: '+7 (700) 000-00-00', url: null },
      ...own,
    },
  }) as unknown as Blocking

const LINK = 'https://p.example/c/'
const MODES = [MODE_PAGE, MODE_NXDOMAIN, MODE_ZERO]

function answersOf(own: Blocking | null, link = LINK): BlockAnswers {
  const none = { blocking: { structuredErrors: null }, blockPage: {} } as unknown as Blocking
  return {
    ...PAGE,
    classes: CLASSES.map((ruleClass, i) => ({
      mode: MODES[i]!,
      ttlSeconds: 10 * (i + 1),
      link: new Uint8Array(Buffer.from(link)),
      ...structuredError(ruleClass, own ?? none),
    })),
  }
}

const story = (own: Blocking | null = settings(), link = LINK, option = 0) =>
  new Story({
    policies: [{ categories: ['illegal'] }],
    rules: RULES,
    blockAnswers: answersOf(own, link),
    options: { structuredOption: option },
  })

/** By an empty Extended DNS Error, as clients of the draft's earlier versions ask. */
const ASKS = [0, 15, 0, 0]

function ask(own: Story, name: string, options: readonly number[] = ASKS, payload = 1232): Uint8Array {
  return own.ask(rawQuery({ name: wireName(name), additionals: [rawOpt({ options, payload })] }))!
}

const textOf = (message: Uint8Array) => extendedError(message)?.text ?? ''
/** `reading.ts` reads octets as Latin-1. */
const dataOf = (message: Uint8Array) => JSON.parse(Buffer.from(textOf(message), 'latin1').toString('utf8'))

describe('three classes, three voices', () => {
  const rows: readonly (readonly [name: string, code: number, text: string, answers: string[], rcode: string])[] = [
    ['hot.test', 15, `KZ-1 ${LINK}KZ-1`, ['hot.test 10 A 192.0.2.80'], 'NOERROR'],
    ['court.test', 16, `C 2/7 ${LINK}C 2/7`, [], 'NXDOMAIN'],
    [
      'home.test',
      17,
      `${publicNumber(wireName('home.test'))} ${LINK}${publicNumber(wireName('home.test'))}`,
      ['home.test 30 A 0.0.0.0'],
      'NOERROR',
    ],
  ]
  test.each(rows)('%s: its own code, number, link, answer and TTL', (name, code, text, answers, rcode) => {
    const told = read(ask(story(null), name, []))
    expect(told).toMatchObject({ error: { code, text }, answers, rcode })
  })

  test('never the rule or the list: the same text for the name and for what is below it', () => {
    const own = story(null)
    expect(textOf(ask(own, 'a.b.home.test', []))).toBe(textOf(ask(own, 'home.test', [])))
  })
})

describe('structured errors', () => {
  test('have contact, reason with the number, kind, organization and language', () => {
    expect(dataOf(ask(story(), 'hot.test'))).toEqual({
      c: ['mailto:appeal@provider.example', 'tel:+77000000000'],
      s: 5,
      j: 'Blocked: a hotline found illegal content here. Case number: KZ-1',
      o: 'Sample Provider',
      l: 'en',
    })
  })

  test('have no kind for what the law demands or a household chose', () => {
    for (const name of ['court.test', 'home.test']) expect(dataOf(ask(story(), name))).not.toHaveProperty('s')
  })

  test.each(['kk', 'ru', 'en'] as const)(
    'in %s are JSON whatever stands in them, with the number at their end',
    language => {
      const own = settings({ provider: 'Тест "Net" \\ \u{e000} ЖШС' }, language)
      for (const name of ['hot.test', 'court.test', 'home.test']) {
        const data = dataOf(ask(story(own), name))
        expect(data).toMatchObject({ o: 'Тест "Net" \\  ЖШС', l: language })
        expect(data.j).toMatch(/: (KZ-1|C 2\/7|Q-[0-9A-Z-]{14})$/)
      }
    },
  )

  test('leave a number out that would break the JSON', () => {
    expect(dataOf(ask(story(), 'quoted.test')).j).toMatch(/Case number: $/)
  })

  const asking: readonly (readonly [what: string, options: readonly number[], option: number, isTold: boolean])[] = [
    ['an empty Extended DNS Error in the query', ASKS, 0, true],
    ['the option of its own that the operator has set', [0xff, 0xe0, 0, 0], 0xffe0, true],
    ['no option', [], 0, false],
    ['another option', [0xff, 0xe0, 0, 0], 0, false],
    ['a cookie', [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8], 0xffe0, false],
  ]
  test.each(asking)('are for who asks: with %s', (_, options, option, isTold) => {
    const text = textOf(ask(story(settings(), LINK, option), 'hot.test', options))
    expect(text.startsWith('{')).toBe(isTold)
    if (!isTold) expect(text).toBe(`KZ-1 ${LINK}KZ-1`)
  })

  test('are for nobody where the operator has not turned them on, nor for who sends no OPT', () => {
    expect(textOf(ask(story(null), 'hot.test'))).toBe(`KZ-1 ${LINK}KZ-1`)
    const bare = story().ask(rawQuery({ name: wireName('hot.test') }))!
    expect([optOf(bare), read(bare).answers]).toEqual([null, ['hot.test 10 A 192.0.2.80']])
  })

  test('come to who asked for them and had to wait, and not to who waited beside', () => {
    const own = story()
    const query = (options: readonly number[], id: number) =>
      own.ask(rawQuery({ id, name: wireName('alias.test'), additionals: [rawOpt({ options })] }))
    expect([query(ASKS, 1), query([], 2)]).toEqual([null, null])
    own.upstream({ answers: [cname('alias.test', 'hot.test'), a('hot.test')] })
    const told = own.answers.splice(0).map(({ message }) => [message[1], textOf(message)[0]])
    expect(told.sort()).toEqual([
      [1, '{'],
      [2, 'K'],
    ])
  })
})

describe('where there is little room', () => {
  /** A question so long that little is left of 512 octets. */
  const long = `${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(55)}`

  test('the reason goes first, then the contact, then the text; the answer and the code stay', () => {
    const whole = textOf(ask(story(), `${long}.hot.test`))
    const steps = new Set<string>()
    for (let pad = 0; pad < 250; pad += 4) {
      const own = story(settings({ appeal: { email: `${'a'.repeat(pad)}@provider.example`, phone: null, url: null } }))
      const message = ask(own, `${long}.hot.test`, ASKS, 512)
      const told = read(message)
      expect(message.length).toBeLessThanOrEqual(512)
      expect([told.truncated, told.answers.length, told.error?.code]).toEqual([false, 1, 15])
      const text = textOf(message)
      steps.add(text === '' ? 'nothing' : Object.keys(JSON.parse(text)).join(''))
    }
    expect(JSON.parse(whole)).toHaveProperty('j')
    expect([...steps]).toEqual(['csjol', 'cs', 'nothing'])
  })

  test('of a line too', () => {
    const link = `https://p.example/${'c'.repeat(320)}/`
    const message = ask(story(null, link), `${long}.hot.test`, [], 512)
    expect(read(message)).toMatchObject({ truncated: false, error: { code: 15, text: '' } })
    expect(textOf(ask(story(null, link), `${long}.hot.test`, []))).toBe(`KZ-1 ${link}KZ-1`)
  })

  test('who takes less than 512 takes 512 (RFC 6891 §6.2.5), and nobody gets more than was agreed', () => {
    for (const payload of [0, 100, 511, 512, 600, 1232, 4096]) {
      const message = ask(story(), `${long}.hot.test`, ASKS, payload)
      expect(message.length).toBeLessThanOrEqual(Math.min(1232, Math.max(512, payload)))
      expect(read(message).answers).toHaveLength(1)
    }
  })
})

describe('an OPT is sent to who sent one, and none to who did not:', () => {
  test.each(['hot.test', 'court.test', 'home.test', 'localhost', 'invalid', 'alias.test', 'www.test'])('%s', name => {
    const own = story()
    const told = (additionals: readonly ReturnType<typeof rawOpt>[]) => {
      const at = own.ask(rawQuery({ name: labels(...name.split('.')), additionals }))
      if (at !== null) return at
      own.upstream({ answers: name === 'alias.test' ? [cname(name, 'hot.test'), a('hot.test')] : [a(name)] })
      return own.answers.splice(0)[0]!.message
    }
    expect(optOf(told([rawOpt({ dnssecOk: true })]))).toMatchObject({ udpPayloadSize: 1232, flag_do: true })
    expect(optOf(told([]))).toBe(null)
  })
})
