/**
 * What the block page's server serves besides the page itself, under the operator's own names only: a visitor who was led here by another name sees
 * why that is blocked, whatever path they asked for.
 */
import type { IncomingMessage } from 'node:http'
import { parseWantedList } from '../blockpage/accept.ts'
import { escapeHtml as e } from '../blockpage/escape.ts'
import { chooseLanguage, type Language } from '../blockpage/language.ts'
import { plainAddress } from '../platform/http-admission.ts'
import { hostName, isAddressAuthority, requestedAuthority } from '../platform/http-host.ts'
import type { HttpAnswer } from '../platform/http-server.ts'
import { pageAnswer, problemAnswer } from './document.ts'
import { type Failure, PUBLIC_TEXTS } from './texts.ts'

export interface PublicRequest {
  readonly language: Language
  /** What stands behind the path's first part, decoded; empty where nothing does. */
  readonly rest: string
  readonly query: URLSearchParams
  /** IPv4 never in IPv6 clothes. It must not be kept. */
  readonly address: string
  readonly wantsJson: boolean
  readonly request: IncomingMessage
  readonly body: Buffer | null
}

export interface Route {
  readonly methods: readonly ('GET' | 'POST')[]
  readonly answer: (asked: PublicRequest) => HttpAnswer | Promise<HttpAnswer>
}

/**
 * `routes`: by path, or by a path that ends in `/` for all below it. `ownHosts`: lower case, without ports; where there are routes, whatever else is asked
 * of one is not found. Of an address only the routes are known: somebody may see there what a name was answered with.
 */
export function publicService(
  routes: Readonly<Record<string, Route>>,
  ownHosts: ReadonlySet<string>,
  provider: string | null,
): (request: IncomingMessage, body: Buffer | null) => ReturnType<Route['answer']> | null {
  return (request, body) => {
    const authority = requestedAuthority(request)
    const isNamed = ownHosts.has(hostName(authority) ?? '')
    if (!isNamed && !isLocal(authority)) return null
    const { path, query } = targetOf(request.url ?? '')
    const place = Object.hasOwn(routes, path) ? path : path.slice(0, path.indexOf('/', 1) + 1)
    const route = Object.hasOwn(routes, place) ? routes[place]! : null
    const context = contextOf(request, path, query)
    if (route === null) return isNamed && '/' in routes ? failure(404, context, provider) : null
    const method = request.method === 'HEAD' ? 'GET' : request.method
    if (!(route.methods as readonly (string | undefined)[]).includes(method))
      return failure(405, context, provider, { Allow: allowed(route) })
    const rest = decoded(path.slice(place.length))
    if (rest === null) return failure(400, context, provider)
    return route.answer({ ...context, rest, query, request, body })
  }
}

/** For people a page, for programs problem details (RFC 9457). */
export function failure(
  status: Failure,
  { language, wantsJson }: Pick<PublicRequest, 'language' | 'wantsJson'>,
  provider: string | null,
  headers: Record<string, string> = {},
): HttpAnswer {
  const { title, advice } = PUBLIC_TEXTS[language].failures[status]
  if (wantsJson) return problemAnswer(status, PUBLIC_TEXTS.en.failures[status].title, headers)
  const home = `<p><a href="/?lang=${language}">${e(PUBLIC_TEXTS[language].home.title)}</a></p>`
  return pageAnswer(status, { language, provider, title }, `<p>${e(advice)}</p>\n${home}`, headers)
}

function contextOf(request: IncomingMessage, path: string, query: URLSearchParams) {
  return {
    language: chooseLanguage(query.get('lang'), request.headers['accept-language']),
    address: plainAddress(request.socket.remoteAddress ?? ''),
    wantsJson: path.startsWith('/api/') || prefersJson(request.headers.accept),
  }
}

function allowed({ methods }: Route): string {
  return (methods.includes('GET') ? ['HEAD', ...methods] : methods).join(', ')
}

/** Asked for by address, or on the machine itself. */
function isLocal(authority: string): boolean {
  const host = hostName(authority)
  return host === null ? isAddressAuthority(authority) : host === 'localhost'
}

function targetOf(url: string): { path: string; query: URLSearchParams } {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/#.*$/s, '')
  const question = target.indexOf('?')
  const path = question < 0 ? target : target.slice(0, question)
  return { path: path === '' ? '/' : path, query: new URLSearchParams(question < 0 ? '' : target.slice(question + 1)) }
}

function decoded(text: string): string | null {
  try {
    const value = decodeURIComponent(text)
    return /[\p{Cc}/\\]/u.test(value) ? null : value
  } catch {
    return null
  }
}

function prefersJson(accept: string | undefined): boolean {
  const wanted = parseWantedList(accept ?? '')
  const weight = (name: string) => wanted.find(({ value }) => value === name)?.weight ?? 0
  return weight('application/json') > weight('text/html')
}
