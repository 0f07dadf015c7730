/** What the block page says of the provider, and of each class in words and contacts of its own. */
import { CLASSES } from '../images/classes.ts'
import { line, list, section, text } from './kinds.ts'
import { type Path, quote } from './problems.ts'
import type { Config } from './schema.ts'
import type { Settings } from './settings.ts'
import type { Settling } from './settling.ts'
import { readTemplates, reportPlaceholders } from './templates.ts'

const WORDS_MAX = 2000
const PLACES_MAX = 50

const appealKey = () =>
  section({
    email: line('an e-mail address').optional().describe('E-mail address for appeals.'),
    url: line('the URL of a page', 2000).optional().describe('Page for appeals, http:// or https://.'),
    phone: line('a telephone number in quotes', 64).optional().describe('Telephone number for appeals, in quotes.'),
  }).prefault({})

const inLanguages = (what: string) =>
  section({
    kk: text(what, WORDS_MAX).optional().describe('In Kazakh.'),
    ru: text(what, WORDS_MAX).optional().describe('In Russian.'),
    en: text(what, WORDS_MAX).optional().describe('In English.'),
  }).prefault({})

const ofClass = () =>
  section({
    basis: inLanguages('two or three words').describe(
      'What the block rests on, such as the law. Default: built-in words.',
    ),
    explanation: inLanguages('some sentences').describe(
      'Who decided and how; {site}, {case}, {category}, {basis}, {since} and {provider} stand for what they name. Default: built-in words.',
    ),
    reviewed_by: line('a name')
      .optional()
      .describe('Who has checked what is blocked. Without it the page does not say.'),
    appeal: appealKey().describe('Where a visitor can object to such a block. Default: block_page.appeal.'),
  }).prefault({})

export const blockPageKey = section({
  provider: line('the name of the provider')
    .optional()
    .describe('Who blocks, as visitors know it. Without it the page names nobody.'),
  appeal: appealKey().describe('Where a visitor can object to a block. Give at least one.'),
  places: list(
    section({
      url: line('the URL of a site', 2000).describe('Where it is, http:// or https://.'),
      title: line('what it is').describe('What it is called.'),
    }),
    'places',
  )
    .max(PLACES_MAX, { error: `at most ${PLACES_MAX} places` })
    .default([])
    .describe('Places to go instead, for who asks for a name off a positive list.'),
  templates: text('the path of a folder')
    .optional()
    .describe(
      'Folder with explanations in files such as legal.kk.txt, paragraphs between empty lines; they go before those given here.',
    ),
  hotline: ofClass().describe('Words and contacts for blocks that a hotline demands.'),
  legal: ofClass().describe('Words and contacts for blocks that the law demands.'),
  household: ofClass().describe('Words and contacts for blocks that a household has chosen.'),
})
  .prefault({})
  .describe('What the block page says of the provider.')

type Appeal = Settings['blockPage']['appeal']

export function settleBlockPage({ block_page: page }: Config, settling: Settling): Settings['blockPage'] {
  const appeal = settleAppeal(page.appeal, ['block_page', 'appeal'], settling)
  const templates = page.templates === undefined ? null : readTemplates(page.templates, settling)
  const classes = CLASSES.map(own => {
    const { basis, explanation, reviewed_by: reviewedBy = null, appeal: other } = page[own]
    const written = words(explanation)
    for (const [language, text] of Object.entries(written))
      reportPlaceholders(text ?? '', ['block_page', own, 'explanation', language], settling)
    const contacts = settleAppeal(other, ['block_page', own, 'appeal'], settling)
    const hasOwn = Object.values(contacts).some(way => way !== null)
    return [
      own,
      {
        basis: words(basis),
        explanation: { ...written, ...templates?.[own] },
        reviewedBy,
        appeal: hasOwn ? contacts : appeal,
      },
    ] as const
  })
  const { hotline, legal, household } = Object.fromEntries(classes) as Settings['blockPage']['classes']
  for (const [i, { url }] of page.places.entries())
    if (!isWebAddress(url))
      settling.report(
        ['block_page', 'places', i, 'url'],
        `expected a URL that begins with https:// or http://, got ${quote(url)}`,
      )
  return { provider: page.provider ?? null, appeal, places: page.places, classes: { hotline, legal, household } }
}

type Words = Settings['blockPage']['classes']['hotline']['basis']

function words(written: { kk?: string | undefined; ru?: string | undefined; en?: string | undefined }): Words {
  return { kk: written.kk ?? null, ru: written.ru ?? null, en: written.en ?? null }
}

function settleAppeal(written: Config['block_page']['appeal'], path: Path, settling: Settling): Appeal {
  const { email = null, url = null, phone = null } = written
  const wrong = (key: string, expected: string, got: string) =>
    settling.report([...path, key], `expected ${expected}, got ${quote(got)}`)
  // Each becomes a link: nothing that could end an attribute, add a header to a mail or run as a script.
  if (email !== null && !/^[^\s@<>"'`?&,;:()[\]\\%]+@[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+$/u.test(email))
    wrong('email', 'an e-mail address such as appeal@provider.example', email)
  if (url !== null && !isWebAddress(url)) wrong('url', 'a URL that begins with https:// or http://', url)
  if (phone !== null && !/^\+?[\d ()./-]*\d[\d ()./-]*$/.test(phone)) wrong('phone', 'a telephone number', phone)
  return { email, url, phone }
}

function isWebAddress(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    /^https?:\/\/[^\s"'<>\\`]+$/i.test(text) &&
    url.username === '' &&
    url.password === ''
  )
}
