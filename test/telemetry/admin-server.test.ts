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
  const server = await startAdminServer(
    { address: '127.0.0.1', port: 0 },
    { metrics, health, names: ['metrics.provider.example'] },
  )
  endings.push(() => server.close(0))
  const { port } = server.address
  return {
    state,
    port,
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

describe('a request that is not for it', () => {
  const rows: readonly (readonly [what: string, line: string, host: string, status: number])[] = [
    ['its address', 'GET /metrics HTTP/1.1', 'Host: 127.0.0.1:8081', 200],
    ['its IPv6 address', 'GET /metrics HTTP/1.1', 'Host: [::1]:8081', 200],
    ['a name of the operator’s', 'GET /metrics HTTP/1.1', 'Host: Metrics.Provider.Example.:8081', 200],
    ['a name that was pointed here (DNS rebinding)', 'GET /metrics HTTP/1.1', 'Host: evil.example', 421],
    ['such a name in an absolute target', 'GET http://evil.example/metrics HTTP/1.1', 'Host: localhost', 421],
    ['a name below one that is meant', 'GET /metrics HTTP/1.1', 'Host: evil.metrics.provider.example', 421],
    ['a name that begins like an address', 'GET /metrics HTTP/1.1', 'Host: 127.0.0.1.evil.example', 421],
    ['an address as one number', 'GET /metrics HTTP/1.1', 'Host: 2130706433', 421],
    ['no name at all, as no browser asks', 'GET /metrics HTTP/1.1', 'Host:', 200],
    ['markup', 'GET /metrics HTTP/1.1', 'Host: "><script>alert(1)</script>', 421],
    ['two Host lines', 'GET /metrics HTTP/1.1', 'Host: localhost\r\nHost: evil.example', 400],
  ]
  test.each(rows)('%s', async (_, line, host, status) => {
    const metrics = { contentType: 'text/plain', scrape: async () => 'secret 1\n' }
    const { port } = await serve(metrics)
    const answer = await ask(port, line, host)
    expect([answer.status, answer.body.includes('secret')]).toEqual([status, status === 200])
  })
})

describe('hostile requests leave no trace in the answer', () => {
  const rows: readonly (readonly string[])[] = [
    ['GET /"><script>evil</script> HTTP/1.1', 'Host: localhost'],
    ['GET /metrics/../../etc/evil HTTP/1.1', 'Host: localhost'],
    ['GET /%2e%2e/evil HTTP/1.1', 'Host: localhost'],
    ['GET /metrics%00evil HTTP/1.1', 'Host: localhost'],
    ['GET /metrics%0d%0aevil:%201 HTTP/1.1', 'Host: localhost'],
    ['GET /healthz?evil=%0d%0aSet-Cookie:%20evil=1 HTTP/1.1', 'Host: localhost'],
    ['GET /readyz HTTP/1.1', 'Host: localhost', 'X-Forwarded-Host: evil.example', 'Accept: evil', 'Cookie: evil=1'],
    ['EVIL /metrics HTTP/1.1', 'Host: localhost'],
    ['POST /metrics HTTP/1.1', 'Host: localhost', `Content-Length: ${10 * 1024 * 1024}`],
  ]
  test.each(rows)('%s', async (line, ...headers) => {
    const { port } = await serve()
    const answer = await ask(port, line, ...headers)
    expect(answer.body).not.toMatch(/evil/i)
    expect([...answer.headers].join('\n')).not.toMatch(/evil/i)
    expect([answer.headers.has('set-cookie'), answer.headers.has('access-control-allow-origin')]).toEqual([
      false,
      false,
    ])
    expect([200, 400, 404, 405, 413]).toContain(answer.status)
  })
})
