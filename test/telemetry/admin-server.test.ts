import { afterEach, describe, expect, test } from 'vitest'
import { allocateCounters, layOutCounters } from '../../src/images/counters.ts'
import { startAdminServer } from '../../src/telemetry/admin-server.ts'
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts'
import { ask } from '../platform/raw-http.ts'
import { readExposition, sampleValue } from './exposition.ts'
import { controlFacts } from './facts.ts'

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

async function serve(metrics: Metrics = { contentType: 'text/plain', scrape: async () => '' }) {
  const state = { workers: 2, reason: null as string | null }
  const health = { workersAlive: () => state.workers, notReadyBecause: () => state.reason }
  const server = await startAdminServer({ address: '127.0.0.1', port: 0 }, { metrics, health })
  endings.push(() => server.close(0))
  const { port } = server.address
  return {
    state,
    get: (target: string, method = 'GET') => ask(port, `${method} ${target} HTTP/1.1`, 'Host: localhost'),
  }
}

describe('routes', () => {
  const rows: [method: string, target: string, status: number][] = [
    ['GET', '/', 200],
    ['GET', '/metrics', 200],
    ['GET', '/metrics?name[]=x', 200],
    ['GET', '/healthz', 200],
    ['GET', '/readyz', 200],
    ['HEAD', '/metrics', 200],
    ['HEAD', '/healthz', 200],
    ['GET', 'http://localhost/healthz', 200],
    ['GET', 'http://localhost', 200],
    ['GET', '/metrics/', 404],
    ['GET', '/../metrics', 404],
    ['GET', '/constructor', 404],
    ['POST', '/nowhere', 404],
    ['GET', '*', 404],
    ['POST', '/metrics', 405],
    ['DELETE', '/readyz', 405],
    ['OPTIONS', '/', 405],
  ]
  for (const [method, target, status] of rows) {
    test(`${method} ${target}: ${status}`, async () => {
      const answer = await (await serve()).get(target, method)
      expect(answer.status).toBe(status)
      expect(answer.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD' : undefined)
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      if (method === 'HEAD') expect(answer.body).toBe('')
    })
  }
})

test('/metrics is a scrape that Prometheus reads', async () => {
  const layout = layOutCounters({ categories: ['illegal'], upstreams: 1 })
  const metrics = createMetrics(layout, () => [allocateCounters(layout)], ['192.0.2.53:53'], controlFacts())
  const { headers, body } = await (await serve(metrics)).get('/metrics')
  expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(sampleValue(readExposition(body), 'qalqan_image_generation')).toBe(7)
})

test('health and readiness follow what they tell of', async () => {
  const { state, get } = await serve()
  const steps: [workers: number, reason: string | null, health: number, ready: number, body: object][] = [
    [2, 'feeds are loading', 200, 503, { status: 'not ready', reason: 'feeds are loading' }],
    [2, null, 200, 200, { status: 'ready' }],
    [1, null, 200, 200, { status: 'ready' }],
    [0, null, 503, 503, { status: 'not ready', reason: 'no worker runs' }],
    [2, 'stopping', 200, 503, { status: 'not ready', reason: 'stopping' }],
  ]
  for (const [workers, reason, health, ready, body] of steps) {
    Object.assign(state, { workers, reason })
    const [healthz, readyz] = [await get('/healthz'), await get('/readyz')]
    expect([healthz.status, readyz.status]).toEqual([health, ready])
    expect(JSON.parse(healthz.body)).toMatchObject({ workers })
    expect(JSON.parse(readyz.body)).toEqual(body)
  }
})

test('a scrape that fails is a 500, and the next one is tried again', async () => {
  let calls = 0
  const scrape = async () => {
    if (calls++ === 0) throw new Error('secret')
    return 'fine\n'
  }
  const { get } = await serve({ contentType: 'text/plain', scrape })
  const [first, second] = [await get('/metrics'), await get('/metrics')]
  expect([first.status, first.body, second.status, second.body]).toEqual([
    500,
    'Internal Server Error\n',
    200,
    'fine\n',
  ])
})
