import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { categoryName } from '../../src/blockpage/categories.ts'
import { webLink } from '../../src/blockpage/contacts.ts'
import { blockContent, shownDate } from '../../src/blockpage/content.ts'
import { escapeHtml } from '../../src/blockpage/escape.ts'
import type { BlockFinding } from '../../src/blockpage/finding.ts'
import { LANGUAGES, type Language } from '../../src/blockpage/language.ts'
import { PAGE_CONTENT_SECURITY_POLICY, renderPage } from '../../src/blockpage/page.ts'
import { renderProblem, renderText } from '../../src/blockpage/plain.ts'
import { TEXTS } from '../../src/blockpage/texts.ts'
import { CLASSES } from '../../src/images/classes.ts'
import { blockPageSettings } from '../support/block-page.ts'
import { readHtml } from './html.ts'

const SETTINGS = {
  provider: 'Example Net',
  appeal: {
    email: 'appeal@provider.example',
    url: 'https://provider.example/appeal?a=1&b=2',
    phone: '+7 (700) 000-00-00',
  },
}
const FINDING: BlockFinding = {
  ruleClass: 'hotline',
  category: 'illegal',
  caseNumber: 'KZ-2026-00417',
  listedAt: Date.UTC(2026, 4, 3) / 1000,
}

const page = (
  language: Language,
  finding: BlockFinding | null = FINDING,
  host: string | null = 'bad.example',
  settings = SETTINGS,
) => renderPage(blockContent(language, host, finding, settings))

describe.each([...LANGUAGES])('the page in %s', language => {
  const { elements, text } = readHtml(page(language))
  const all = (tag: string) => elements.filter(element => element.tag === tag)

  test('says its language', () => expect(all('html')[0]!.attributes.get('lang')).toBe(language))

  test('says what, which site, why, in which category, under which number and since when', () => {
    const texts = TEXTS[language]
    const since = { kk: '2026 ж. 3 мамыр', ru: '3 мая 2026 г.', en: 'May 3, 2026' }[language]
    for (const expected of [
      texts.blocked.title,
      'bad.example',
      texts.classes.hotline.explanation,
      texts.classes.hotline.basis,
      categoryName('illegal', language),
      'KZ-2026-00417',
      since,
      'Example Net',
    ]) {
      expect(text).toContain(expected)
    }
    expect(all('time')[0]!.attributes.get('datetime')).toBe('2026-05-03')
  })

  test('tells each way to appeal, with the case and the site in the message', () => {
    const links = all('a').map(element => element.attributes.get('href'))
    expect(links).toEqual([
      '?lang=kk',
      '?lang=ru',
      '?lang=en',
      'mailto:appeal@provider.example?subject=KZ-2026-00417%20bad.example',
      'https://provider.example/appeal?a=1&b=2',
      'tel:+77000000000',
    ])
  })

  test('leads to the other languages and marks its own', () => {
    const current = all('a').filter(element => element.attributes.has('aria-current'))
    expect(current.map(element => element.attributes.get('lang'))).toEqual([language])
  })

  test('has one heading of the first level, no level left out, and its landmarks', () => {
    const levels = elements.filter(({ tag }) => /^h\d$/.test(tag)).map(({ tag }) => tag)
    expect(levels).toEqual(['h1', 'h2', 'h2'])
    expect(elements.map(({ tag }) => tag).filter(tag => /^(header|nav|main|footer)$/.test(tag))).toEqual([
      'header',
      'nav',
      'main',
      'footer',
    ])
    const ids = elements.flatMap(({ attributes }) => attributes.get('id') ?? [])
    for (const { attributes } of elements) {
      if (attributes.has('aria-labelledby')) expect(ids).toContain(attributes.get('aria-labelledby'))
    }
  })

  test('loads nothing and runs nothing', () => {
    const html = page(language)
    expect(html).not.toMatch(
      /<(?:script|link|img|iframe|object|embed|form|base|svg)|\s(?:src|srcset|style|on\w+)=|url\(|@import/i,
    )
    const elsewhere = html.match(/(?:https?:)?\/\/[^"<\s]*/g)
    expect(new Set(elsewhere)).toEqual(new Set(['https://provider.example/appeal?a=1&#38;b=2']))
  })

  test('names no block where there is none', () => {
    const html = page(language, null, 'good.example')
    const read = readHtml(html)
    expect(read.text).toContain(TEXTS[language].notBlocked.title)
    expect(read.text).toContain('good.example')
    for (const word of [
      TEXTS[language].blocked.caseNumber,
      ...CLASSES.map(name => TEXTS[language].classes[name].basis),
    ]) {
      expect(read.text).not.toContain(word)
    }
  })

  test('speaks of the requested site where the host is not fit to be shown', () =>
    expect(readHtml(page(language, FINDING, null)).text).toContain(TEXTS[language].requestedSite))

  test('leaves out what is not known', () => {
    const bare = { provider: null, appeal: { email: null, url: null, phone: null } }
    const html = renderPage(blockContent(language, 'bad.example', { ...FINDING, caseNumber: '', listedAt: null }, bare))
    expect(readHtml(html).text).not.toContain(TEXTS[language].blocked.caseNumber)
    expect(html).not.toMatch(/<time|<code|class="provider"|null|undefined/)
    const reachable = renderPage(blockContent(language, 'bad.example', { ...FINDING, caseNumber: '' }, SETTINGS))
    expect(readHtml(reachable).text).toContain(TEXTS[language].appeal.invitationWithoutCase)
  })

  test('every class has an explanation of its own', () => {
    const pages = CLASSES.map(ruleClass => readHtml(page(language, { ...FINDING, ruleClass })).text)
    for (const [index, ruleClass] of CLASSES.entries()) {
      expect(pages[index]).toContain(TEXTS[language].classes[ruleClass].explanation)
    }
    expect(new Set(pages).size).toBe(CLASSES.length)
  })
})

test('every text stands in each language, and none of them in two', () => {
  const strings = (value: unknown): string[] =>
    typeof value === 'string' ? [value] : Object.values(value as object).flatMap(strings)
  const [kk, ru, en] = LANGUAGES.map(language => strings(TEXTS[language]))
  expect([ru!.length, en!.length]).toEqual([kk!.length, kk!.length])
  // Words that Kazakh and Russian really share.
  const shared = new Set(['Сайт', 'Провайдер', 'Телефон'])
  for (const [index, text] of kk!.entries()) {
    expect(text.trim()).not.toBe('')
    if (!shared.has(text)) expect(text).not.toBe(ru![index])
    expect(en![index]).toMatch(/^[\x20-\x7e]+$/)
    expect(ru![index]).not.toMatch(/[әғқңөұүһіӘҒҚҢӨҰҮҺІ]/)
  }
})

test('an international host is shown in its script and as it is on the wire', () => {
  const { text } = readHtml(page('en', FINDING, 'xn--80aswg.example'))
  expect(text).toContain('сайт.example (xn--80aswg.example)')
})

test('the policy allows the style that the page has, and no other', () => {
  const style = /<style>([\s\S]*)<\/style>/.exec(page('kk'))![1]!
  const hash = createHash('sha256').update(style).digest('base64')
  expect(PAGE_CONTENT_SECURITY_POLICY).toContain(`style-src 'sha256-${hash}'`)
  expect(PAGE_CONTENT_SECURITY_POLICY).not.toContain('unsafe')
})

describe('categories', () => {
  const rows: [slug: string, language: Language, name: string][] = [
    ['gambling', 'kk', 'Құмар ойындар'],
    ['gambling', 'ru', 'Азартные игры'],
    ['gambling', 'en', 'Gambling'],
    ['social_networks', 'en', 'Social networks'],
    ['Drogue', 'ru', 'Наркотики'],
    ['something-of-ours', 'kk', 'something-of-ours'],
    ['constructor', 'en', 'constructor'],
  ]
  for (const [slug, language, name] of rows) {
    test(`${slug} in ${language}`, () => expect(categoryName(slug, language)).toBe(name))
  }
})

describe('dates', () => {
  const rows: [seconds: number, iso: string | null][] = [
    [0, '1970-01-01'],
    [1777766399, '2026-05-02'],
    [1777766400, '2026-05-03'],
    [253402300799, '9999-12-31'],
    [253402300800, null],
    [-1, null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
    [1e300, null],
  ]
  for (const [seconds, iso] of rows) {
    test(`${seconds} is ${iso ?? 'no date'}`, () => expect(shownDate(seconds, 'kk')?.iso ?? null).toBe(iso))
  }
})

test('only web addresses become web links, and none breaks out of a header', () => {
  const rows: [url: string, link: string | null][] = [
    ['https://provider.example/a>b"c\r\nd', 'https://provider.example/a%3Eb%22cd'],
    ['http://provider.example', 'http://provider.example/'],
    ['javascript:alert(1)', null],
    ['data:text/html,x', null],
    ['//provider.example', null],
    ['not a url', null],
  ]
  for (const [url, link] of rows) expect(webLink(url)).toBe(link)
})

describe('text from outside', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '"><script>alert(1)</script>',
      "' onmouseover='x",
      '</style><b>',
      '<!--',
      ']]>',
      '&lt;&#x3c;',
      '`',
      '\u202egnp.exe',
      '\ud800',
      'a\0b\r\nc',
    ),
  )

  test('escaped, it has no character that HTML gives a meaning', () => {
    fc.assert(
      fc.property(nasty, text => {
        expect(escapeHtml(text)).not.toMatch(/[<>"'`]|&(?!#\d+;)|[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u)
      }),
      { numRuns: 2000 },
    )
  })

  test('it changes no structure, wherever it comes from', () => {
    const shape = (html: string) =>
      readHtml(html).elements.map(({ tag, attributes }) => [tag, ...attributes.keys()].join(' '))
    const calm = { ...FINDING, category: 'c', caseNumber: 'n' }
    const usual = (language: Language) =>
      shape(
        renderPage(blockContent(language, null, calm, { provider: 'p', appeal: { email: '-', url: '-', phone: '-' } })),
      )
    fc.assert(
      fc.property(fc.constantFrom(...LANGUAGES), nasty, nasty, nasty, fc.integer(), (language, a, b, c, seconds) => {
        const finding = { ...calm, category: a, caseNumber: `n${b}`, listedAt: Math.abs(seconds) }
        const settings = { provider: c, appeal: { email: `${a} @`, url: ` ${b}`, phone: `x${c}`.replace(/\d/g, '') } }
        if (webLink(settings.appeal.url) !== null) return
        const content = blockContent(language, null, finding, settings)
        expect(shape(renderPage(content))).toEqual(usual(language))
        expect(renderText(content)).not.toMatch(/[^\P{Cc}\n]/u)
        expect(JSON.parse(renderProblem(content, 451))).toMatchObject({ status: 451, class: 'hotline' })
      }),
    )
  })

  test('what is very long is cut', () => {
    const html = page('en', { ...FINDING, caseNumber: '9'.repeat(1e6), category: '\u{1f600}'.repeat(1e5) })
    expect(html.length).toBeLessThan(20_000)
  })
})

describe('a class with words of its own', () => {
  const words = (en: string) => ({ kk: null, ru: null, en })
  const own = {
    basis: words('A <b>court</b>'),
    explanation: words('Decided by "somebody" & co.'),
    reviewedBy: 'Sample <i>Register</i>',
    appeal: { email: 'legal@register.example', url: null, phone: null },
  }
  const settings = blockPageSettings(
    'Net',
    { email: 'appeal@provider.example', url: null, phone: null },
    { legal: own },
  )
  const finding = { ruleClass: 'legal', category: 'gambling', caseNumber: 'L-1', listedAt: null } as const

  test('has them, escaped, in the languages that it has them in', () => {
    const html = renderPage(blockContent('en', 'bad.example', finding, settings))
    for (const part of [
      'A &#60;b&#62;court&#60;/b&#62;',
      'Decided by &#34;somebody&#34; &#38; co.',
      'Sample &#60;i&#62;Register&#60;/i&#62;',
      'legal@register.example',
    ])
      expect(html).toContain(part)
    expect(html).not.toContain('appeal@provider.example')
    const kazakh = renderPage(blockContent('kk', 'bad.example', finding, settings))
    expect(kazakh).toContain(TEXTS.kk.classes.legal.basis)
    expect(kazakh).toContain('legal@register.example')
  })

  test('says the same in text and in JSON', () => {
    const content = blockContent('en', 'bad.example', finding, settings)
    expect(renderText(content)).toContain('Reviewed by: Sample <i>Register</i>')
    expect(JSON.parse(renderProblem(content, 451))).toMatchObject({ reviewedBy: 'Sample <i>Register</i>' })
  })

  test('and the others have the built-in ones', () => {
    const html = renderPage(blockContent('en', 'bad.example', { ...finding, ruleClass: 'hotline' }, settings))
    expect(html).toContain('appeal@provider.example')
    expect(html).not.toContain('Reviewed by')
  })
})

describe('places to go instead', () => {
  const places = [
    { url: 'https://kids.example/?a=1&b="2"', title: 'Kids <3 "Example"' },
    { url: 'javascript:alert(1)', title: 'no link' },
  ]
  const settings = { ...blockPageSettings('Net', { email: 'a@provider.example', url: null, phone: null }), places }
  const finding = (category: string) => ({ ruleClass: 'household', category, caseNumber: '', listedAt: null }) as const

  test.each(LANGUAGES)(
    'are shown in %s for a name off a positive list, as links that lead there and nowhere else',
    language => {
      const html = renderPage(blockContent(language, 'games.example', finding('not-listed'), settings))
      expect(html).toContain(`<h2 id="places">${TEXTS[language].places}</h2>`)
      expect(html).toContain(
        '<a href="https://kids.example/?a=1&#38;b=%222%22" rel="noreferrer"><bdi>Kids &#60;3 &#34;Example&#34;</bdi></a>',
      )
      expect(html).not.toContain('javascript')
    },
  )

  test('are not shown for anything else that is blocked', () => {
    expect(renderPage(blockContent('en', 'casino.example', finding('gambling'), settings))).not.toContain(
      'kids.example',
    )
  })
})
