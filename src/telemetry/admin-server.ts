/**
 * What operators' programs ask over HTTP: metrics, and whether to send queries here. Meant for a loopback or management address.
 */
import type { IncomingMessage } from 'node:http'
import { hostName, isAddressAuthority, requestedAuthority } from '../platform/http-host.ts'
import {
  type HttpAnswer,
  type HttpEndpoint,
  type HttpServerOptions,
  type RunningHttpServer,
  startHttpServer,
} from '../platform/http-server.ts'
import type { HealthFacts } from './control-facts.ts'
import type { Metrics } from './metrics.ts'

export interface AdminDeps extends HttpServerOptions {
  readonly metrics: Metrics
  readonly health: HealthFacts
  /** Host names under which operators ask, lower case; an address and `localhost` do always. */
  readonly names?: readonly string[]
}

export function startAdminServer(endpoint: HttpEndpoint, deps: AdminDeps): Promise<RunningHttpServer> {
  return startHttpServer(endpoint, request => answerOperator(request, deps), deps)
}

export async function answerOperator(
  request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  deps: AdminDeps,
): Promise<HttpAnswer> {
  // A web page whose name has been pointed here must not read what is told, in the browser of somebody who can reach it (DNS rebinding).
  if (!isOwn(requestedAuthority(request), deps.names ?? [])) return text(421, 'Misdirected Request\n')
  const { method, url = '' } = request
  const page = PAGES.get(pathOf(url))
  if (page === undefined) return text(404, 'Not Found\n')
  if (method !== 'GET' && method !== 'HEAD') {
    return { ...text(405, 'Method Not Allowed\n'), headers: { ...TEXT, Allow: 'GET, HEAD' } }
  }
  return page(deps)
}

/** A browser always says which host it means; a load balancer's check by HTTP/1.0 does not. */
function isOwn(authority: string, names: readonly string[]): boolean {
  if (authority === '') return true
  const host = hostName(authority)
  if (host !== null) return host === 'localhost' || names.includes(host)
  return isAddressAuthority(authority)
}

/** Without the query, and without scheme and host where the target is absolute (RFC 9112 §3.2.2). */
function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '') || '/'
}

type AdminPage = (deps: AdminDeps) => HttpAnswer | Promise<HttpAnswer>

const PAGES: ReadonlyMap<string, AdminPage> = new Map<string, AdminPage>([
  [
    '/',
    () =>
      text(
        200,
        'Qalqan\n\n/metrics  for Prometheus\n/healthz  whether it lives\n/readyz   whether its feeds are in force\n',
      ),
  ],
  ['/metrics', scrapeMetrics],
  ['/healthz', ({ health }) => tellHealth(health)],
  ['/readyz', ({ health }) => tellReadiness(health)],
])

async function scrapeMetrics({ metrics }: AdminDeps): Promise<HttpAnswer> {
  return { status: 200, headers: { 'Content-Type': metrics.contentType }, body: await metrics.scrape() }
}

/** That this is answered at all shows that the main thread lives. */
function tellHealth(health: HealthFacts): HttpAnswer {
  const workers = health.workersAlive()
  return workers > 0
    ? json(200, { status: 'ok', workers })
    : json(503, { status: 'failed', workers, reason: 'no worker runs' })
}

function tellReadiness(health: HealthFacts): HttpAnswer {
  const reason = health.workersAlive() > 0 ? health.notReadyBecause() : 'no worker runs'
  return reason === null ? json(200, { status: 'ready' }) : json(503, { status: 'not ready', reason })
}

const TEXT = { 'Content-Type': 'text/plain; charset=utf-8' }

function text(status: number, body: string): HttpAnswer {
  return { status, headers: TEXT, body }
}

function json(status: number, value: unknown): HttpAnswer {
  return { status, headers: { 'Content-Type': 'application/json' }, body: `${JSON.stringify(value)}\n` }
}
