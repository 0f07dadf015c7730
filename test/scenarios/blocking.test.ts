/** Stories of names that are flagged, withdrawn, allowed for some: a verdict is given per policy and now, whatever was remembered. */
import { describe, expect, test } from 'vitest'
import { TCP, UDP } from '../../src/images/counters.ts'
import { images, type PolicyText, type RuleText } from '../support/images.ts'
import { labels, seeded } from '../support/octets.ts'
import { rawQuery } from '../support/raw.ts'
import { read } from '../support/reading.ts'
import { a, Story } from '../support/story.ts'

const EVERYBODY: readonly PolicyText[] = [{ categories: ['illegal'] }]
const flagged = (name: string): RuleText => ({ name, category: 'illegal', ruleClass: 'hotline' })
const PAGE_ADDRESS = '192.0.2.80'

/** Puts other images in force between two questions, as a worker does. */
function putInForce(story: Story, rules: readonly RuleText[], policies: readonly PolicyText[] = EVERYBODY): void {
  story.plane.images = images(rules, policies)
}

const isBlocked = (story: Story, name: string, client?: string) =>
  story.client(name, client)?.answers.some(line => line.endsWith(PAGE_ADDRESS)) ?? false

describe('a name that is flagged while its answer is remembered', () => {
  test('is blocked at once, and freed at once when it is withdrawn', () => {
    const story = new Story({ policies: EVERYBODY })
    story.client('shop.test')
    story.upstream({ answers: [a('shop.test')] })
    story.told()
    expect(story.client('shop.test')?.answers).toEqual(['shop.test 300 A 198.51.100.1'])

    putInForce(story, [flagged('shop.test')])
    expect(isBlocked(story, 'shop.test')).toBe(true)
    expect(isBlocked(story, 'www.SHOP.test')).toBe(true)

    putInForce(story, [])
    expect(story.client('shop.test')?.answers).toEqual(['shop.test 300 A 198.51.100.1'])
    expect(story.sent).toHaveLength(1)
  })

  test('while a client waits for it: who waits gets what was asked, the next is blocked', () => {
    const story = new Story({ policies: EVERYBODY })
    story.client('shop.test')
    putInForce(story, [flagged('shop.test')])
    expect(isBlocked(story, 'shop.test')).toBe(true)
    story.upstream({ answers: [a('shop.test')] })
    expect(story.told()).toHaveLength(1)
    expect(isBlocked(story, 'shop.test')).toBe(true)
  })

  test('is not answered from the failures that are remembered either', () => {
    const story = new Story({ policies: EVERYBODY, servers: 1, attempts: 1 })
    story.client('down.test')
    story.advance(1000)
    story.told()
    putInForce(story, [flagged('down.test')])
    expect(isBlocked(story, 'down.test')).toBe(true)
  })
})

describe('two households ask for the same', () => {
  const policies: readonly PolicyText[] = [{ categories: ['gambling'] }, { categories: [], clients: ['10.2.0.0/16'] }]
  const rules: readonly RuleText[] = [{ name: 'casino.test', category: 'gambling' }]
  const [STRICT, FREE] = ['10.1.0.1', '10.2.0.1']

  test('a thousand times in any order: no verdict crosses over', () => {
    const story = new Story({ rules, policies })
    const random = seeded(8)
    let crossings = 0
    for (let i = 0; i < 1000; i++) {
      const client = random(2) === 0 ? STRICT : FREE
      const name = `${'wWxX'[random(4)]}.casino.test`
      const own = story.client(name, client, random(2) === 0 ? UDP : TCP)
      if (own === null) story.upstream({ answers: [a(name.toLowerCase())] })
      for (const line of own?.answers ?? story.told().flatMap(each => each.answers)) {
        const blocked = line.endsWith(PAGE_ADDRESS)
        if (blocked !== (client === STRICT)) crossings++
      }
      if (random(5) === 0) story.advance(random(400_000))
    }
    expect(crossings).toBe(0)
  })

  test('while the free one waits, the strict one is answered, and does not join', () => {
    const story = new Story({ rules, policies })
    expect(story.client('casino.test', FREE)).toBeNull()
    expect(isBlocked(story, 'casino.test', STRICT)).toBe(true)
    expect(story.assembled.questions.waiting).toBe(1)
  })
})

describe('ways around a block', () => {
  const story = () => new Story({ rules: [flagged('bad.test')], policies: EVERYBODY })
  const numbers = {
    A: 1,
    CNAME: 5,
    MX: 15,
    TXT: 16,
    AAAA: 28,
    DS: 43,
    RRSIG: 46,
    SVCB: 64,
    HTTPS: 65,
    ANY: 255,
    unknown: 65_280,
  }

  test.each(Object.entries(numbers))('type %s goes nowhere', (_, type) => {
    for (const transport of [UDP, TCP]) {
      const own = story()
      const answer = own.ask(rawQuery({ name: labels('a', 'bad', 'test'), type }), '192.0.2.7', transport)
      expect(read(answer).answers.every(line => line.endsWith(PAGE_ADDRESS) || line.endsWith('2001:db8::80'))).toBe(
        true,
      )
      expect(own.sent).toEqual([])
    }
  })

  const spellings: readonly (readonly string[])[] = [
    ['bad', 'test'],
    ['BAD', 'TEST'],
    ['bAd', 'tEsT'],
    ['www', 'bad', 'test'],
    ['\0', 'bad', 'test'],
    ['a.b', 'bad', 'test'],
    ['x'.repeat(63), 'bad', 'test'],
  ]
  test.each(spellings)('%s.%s', (...name) => {
    const own = story()
    for (const flags of [0x0100, 0x0000, 0x0110, 0x0130])
      expect(own.ask(rawQuery({ name: labels(...name), flags }))).not.toBeNull()
    expect(own.sent).toEqual([])
  })

  const others: readonly (readonly string[])[] = [
    ['notbad', 'test'],
    ['bad\0', 'test'],
    ['bad', 'test\0'],
    ['bad.test'],
    ['bad', 'test', 'example'],
  ]
  test.each(others)('but %s is another name', (...name) => {
    const own = story()
    expect(own.ask(rawQuery({ name: labels(...name) }))).toBeNull()
    expect(own.sent).toHaveLength(1)
  })
})

describe('a policy that allows only some names', () => {
  test('answers them and nothing else, whatever others have asked before', () => {
    const policies: readonly PolicyText[] = [
      { categories: [] },
      { categories: [], allowOnly: ['kids'], clients: ['10.30.0.0/16'] },
    ]
    const story = new Story({ rules: [{ name: 'kids.test', category: 'kids' }], policies })
    story.client('news.test')
    story.upstream({ answers: [a('news.test')] })
    story.told()
    expect(isBlocked(story, 'news.test', '10.30.0.1')).toBe(true)
    expect(isBlocked(story, 'other.test', '10.30.0.1')).toBe(true)
    expect(story.client('www.kids.test', '10.30.0.1')).toBeNull()
    expect(story.client('news.test', '10.31.0.1')?.answers).toHaveLength(1)
  })
})

test('a hundred image swaps between questions lose none and cross none', () => {
  const story = new Story({ policies: EVERYBODY })
  for (let i = 0; i < 100; i++) {
    putInForce(story, i % 2 === 0 ? [flagged(`n${i}.test`)] : [])
    const own = story.client({ name: `n${i}.test`, id: i })
    if (i % 2 === 0) expect(own?.answers[0]).toMatch(/192\.0\.2\.80$/)
    else expect(own).toBeNull()
  }
  for (const sent of [...story.sent]) story.upstream({ rcode: 3 }, sent)
  expect(story.told()).toHaveLength(50)
})
