/** The public service put together: appeals, cases, "is this name blocked here", and counts. */
import type { IncomingMessage } from 'node:http'
import { DailyLimit } from '../appeals/daily-limit.ts'
import { siteName } from '../appeals/site-name.ts'
import type { AppealStore } from '../appeals/store.ts'
import { blockFacts, explanationOf } from '../blockpage/content.ts'
import { escapeHtml as e } from '../blockpage/escape.ts'
import type { FindBlock } from '../blockpage/finding.ts'
import { paragraphs } from '../blockpage/frame.ts'
import { TEXTS } from '../blockpage/texts.ts'
import type { HttpAnswer } from '../platform/http-server.ts'
import type { CaseFound } from '../policy/find-case.ts'
import type { Settings } from '../settings/settings.ts'
import { AppealService } from './appeal-service.ts'
import { type CountSources, countAll, countsPage } from './counts.ts'
import { facts, jsonAnswer, pageAnswer, problemAnswer } from './document.ts'
import { type PublicRequest, publicService, type Route } from './routes.ts'
import { PUBLIC_TEXTS } from './texts.ts'

export interface ServiceSources {
  readonly settings: Pick<Settings, 'appeals' | 'public' | 'blockPage' | 'blocking'>
  /** Null: no appeals are taken. */
  readonly store: AppealStore | null
  readonly find: FindBlock
  readonly findCase: (caseNumber: string) => CaseFound | null
  readonly lists: CountSources['lists']
  readonly urgent: CountSources['urgent']
  readonly changes: CountSources['changes']
  readonly expired: CountSources['expired']
  /** Seconds since 1970. */
  readonly now: () => number
  readonly onProblem: (problem: string) => void
}

export function startPublicService(
  sources: ServiceSources,
): (request: IncomingMessage, body: Buffer | null) => HttpAnswer | null {
  const { settings, store } = sources
  const routes: Record<string, Route> = {}
  if (store !== null) Object.assign(routes, appealRoutes(sources, store))
  if (settings.public !== null) Object.assign(routes, lookupRoutes(sources, settings.public))
  return publicService(routes, ownHosts(settings))
}

function ownHosts({ blockPage, blocking }: Pick<Settings, 'blockPage' | 'blocking'>): Set<string> {
  const urls = [blockPage.appeal.url, blocking.link]
  return new Set(urls.flatMap(url => (url === null ? [] : (URL.parse(url)?.hostname ?? []))))
}

function appealRoutes({ settings, now, onProblem }: ServiceSources, store: AppealStore): Record<string, Route> {
  const { perClientMax, openMax } = settings.appeals!
  const appeals = new AppealService({
    store,
    provider: settings.blockPage.provider,
    perClientMax,
    openMax,
    now,
    onProblem,
  })
  return {
    '/appeal': {
      methods: ['GET', 'POST'],
      answer: ({ request, body, language, query, address }) =>
        request.method === 'POST'
          ? appeals.submit(request, body, language, address)
          : appeals.form(language, query.get('about')?.slice(0, 300) ?? ''),
    },
    '/appeal/': { methods: ['GET'], answer: ({ language, rest }) => appeals.ticket(language, rest) },
  }
}

function lookupRoutes(sources: ServiceSources, own: NonNullable<Settings['public']>): Record<string, Route> {
  const limit = new DailyLimit(own.lookupsPerClient)
  const limited = (answer: Route['answer']): Route => ({
    methods: ['GET'],
    answer: asked =>
      limit.admits(asked.address, sources.now())
        ? answer(asked)
        : problemAnswer(429, 'Too Many Requests', { 'Retry-After': '86400' }),
  })
  const counts = lasting(() => countAll({ ...sources, suppressBelow: own.suppressBelow }), sources.now)
  const provider = sources.settings.blockPage.provider
  return {
    '/c/': limited(asked => casePage(asked, sources)),
    '/api/v1/listed': limited(asked => listed(asked, sources)),
    '/api/v1/transparency': { methods: ['GET'], answer: () => jsonAnswer(200, counts()) },
    '/transparency': {
      methods: ['GET'],
      answer: ({ language, wantsJson }) =>
        wantsJson ? jsonAnswer(200, counts(), { Vary: 'Accept' }) : countsPage(counts(), language, provider),
    },
  }
}

const COUNTS_SECONDS = 5

/** The same value for some seconds: counting a million rules for every visitor would be a way to keep us busy. */
function lasting<T>(make: () => T, now: () => number): () => T {
  let last: { readonly value: T; readonly at: number } | null = null
  return () => {
    const at = now()
    if (last === null || at < last.at || at >= last.at + COUNTS_SECONDS) last = { value: make(), at }
    return last.value
  }
}

/** About this exact name and no other: nobody can read the lists out by it. */
function listed({ query }: PublicRequest, { find }: ServiceSources): HttpAnswer {
  const names = query.getAll('name')
  const name = names.length === 1 ? siteName(names[0]!) : null
  if (name === null) return problemAnswer(400, 'expected one name, as in ?name=site.example')
  const found = find(name, '')
  if (found === null) return jsonAnswer(200, { name, blocked: false })
  const { ruleClass, category, basis, caseNumber, listedAt } = found
  const since = listedAt === null ? {} : { since: new Date(listedAt * 1000).toISOString().slice(0, 10) }
  return jsonAnswer(200, {
    name,
    blocked: true,
    class: ruleClass,
    category,
    ...(basis ? { basis } : {}),
    ...(caseNumber === '' ? {} : { case: caseNumber }),
    ...since,
  })
}

function casePage({ rest, language }: PublicRequest, { findCase, settings, store }: ServiceSources): HttpAnswer {
  const texts = PUBLIC_TEXTS[language]
  const frame = { language, provider: settings.blockPage.provider, title: texts.caseTitle }
  const found = rest.length > 0 && rest.length <= 64 ? findCase(rest) : null
  const object =
    store === null
      ? ''
      : `<p><a href="/appeal?lang=${language}&amp;about=${e(encodeURIComponent(rest))}">${e(texts.object)}</a></p>`
  const labels = TEXTS[language].blocked
  const isPublicNumber = /^Q-[0-9A-Z-]{14}$/.test(rest)
  if (found === null && !isPublicNumber) return pageAnswer(404, frame, `<p>${e(texts.caseUnknown)}</p>`)
  if (found === null) return pageAnswer(200, frame, `${facts([[labels.caseNumber, rest]])}\n${object}`)
  const own = settings.blockPage.classes[found.ruleClass]
  const block = blockFacts({ ...found, caseNumber: rest }, language, own)
  const { basis, category, since, reviewedBy } = block
  const rows: [string, string][] = [
    [labels.basis, basis],
    [labels.category, category],
    [labels.caseNumber, rest],
  ]
  if (since !== null) rows.push([labels.since, since.words])
  if (reviewedBy !== null) rows.push([labels.reviewedBy, reviewedBy])
  const explanation = explanationOf(block, language, own, { site: null, provider: frame.provider })
  return pageAnswer(200, frame, `${paragraphs(explanation)}\n${facts(rows)}\n${object}`)
}
