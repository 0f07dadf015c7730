/**
 * The block page's HTTP server: whatever is asked of it, under any name, by any method, it tells why that name is blocked.
 *
 * 451 (RFC 7725) for whatever host: a visitor is here only because an answer of this resolver led here. Where the name is not blocked
 * (any more), the page says so and names no block.
 * Owns: which of three forms an answer takes. Never: redirects, sets cookies, logs, or keeps a host or an address.
 */
import type { IncomingMessage } from 'node:http'
import { plainAddress } from '../platform/http-admission.ts'
import { requestedHost } from '../platform/http-host.ts'
import {
  type HttpAnswer,
  type HttpEndpoint,
  type HttpServerOptions,
  type RunningHttpServer,
  startHttpServer,
} from '../platform/http-server.ts'
import { parseWantedList } from './accept.ts'
import { type BlockPageSettings, webLink } from './contacts.ts'
import { blockContent, type Content } from './content.ts'
import type { FindBlock } from './finding.ts'
import { chooseLanguage } from './language.ts'
import { PAGE_CONTENT_SECURITY_POLICY, renderPage } from './page.ts'
import { renderProblem, renderText } from './plain.ts'

export interface BlockPageDeps extends HttpServerOptions {
  readonly find: FindBlock
  readonly settings: BlockPageSettings
  /** What else is served, under the operator's own names; null for a request that is not for it. Absent: nothing is. */
  readonly service?: (request: IncomingMessage, body: Buffer | null) => HttpAnswer | Promise<HttpAnswer> | null
  /** Whether `settings.appeal.url` is a form of ours, which takes the case from the link. Absent: no. */
  readonly takesAppeals?: boolean
}

export function startBlockPage(endpoint: HttpEndpoint, deps: BlockPageDeps): Promise<RunningHttpServer> {
  return startHttpServer(
    endpoint,
    (request, body) => deps.service?.(request, body) ?? answerVisitor(request, deps),
    deps,
  )
}

/** Unavailable For Legal Reasons (RFC 7725 §3). */
const UNAVAILABLE = 451

type VisitorRequest = Pick<IncomingMessage, 'url' | 'headers'> & {
  readonly socket: { readonly remoteAddress?: string | undefined }
}

export function answerVisitor(
  request: VisitorRequest,
  { find, settings, takesAppeals = false }: BlockPageDeps,
): HttpAnswer {
  const host = requestedHost(request)
  const finding = host === null ? null : find(host, plainAddress(request.socket.remoteAddress ?? ''))
  const language = chooseLanguage(languageParameter(request.url), request.headers['accept-language'])
  const body = render(wantedForm(request), blockContent(language, host, finding, settings, takesAppeals), UNAVAILABLE)
  return {
    status: UNAVAILABLE,
    body: body.text,
    headers: { ...body.headers, ...commonHeaders(language), ...blockedBy(settings) },
  }
}

function commonHeaders(language: string) {
  return { 'Content-Language': language, Vary: 'Accept, Accept-Language, Sec-Fetch-Dest' }
}

/** RFC 7725 §4: who implements the block, where that has an address. */
function blockedBy({ appeal }: BlockPageSettings) {
  const link = appeal.url === null ? null : webLink(appeal.url)
  return link === null ? {} : { Link: `<${link}>; rel="blocked-by"` }
}

type Form = 'page' | 'problem' | 'text'

function render(form: Form, content: Content, status: number) {
  if (form === 'page') {
    const headers = {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': PAGE_CONTENT_SECURITY_POLICY,
    }
    return { text: renderPage(content), headers }
  }
  if (form === 'problem') {
    return { text: renderProblem(content, status), headers: { 'Content-Type': 'application/problem+json' } }
  }
  return { text: renderText(content), headers: { 'Content-Type': 'text/plain; charset=utf-8' } }
}

/** What a browser says it will do with the answer (Fetch Metadata), where that is to show it. */
const SHOWN_DESTINATIONS = new Set(['document', 'iframe', 'frame', 'embed', 'object', 'fencedframe'])

function wantedForm({ url, headers }: VisitorRequest): Form {
  const destination = headers['sec-fetch-dest']
  if (typeof destination === 'string' && destination !== 'empty' && !SHOWN_DESTINATIONS.has(destination)) return 'text'
  if (/\/favicon\.ico(?:\?|$)/.test(url ?? '')) return 'text'
  return headers.accept === undefined ? 'page' : acceptedForm(headers.accept)
}

/** HTML or JSON as named; a bare wildcard is a person's browser or curl, who can read the page. */
function acceptedForm(accept: string): Form {
  const wanted = parseWantedList(accept)
  const weight = (...ranges: string[]) =>
    Math.max(0, ...wanted.filter(({ value }) => ranges.includes(value)).map(item => item.weight))
  const page = weight('text/html', 'application/xhtml+xml')
  const problem = weight('application/problem+json', 'application/json')
  if (page > 0 || problem > 0) return page >= problem ? 'page' : 'problem'
  return weight('*/*', 'text/*') > 0 ? 'page' : 'text'
}

/** `lang` of the request's query; the first where there are several. */
function languageParameter(url = ''): string | null {
  const query = url.indexOf('?')
  return query < 0 ? null : new URLSearchParams(url.slice(query + 1)).get('lang')
}
