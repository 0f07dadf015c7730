/** The public service put together: appeals, cases, "is this name blocked here", and counts. */
import type { IncomingMessage } from 'node:http'
import { DailyLimit } from '../appeals/daily-limit.ts'
import type { AppealStore } from '../appeals/store.ts'
import type { Language } from '../blockpage/language.ts'
import type { HttpAnswer } from '../platform/http-server.ts'
import type { Settings } from '../settings/settings.ts'
import { AppealService } from './appeal-service.ts'
import { type CountSources, countAll } from './counts.ts'
import { countsPage } from './counts-page.ts'
import { jsonAnswer } from './document.ts'
import { casePage, homePage, type LookupSources, listed, sitePage } from './lookup-pages.ts'
import { failure, publicService, type Route } from './routes.ts'

export interface ServiceSources extends Omit<CountSources, 'suppressBelow'>, Pick<LookupSources, 'find' | 'findCase'> {
  readonly settings: Pick<Settings, 'appeals' | 'public' | 'blockPage' | 'blocking'>
  /** Seconds since 1970. */
  readonly now: () => number
  readonly onProblem: (problem: string) => void
}

export function startPublicService(
  sources: ServiceSources,
): (request: IncomingMessage, body: Buffer | null) => HttpAnswer | Promise<HttpAnswer> | null {
  const { settings, store, find, findCase } = sources
  const lookups = { settings, find, findCase, takesAppeals: store !== null, hasLookups: settings.public !== null }
  const routes: Record<string, Route> = {}
  if (store !== null) Object.assign(routes, appealRoutes(sources, store))
  if (settings.public !== null) Object.assign(routes, lookupRoutes(sources, lookups, settings.public))
  if (Object.keys(routes).length > 0) routes['/'] = { methods: ['GET'], answer: asked => homePage(asked, lookups) }
  return publicService(routes, ownHosts(settings), settings.blockPage.provider)
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

function lookupRoutes(
  sources: ServiceSources,
  lookups: LookupSources,
  own: NonNullable<Settings['public']>,
): Record<string, Route> {
  const limit = new DailyLimit(own.lookupsPerClient)
  const provider = sources.settings.blockPage.provider
  const limited = (answer: Route['answer']): Route => ({
    methods: ['GET'],
    answer: asked =>
      limit.admits(asked.address, sources.now())
        ? answer(asked)
        : failure(429, asked, provider, { 'Retry-After': '86400' }),
  })
  const counts = lasting(() => countedAnswers(sources, own.suppressBelow), sources.now)
  return {
    '/c/': limited(asked => casePage(asked, lookups)),
    '/site': limited(asked => sitePage(asked, lookups)),
    '/api/v1/listed': limited(asked => listed(asked, lookups)),
    '/api/v1/transparency': { methods: ['GET'], answer: () => counts().json },
    '/transparency': {
      methods: ['GET'],
      answer: ({ language, wantsJson }) => (wantsJson ? counts().json : counts().page(language)),
    },
  }
}

/** What everybody is told until it is counted again: made once for each language. */
function countedAnswers(sources: ServiceSources, suppressBelow: number) {
  const counts = countAll({ ...sources, suppressBelow })
  const pages = new Map<Language, HttpAnswer>()
  return {
    json: jsonAnswer(200, counts, { Vary: 'Accept' }),
    page(language: Language): HttpAnswer {
      const made = pages.get(language) ?? countsPage(counts, language, sources.settings.blockPage.provider)
      pages.set(language, made)
      return made
    },
  }
}

const LASTING_SECONDS = 5
/** Of the time, for making it. */
const SHARE_MAX = 0.05

/**
 * The same value for some seconds, and longer where it takes long to make: counting millions of rules for every visitor would be a way to keep us busy. What could not
 * be made is not tried again for as long either.
 */
export function lasting<T>(make: () => T, now: () => number): () => T {
  let last: { readonly get: () => T; readonly at: number; readonly until: number } | null = null
  return () => {
    const at = now()
    if (last !== null && at >= last.at && at < last.until) return last.get()
    const startMs = performance.now()
    const get = outcomeOf(make)
    const seconds = (performance.now() - startMs) / 1000
    last = { get, at, until: at + Math.max(LASTING_SECONDS, seconds / SHARE_MAX) }
    return get()
  }
}

/** Gives what was made, or throws what was thrown, as often as it is asked. */
function outcomeOf<T>(make: () => T): () => T {
  try {
    const value = make()
    return () => value
  } catch (error) {
    return () => {
      throw error
    }
  }
}
