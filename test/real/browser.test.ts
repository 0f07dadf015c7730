/** The pages in a real browser: what a visitor sees, without scripts, in three languages, on a phone and on a desk, also without eyes. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { publicNumber } from '../../src/images/filter/public-number.ts'
import { freePort, ndjson } from '../cli/program.ts'
import { Serving } from '../cli/serving.ts'
import { wireName } from '../support/octets.ts'
import { pathOf } from './programs.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const HOST = 'http://page.provider.example'
/** CSS pixels by which the page is wider than the screen. */
const OVERHANG = 'document.documentElement.scrollWidth - window.innerWidth'

let serving: Serving
let browser: Browser

beforeAll(async () => {
  serving = await Serving.prepare()
  serving.folder.write(
    'list.ndjson',
    ndjson(
      { host: 'bad.example', case: 'KZ-2026-000123', listed: '2026-03-05' },
      { host: 'numbered.example', basis: 'Act, § 5', reviewed_by: 'A board' },
      ...Array.from({ length: 1234 }, (_, i) => ({
        host: `n${i}.example`,
        listed: '2024-01-01',
        basis: 'Another Act, § 7',
      })),
      { host: 'longlonglonglonglonglonglonglonglonglonglonglonglonglonglong.example', case: 'K'.repeat(64) },
    ),
  )
  serving.folder.write('home.txt', 'casino.example\n')
  const page = await freePort()
  await serving.serve({
    feeds: [
      { name: 'list', source: 'list.ndjson', class: 'hotline', category: 'illegal' },
      { name: 'home', source: 'home.txt', class: 'household', category: 'gambling' },
    ],
    policies: [{ name: 'default', categories: ['illegal', 'gambling'] }],
    http: { page: `127.0.0.1:${page}` },
    block_page: {
      provider: 'Тест Net',
      appeal: { url: `${HOST}/appeal`, email: 'appeal@provider.example', phone: '+7 700 000 00 00' },
    },
    appeals: { enabled: true, per_client: 1000 },
    public: { enabled: true, lookups_per_client: 100000 },
  })
  browser = await chromium.launch({
    executablePath: pathOf('chromium')!,
    args: ['--no-sandbox', `--host-resolver-rules=MAP *.example 127.0.0.1:${page}`, '--disable-features=HttpsUpgrades'],
  })
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await serving.close()
})

async function visit<T>(
  url: string,
  options: BrowserContextOptions,
  act: (page: Page, requested: readonly string[]) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({ javaScriptEnabled: false, ...options })
  try {
    const page = await context.newPage()
    const requested: string[] = []
    page.on('request', request => requested.push(request.url()))
    await page.goto(url)
    return await act(page, requested)
  } finally {
    await context.close()
  }
}

const SEEN_BY_AXE = { javaScriptEnabled: true, bypassCSP: true }

function violations(url: string, options: BrowserContextOptions): Promise<string[]> {
  return visit(url, { ...options, ...SEEN_BY_AXE }, violationsIn)
}

/** What axe finds, in a line each. */
async function violationsIn(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(options: unknown): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
    }
    const found = await axe.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    })
    return found.violations.map(own => `${own.id}: ${own.nodes.map(node => node.html).join(' ')}`)
  })
}

test('axe finds what is wrong, where something is', async () => {
  const bad = 'data:text/html,<html><body><img src="x"><input></body></html>'
  expect((await violations(bad, {})).map(own => own.split(':')[0])).toEqual(
    expect.arrayContaining(['image-alt', 'html-has-lang', 'label']),
  )
})

const SIZES = {
  phone: { viewport: { width: 360, height: 740 } },
  narrow: { viewport: { width: 320, height: 640 } },
  desk: { viewport: { width: 1280, height: 800 } },
} as const
const PAGES = {
  'a block': 'http://bad.example/',
  'a household’s block': 'http://www.casino.example/some/path?q=1',
  'a long name': 'http://longlonglonglonglonglonglonglonglonglonglonglonglonglonglong.example/',
  'no block': 'http://good.example/',
  'the form': `${HOST}/appeal?about=bad.example`,
  'no appeal': `${HOST}/appeal/0000-0000-0000-0000`,
  'a case': `${HOST}/c/KZ-2026-000123`,
  'a public number': `${HOST}/c/${publicNumber(wireName('numbered.example'))}`,
  'no case': `${HOST}/c/KZ-0`,
  'the counts': `${HOST}/transparency`,
  'the front': `${HOST}/`,
  'a site that is blocked': `${HOST}/site?name=bad.example`,
  'a site that is not': `${HOST}/site?name=good.example`,
  'what is no site': `${HOST}/site?name=%22%3E%3Cscript%3E`,
  nothing: `${HOST}/nowhere`,
} as const
const withLanguage = (url: string, language: string) => `${url}${url.includes('?') ? '&' : '?'}lang=${language}`

describe.each(Object.entries(PAGES))('the page of %s', (_, url) => {
  test.each(['kk', 'ru', 'en'])(
    'in %s: accessible, no wider than the screen, loads nothing, and is in that language',
    async language => {
      const own = withLanguage(url, language)
      for (const [size, options] of Object.entries(SIZES)) {
        await visit(own, { ...options, ...SEEN_BY_AXE }, async (page, requested) => {
          expect([size, await page.evaluate(OVERHANG)]).toEqual([size, 0])
          // A browser asks for an icon by itself.
          expect(requested.filter(each => !each.endsWith('/favicon.ico'))).toEqual([own])
          // The narrow one only says what does not fit.
          if (size !== 'narrow') expect([size, await violationsIn(page)]).toEqual([size, []])
          expect(await page.getAttribute('html', 'lang')).toBe(language)
          expect(await page.locator('h1').count()).toBe(1)
        })
      }
    },
    60_000,
  )

  test('is as readable in the dark, and when text is twice as large', async () => {
    expect(await violations(url, { ...SIZES.phone, colorScheme: 'dark' })).toEqual([])
    await visit(url, { ...SIZES.desk, javaScriptEnabled: true, bypassCSP: true }, async page => {
      await page.addStyleTag({ content: 'html{font-size:200%!important}' })
      expect(await page.evaluate(OVERHANG)).toBe(0)
    })
  }, 60_000)
})

test('a visitor learns what is blocked, why, since when, under which number, and where to object', async () => {
  await visit(withLanguage(PAGES['a block'], 'en'), SIZES.phone, async page => {
    const text = (await page.textContent('main')) ?? ''
    for (const part of [
      'bad.example',
      'Report to a hotline',
      'Illegal material',
      'KZ-2026-000123',
      'March 5, 2026',
      'appeal@provider.example',
      '+7 700 000 00 00',
    ])
      expect(text).toContain(part)
    const response = await page.reload()
    expect([response?.status(), response?.headers().link]).toEqual([451, `<${HOST}/appeal>; rel="blocked-by"`])
  })
})

test('the languages lead to each other, and the browser’s own is chosen first', async () => {
  await visit(PAGES['a block'], { ...SIZES.phone, locale: 'ru-RU' }, async page => {
    expect(await page.getAttribute('html', 'lang')).toBe('ru')
    await page.click('a[hreflang="kk"]')
    expect(await page.getAttribute('html', 'lang')).toBe('kk')
    await page.click('a[hreflang="en"]')
    expect(await page.textContent('h1')).toBe('This site is blocked')
  })
})

test('an objection goes from the block page to a ticket, by keyboard alone and without scripts', async () => {
  await visit(withLanguage(PAGES['a block'], 'en'), SIZES.phone, async page => {
    await page.click('a[href*="/appeal"]')
    await page.goto(withLanguage(page.url(), 'en'))
    expect(await page.inputValue('#subject')).toBe('bad.example')
    await page.focus('#reason')
    await page.keyboard.type('It is a library, nothing else.')
    await page.keyboard.press('Tab')
    await page.keyboard.type('me@person.example')
    // The field that nobody sees is not on the way either.
    await page.keyboard.press('Tab')
    await page.waitForTimeout(3500)
    await page.keyboard.press('Enter')
    await page.waitForSelector('dl')
    expect(await page.textContent('h1')).toBe('Your appeal')
    await page.click('main a')
    expect(await page.textContent('main')).toContain('being looked at')
  })
}, 30_000)

describe.each(['kk', 'ru', 'en'])(
  'what comes of a form, in %s, is as accessible and no wider than the screen:',
  language => {
    const formUrl = withLanguage(PAGES['the form'], language)
    /** `waits`: as long as a person would take, which is what the form wants. */
    const filled = async (page: Page, reason: string, waits: boolean) => {
      await page.fill('#reason', reason)
      if (waits) await page.waitForTimeout(3100)
      await Promise.all([page.waitForNavigation(), page.click('button')])
    }
    const rows: readonly (readonly [what: string, status: number, reach: (page: Page) => Promise<unknown>])[] = [
      ['a ticket', 201, page => filled(page, `It is a library, nothing else (${language}).`, true)],
      ['a form that was sent too quickly', 403, page => filled(page, 'It is a library, nothing else.', false)],
      [
        'a form that is not filled in as it must be',
        400,
        async page => {
          await page.evaluate("document.querySelector('form').noValidate = true")
          await filled(page, 'short', true)
        },
      ],
      [
        'what is too long',
        413,
        async page => {
          await page.evaluate("document.querySelector('textarea').removeAttribute('maxlength')")
          await filled(page, 'x'.repeat(20_000), false)
        },
      ],
      [
        'a method that a page does not have',
        405,
        async page => {
          await page.evaluate(`document.querySelector('form').action = '/transparency?lang=${language}'`)
          await filled(page, 'It is a library, nothing else.', false)
        },
      ],
    ]
    test.each(rows)(
      '%s (%d)',
      async (_, status, reach) => {
        await visit(formUrl, { ...SIZES.phone, ...SEEN_BY_AXE }, async page => {
          const statuses: number[] = []
          page.on('response', response => statuses.push(response.status()))
          await reach(page)
          expect(statuses[0]).toBe(status)
          expect(await violationsIn(page)).toEqual([])
          expect(await page.evaluate(OVERHANG)).toBe(0)
          expect([await page.getAttribute('html', 'lang'), await page.locator('h1').count()]).toEqual([language, 1])
        })
      },
      30_000,
    )
  },
)

test('whoever looks up too often is told so in a page', async () => {
  const other = await Serving.prepare()
  const port = await freePort()
  other.folder.write('list.txt', 'bad.example\n')
  await other.serve({
    feeds: [{ name: 'list', source: 'list.txt', class: 'hotline', category: 'illegal' }],
    http: { page: `127.0.0.1:${port}` },
    block_page: { appeal: { url: `${HOST}/appeal` } },
    appeals: { enabled: true, per_client: 1 },
    public: { enabled: true, lookups_per_client: 1 },
  })
  try {
    const url = `http://127.0.0.1:${port}/c/KZ-1?lang=kk`
    await (await fetch(url)).text()
    expect(await violations(url, SIZES.phone)).toEqual([])
    await visit(url, SIZES.phone, async page => {
      expect((await page.reload())?.status()).toBe(429)
      expect(await page.textContent('h1')).toBe('Сұрау тым көп')
    })
  } finally {
    await other.close()
  }
}, 30_000)

test('a site is looked up from the front page by keyboard alone, and an objection follows', async () => {
  await visit(withLanguage(PAGES['the front'], 'ru'), SIZES.phone, async page => {
    await page.focus('#name')
    await page.keyboard.type('https://bad.example/page')
    await page.keyboard.press('Enter')
    await page.waitForSelector('dl')
    expect([await page.textContent('h1'), await page.getAttribute('html', 'lang')]).toEqual([
      'Этот сайт заблокирован',
      'ru',
    ])
    await page.click('.act a')
    expect(await page.inputValue('#subject')).toBe('bad.example')
  })
})
