/** Stories of where answers lead: a flagged name is not reached by an alias, nor a household's own network through a public name. */
import { describe, expect, test } from 'vitest'
import type { PolicyText, RuleText } from '../support/images.ts'
import { images } from '../support/images.ts'
import { labels } from '../support/octets.ts'
import { rawMessage, rawQuery } from '../support/raw.ts'
import { read } from '../support/reading.ts'
import { a, cname, Story } from '../support/story.ts'

const flagged = (name: string, more: Partial<RuleText> = {}): RuleText => ({
  name,
  category: 'illegal',
  ruleClass: 'hotline',
  ...more,
})
const EVERYBODY: readonly PolicyText[] = [{ categories: ['illegal'] }]
const PAGE_LINE = (name: string) => `${name} 60 A 192.0.2.80`

/** What a client is told of a name whose upstream answers with these records; asked twice, so that the second comes from the cache. */
function toldTwice(story: Story, name: string, answers: Parameters<Story['upstream']>[0]['answers']): string[][] {
  story.client(name)
  story.upstream({ answers: answers ?? [] })
  const late = story.told()[0]!
  const cached = story.client(name)!
  return [[...late.answers], [...cached.answers]]
}

describe('an alias', () => {
  test('to a flagged name is blocked under that name’s number, fresh and cached', () => {
    const story = new Story({ policies: EVERYBODY, rules: [flagged('bad.test', { caseNumber: 'KZ-1' })] })
    const chain = [cname('innocent.test', 'www.bad.test'), a('www.bad.test')]
    expect(toldTwice(story, 'innocent.test', chain)).toEqual([
      [PAGE_LINE('innocent.test')],
      [PAGE_LINE('innocent.test')],
    ])
    expect(story.client('innocent.test')?.error).toEqual({ code: 15, text: 'KZ-1' })
    expect(story.counter('aliasesBlocked')).toBe(3)
  })

  test('is blocked by any link of the chain, not the last alone', () => {
    const story = new Story({ policies: EVERYBODY, rules: [flagged('middle.test')] })
    const chain = [cname('start.test', 'x.middle.test'), cname('x.middle.test', 'end.test'), a('end.test')]
    expect(toldTwice(story, 'start.test', chain)[0]).toEqual([PAGE_LINE('start.test')])
  })

  test('to a name that nobody flagged is answered as it came', () => {
    const story = new Story({ policies: EVERYBODY, rules: [flagged('bad.test')] })
    const chain = [cname('www.good.test', 'cdn.test'), a('cdn.test')]
    const lines = ['www.good.test 300 CNAME cdn.test', 'cdn.test 300 A 198.51.100.1']
    expect(toldTwice(story, 'www.good.test', chain)).toEqual([lines, lines])
  })

  test('that was cached is blocked as soon as its target is flagged', () => {
    const story = new Story({ policies: EVERYBODY })
    toldTwice(story, 'www.good.test', [cname('www.good.test', 'cdn.test'), a('cdn.test')])
    story.plane.images = images([flagged('cdn.test')], EVERYBODY)
    expect(story.client('www.good.test')?.answers).toEqual([PAGE_LINE('www.good.test')])
  })

  test('is judged by the policy of who asks: one household blocks where it leads, the other does not', () => {
    const policies = [{ categories: ['gambling'] }, { categories: [], clients: ['10.2.0.0/16'] }]
    const rules = [{ name: 'casino.test', category: 'gambling' }]
    const story = new Story({ policies, rules })
    toldTwice(story, 'fun.test', [cname('fun.test', 'casino.test'), a('casino.test')])
    for (let i = 0; i < 100; i++) {
      expect(story.client('fun.test', '192.0.2.7')?.answers).toEqual([PAGE_LINE('fun.test')])
      expect(story.client('fun.test', '10.2.0.1')?.answers[0]).toBe('fun.test 300 CNAME casino.test')
    }
  })

  test.each([
    [false, [PAGE_LINE('shop.test')]],
    [true, ['shop.test 300 CNAME cdn.test', 'cdn.test 300 A 198.51.100.1']],
  ])(
    'of a name with an exception: the exception holds for its target only where the operator says so (%s)',
    (covers, lines) => {
      const rules = [flagged('cdn.test'), flagged('shop.test', { allow: true })]
      const story = new Story({ policies: EVERYBODY, rules, options: { exceptionsCoverAliases: covers } })
      expect(toldTwice(story, 'shop.test', [cname('shop.test', 'cdn.test'), a('cdn.test')])[0]).toEqual(lines)
    },
  )

  test('of a household’s exception never reaches what a hotline flagged', () => {
    const rules = [flagged('cdn.test'), { name: 'shop.test', category: 'illegal', allow: true } satisfies RuleText]
    const story = new Story({ policies: EVERYBODY, rules, options: { exceptionsCoverAliases: true } })
    const told = toldTwice(story, 'shop.test', [cname('shop.test', 'cdn.test'), a('cdn.test')])
    expect(told[0]).toEqual([PAGE_LINE('shop.test')])
  })

  test('of a name on a positive list may lead to a name that is not on it', () => {
    const policies = [{ categories: [], allowOnly: ['kids'] }]
    const story = new Story({ policies, rules: [{ name: 'school.test', category: 'kids' }] })
    expect(toldTwice(story, 'school.test', [cname('school.test', 'cdn.test'), a('cdn.test')])[0]).toHaveLength(2)
  })
})

describe('a service binding (RFC 9460)', () => {
  const HTTPS = 65
  const binding = (target: Uint8Array | readonly number[]) => {
    const rdata = Uint8Array.of(0, 1, ...target)
    return rawMessage({
      name: labels('site', 'test'),
      type: HTTPS,
      flags: 0x8180,
      answers: [{ owner: [0xc0, 12], type: HTTPS, ttl: 300, rdata }],
    })
  }
  const ask = (story: Story) => story.ask(rawQuery({ name: labels('site', 'test'), type: HTTPS }))
  const deliver = (story: Story, target: Uint8Array | readonly number[]) => {
    const message = binding(target)
    message.set(story.last().message.subarray(0, 2), 0)
    story.deliver(message)
    return read(story.answers.splice(0)[0]!.message)
  }

  test('that leads to a flagged name is not passed on: NODATA, as for any type that the block page has no address for', () => {
    const story = new Story({ policies: EVERYBODY, rules: [flagged('bad.test')] })
    ask(story)
    const told = deliver(story, labels('svc', 'bad', 'test'))
    expect([told.rcode, told.answers.length, told.authorities.length]).toEqual(['NOERROR', 0, 1])
  })

  test('of its own name, target ".", is passed on', () => {
    const story = new Story({ policies: EVERYBODY, rules: [flagged('bad.test')] })
    ask(story)
    expect(deliver(story, [0]).answers).toHaveLength(1)
  })
})

describe('an address of a private network in a public name (DNS rebinding)', () => {
  const rows: readonly (readonly [what: string, privateBelow: string[] | null, name: string, isHeldBack: boolean])[] = [
    ['is passed on where nobody asked for protection', null, 'evil.test', false],
    ['is held back where it is asked for', [], 'evil.test', true],
    ['is passed on below a name that is expected to have them', ['home.test'], 'nas.home.test', false],
    ['is held back beside that name', ['home.test'], 'nothome.test', true],
  ]
  test.each(rows)('%s', (_, privateBelow, name, isHeldBack) => {
    const story = new Story({ policies: EVERYBODY, options: { privateBelow } })
    const told = toldTwice(story, name, [a(name, '192.168.1.1')])
    const lines = isHeldBack ? [] : [`${name} 300 A 192.168.1.1`]
    expect(told).toEqual([lines, lines])
    expect(story.counter('privateAddresses')).toBe(isHeldBack ? 2 : 0)
  })

  test('does not touch public addresses', () => {
    const story = new Story({ policies: EVERYBODY, options: { privateBelow: [] } })
    expect(toldTwice(story, 'good.test', [a('good.test')])[0]).toHaveLength(1)
  })
})

describe('a name that is flagged while somebody waits for it', () => {
  test('is blocked for who waits as well', () => {
    const story = new Story({ policies: EVERYBODY })
    story.client('shop.test')
    story.plane.images = images([flagged('shop.test')], EVERYBODY)
    story.upstream({ answers: [a('shop.test')] })
    expect(story.told().map(told => told.answers)).toEqual([[PAGE_LINE('shop.test')]])
  })
})
