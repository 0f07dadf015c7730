/**
 * What a server has in memory only because some configuration could want it: nothing large. Metrics, TLS, HTTP/2 and the public suffix list take 5 to 16 MB each.
 * In a process of its own.
 */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const SRC = new URL('../../src/', import.meta.url).href
const LARGE = /internal\/(deps\/undici|http2|tls)|node_modules\/(prom-client|@opentelemetry|tldts|pino-pretty)\//

/** The large modules, of Node's and of packages, that are there when these of ours were imported and a program has run. */
function largeLoadedBy(modules: readonly string[], program = ''): string[] {
  const code = `
    import { createRequire } from 'node:module'
    const own = Object.assign({}, ...(await Promise.all(${JSON.stringify(modules)}.map(path => import('${SRC}' + path)))))
    ${program}
    console.log(JSON.stringify([...process.moduleLoadList, ...Object.keys(createRequire(import.meta.url).cache)]))`
  const args = ['--input-type=module', '-e', code]
  const loaded = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as string[]
  const found = loaded.flatMap(one => LARGE.exec(one)?.[1] ?? LARGE.exec(one)?.[2] ?? [])
  return [...new Set(found)].sort()
}

test('what every server loads has none of them, with its log and what fetches lists', () => {
  const log = `own.createLog('info', { stream: process.stdout, isTerminal: false })`
  expect(largeLoadedBy(['commands.ts', 'telemetry/log.ts', 'feeds/remote/fetch.ts'], log)).toEqual([])
})

test('a page over plain HTTP needs no TLS, and no HTTP/2', () => {
  const start = `
    const server = await own.startHttpServer({ address: '127.0.0.1', port: 0 }, () => ({ status: 200, headers: {}, body: '' }))
    await server.close()`
  expect(largeLoadedBy(['blockpage/server.ts', 'platform/http-server.ts'], start)).toEqual([])
})

test('they are seen where they are loaded: by metrics, and by an import of node:http', () => {
  expect(largeLoadedBy(['telemetry/metrics.ts'])).toContain('prom-client')
  expect(largeLoadedBy([], "await import('node:http')")).toContain('deps/undici')
})
