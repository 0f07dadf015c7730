/**
 * What the block page's server serves besides the page itself, under the operator's own names only: a visitor who was led here by another name sees
 * why that is blocked, whatever path they asked for.
 */
import type { IncomingMessage } from 'node:http'
import { parseWantedList } from '../blockpage/accept.ts'
import { hostName, requestedAuthority } from '../blockpage/host.ts'
import { chooseLanguage, type Language } from '../blockpage/language.ts'
import { plainAddress } from '../platform/http-admission.ts'
import type { HttpAnswer } from '../platform/http-server.ts'
import { problemAnswer } from './document.ts'

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
  readonly answer: (asked: PublicRequest) => HttpAnswer
}

/** `routes`: by path, or by a path that ends in `/` for all below it. `ownHosts`: lower case, without ports. */
export function publicService(
  routes: Readonly<Record<string, Route>>,
  ownHosts: ReadonlySet<string>,
): (request: IncomingMessage, body: Buffer | null) => HttpAnswer | null {
  return (request, body) => {
    if (!isOwn(request, ownHosts)) return null
    const { path, query } = targetOf(request.url ?? '')
    const place = path in routes ? path : `${path.slice(0, path.indexOf('/', 1) + 1)}`
    const route = Object.hasOwn(routes, place) ? routes[place]! : null
    if (route === null) return null
    const method = request.method === 'HEAD' ? 'GET' : request.method
    if (!(route.methods as readonly (string | undefined)[]).includes(method)) return notAllowed(route)
    const rest = decoded(path.slice(place.length))
    if (rest === null) return problemAnswer(400, 'Bad Request')
    return route.answer({ ...contextOf(request, query), rest, query, request, body })
  }
}

function contextOf(request: IncomingMessage, query: URLSearchParams) {
  return {
    language: chooseLanguage(query.get('lang'), request.headers['accept-language']),
    address: plainAddress(request.socket.remoteAddress ?? ''),
    wantsJson: wantsJson(request.headers.accept),
  }
}

function notAllowed({ methods }: Route): HttpAnswer {
  const allowed = methods.includes('GET') ? ['HEAD', ...methods] : methods
  return problemAnswer(405, 'Method Not Allowed', { Allow: allowed.join(', ') })
}

/** Asked for under a name of the operator's, or by address. */
function isOwn(request: IncomingMessage, ownHosts: ReadonlySet<string>): boolean {
  const authority = requestedAuthority(request)
  const host = hostName(authority)
  if (host !== null) return host === 'localhost' || ownHosts.has(host)
  return /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(authority)
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

function wantsJson(accept: string | undefined): boolean {
  const wanted = parseWantedList(accept ?? '')
  const weight = (name: string) => wanted.find(({ value }) => value === name)?.weight ?? 0
  return weight('application/json') > weight('text/html')
}
