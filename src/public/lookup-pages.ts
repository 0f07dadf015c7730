/** What anybody may ask about single blocks: by the name of a site, by the number of a case; and the front page, from which both are reached. */
import { siteName } from '../appeals/site-name.ts'
import { blockFacts, explanationOf } from '../blockpage/content.ts'
import { escapeHtml as e } from '../blockpage/escape.ts'
import type { BlockFinding, FindBlock } from '../blockpage/finding.ts'
import { paragraphs } from '../blockpage/frame.ts'
import { shownHost } from '../blockpage/host.ts'
import type { Language } from '../blockpage/language.ts'
import { TEXTS } from '../blockpage/texts.ts'
import type { HttpAnswer } from '../platform/http-server.ts'
import type { CaseFound } from '../policy/find-case.ts'
import { asNumber } from '../policy/public-numbers.ts'
import type { Settings } from '../settings/settings.ts'
import { COUNTS_TEXTS } from './counts-texts.ts'
import { facts, jsonAnswer, pageAnswer, problemAnswer } from './document.ts'
import type { PublicRequest } from './routes.ts'
import { PUBLIC_TEXTS } from './texts.ts'

export interface LookupSources {
  readonly settings: Pick<Settings, 'blockPage'>
  readonly find: FindBlock
  readonly findCase: (caseNumber: string) => Promise<CaseFound | null>
  readonly takesAppeals: boolean
  readonly hasLookups: boolean
}

const CASE_CHARACTERS_MAX = 64

/** About this exact name and no other: nobody can read the lists out by it. */
export function listed({ query }: PublicRequest, { find }: LookupSources): HttpAnswer {
  const names = query.getAll('name')
  const name = names.length === 1 ? siteName(names[0]!) : null
  if (name === null) return problemAnswer(400, 'expected one name, as in ?name=site.example')
  const found = find(name, '')
  if (found === null) return jsonAnswer(200, { name, blocked: false })
  const { ruleClass, category, basis, reviewedBy, caseNumber, listedAt } = found
  return jsonAnswer(200, {
    name,
    blocked: true,
    class: ruleClass,
    category,
    ...(basis ? { basis } : {}),
    ...(reviewedBy ? { reviewedBy } : {}),
    ...(caseNumber === '' ? {} : { case: caseNumber }),
    ...(listedAt === null ? {} : { since: new Date(listedAt * 1000).toISOString().slice(0, 10) }),
  })
}

/** The same for people. */
export function sitePage({ query, language }: PublicRequest, sources: LookupSources): HttpAnswer {
  const asked = query.get('name') ?? ''
  const name = siteName(asked)
  const provider = sources.settings.blockPage.provider
  const texts = PUBLIC_TEXTS[language].home
  const keeps = `name=${encodeURIComponent(asked.slice(0, 300).toWellFormed())}`
  if (name === null) {
    const frame = { language, provider, title: texts.title, query: keeps }
    const wrong = `<p class="wrong" role="alert">${e(texts.noName)}</p>`
    return pageAnswer(400, frame, `${wrong}\n${lookupForm(language, asked)}`)
  }
  const found = sources.find(name, '')
  const { blocked, notBlocked } = TEXTS[language]
  const frame = { language, provider, title: (found === null ? notBlocked : blocked).title, query: keeps }
  const { unicode, ascii } = shownHost(name)
  const host = `<p class="host"><bdi>${e(unicode ?? ascii)}</bdi></p>`
  if (found === null)
    return pageAnswer(200, frame, `${host}\n<p>${e(notBlocked.explanation)}</p>\n${lookupForm(language, '')}`)
  return pageAnswer(200, frame, `${host}\n${blockHtml(found, name, language, sources)}`)
}

export async function casePage({ rest, language }: PublicRequest, sources: LookupSources): Promise<HttpAnswer> {
  const texts = PUBLIC_TEXTS[language]
  const frame = { language, provider: sources.settings.blockPage.provider, title: texts.caseTitle }
  const number = asNumber(rest)
  const found = number.length > 0 && number.length <= CASE_CHARACTERS_MAX ? await sources.findCase(number) : null
  if (found !== null)
    return pageAnswer(200, frame, blockHtml({ ...found, caseNumber: number }, null, language, sources))
  const advice = `<p>${e(texts.caseUnknown)}</p>\n<p>${e(texts.caseAdvice)}</p>`
  return pageAnswer(404, frame, `${advice}\n${lookupForm(language, '')}`)
}

/** `site`: its name, where the visitor has named it. */
function blockHtml(found: BlockFinding, site: string | null, language: Language, sources: LookupSources): string {
  const { blockPage } = sources.settings
  const own = blockPage.classes[found.ruleClass]
  const block = blockFacts(found, language, own)
  const labels = TEXTS[language].blocked
  const rows: [string, string][] = [
    [labels.basis, block.basis],
    [labels.category, block.category],
  ]
  if (block.caseNumber !== '') rows.push([labels.caseNumber, block.caseNumber])
  if (block.since !== null) rows.push([labels.since, block.since.words])
  if (block.reviewedBy !== null) rows.push([labels.reviewedBy, block.reviewedBy])
  const explanation = explanationOf(block, language, own, { site, provider: blockPage.provider })
  const about = e(encodeURIComponent(site ?? block.caseNumber))
  const object = `<p class="act"><a href="/appeal?lang=${language}&amp;about=${about}">${e(PUBLIC_TEXTS[language].object)}</a></p>`
  return [paragraphs(explanation), facts(rows), ...(sources.takesAppeals ? [object] : [])].join('\n')
}

export function homePage({ language }: PublicRequest, sources: LookupSources): HttpAnswer {
  const texts = PUBLIC_TEXTS[language]
  const frame = { language, provider: sources.settings.blockPage.provider, title: texts.home.title }
  const link = (path: string, text: string) => `<li><a href="${path}?lang=${language}">${e(text)}</a></li>`
  const links = [
    ...(sources.takesAppeals ? [link('/appeal', texts.appeal.title)] : []),
    ...(sources.hasLookups ? [link('/transparency', COUNTS_TEXTS[language].title)] : []),
  ]
  const lookup = sources.hasLookups ? [lookupForm(language, '')] : []
  const list = `<ul class="contacts">\n${links.join('\n')}\n</ul>`
  return pageAnswer(200, frame, [`<p>${e(texts.home.introduction)}</p>`, ...lookup, list].join('\n'))
}

function lookupForm(language: Language, name: string): string {
  const { site, lookUp } = PUBLIC_TEXTS[language].home
  return `<form method="get" action="/site">
<input type="hidden" name="lang" value="${language}">
<label for="name">${e(site)}</label>
<input id="name" name="name" required maxlength="300" autocomplete="off" autocapitalize="none" spellcheck="false" value="${e(name)}">
<button type="submit">${e(lookUp)}</button>
</form>`
}
