import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BlockFinding } from '../../src/blockpage/finding.ts'
import { startBlockPage } from '../../src/blockpage/server.ts'
import { TEXTS } from '../../src/blockpage/texts.ts'
import type { RunningHttpServer } from '../../src/platform/http-server.ts'
import { ask, exchange } from '../platform/raw-http.ts'

const FINDING: BlockFinding = {
  ruleClass: 'legal',
  category: 'gambling',
  caseNumber: '2-1184/2026',
  listedAt: 1767225600,
}
const SETTINGS = {
  provider: 'Example Net',
  appeal: { email: 'appeal@provider.example', url: 'https://provider.example/appeal', phone: null },
}

const asked: [host: string, client: string][] = []
let server: RunningHttpServer
let port: number

beforeAll(async () => {
  const find = (host: string, client: string) => {
    asked.push([host, client])
    return host === 'bad.example' || host.endsWith('.bad.example') ? FINDING : null
  }
  server = await startBlockPage({ address: '127.0.0.1', port: 0 }, { find, settings: SETTINGS })
  port = server.address.port
})
afterAll(() => server.close(0))

const bad = (...lines: string[]) => ask(port, 'GET / HTTP/1.1', 'Host: bad.example', ...lines)

describe('statuses', () => {
  const rows: [what: string, requestLine: string, host: string, status: number][] = [
    ['a blocked host', 'GET / HTTP/1.1', 'Host: bad.example', 451],
    ['below a blocked host', 'GET /any/path?q=1 HTTP/1.1', 'Host: www.bad.example', 451],
    ['another spelling', 'GET / HTTP/1.1', 'Host: BAD.example.', 451],
    ['with a port', 'GET / HTTP/1.1', 'Host: bad.example:80', 451],
    ['POST', 'POST / HTTP/1.1', 'Host: bad.example', 451],
    ['PUT', 'PUT / HTTP/1.1', 'Host: bad.example', 451],
    ['DELETE', 'DELETE / HTTP/1.1', 'Host: bad.example', 451],
    ['OPTIONS', 'OPTIONS / HTTP/1.1', 'Host: bad.example', 451],
    ['OPTIONS *', 'OPTIONS * HTTP/1.1', 'Host: bad.example', 451],
    ['PROPFIND', 'PROPFIND / HTTP/1.1', 'Host: bad.example', 451],
    ['an absolute target', 'GET http://bad.example/ HTTP/1.1', 'Host: good.example', 451],
    ['an absolute https target', 'GET https://bad.example:443/ HTTP/1.1', 'Host: good.example', 451],
    ['a path that is special elsewhere', 'GET /healthz HTTP/1.1', 'Host: bad.example', 451],
    ['an icon', 'GET /favicon.ico HTTP/1.1', 'Host: bad.example', 451],
    ['HTTP/1.0', 'GET / HTTP/1.0', 'Host: bad.example', 451],
    ['a host that is not blocked', 'GET / HTTP/1.1', 'Host: good.example', 451],
    ['an absolute target that is not blocked', 'GET http://good.example/ HTTP/1.1', 'Host: bad.example', 451],
    ['an address', 'GET / HTTP/1.1', 'Host: 192.0.2.1:8080', 451],
    ['an IPv6 address', 'GET / HTTP/1.1', 'Host: [::1]:80', 451],
    ['an empty host', 'GET / HTTP/1.1', 'Host:', 451],
    ['HTTP/1.0 without a host', 'GET / HTTP/1.0', 'X-Nothing: 1', 451],
    ['a health path of nobody', 'GET /healthz HTTP/1.1', 'Host: localhost', 451],
    ['no host name at all', 'GET / HTTP/1.1', 'Host: "><script>alert(1)</script>', 451],
  ]
  for (const [what, requestLine, host, status] of rows) {
    test(`${what}: ${status}`, async () => expect((await ask(port, requestLine, host)).status).toBe(status))
  }
})

test('an answer says who blocks and how it may be used', async () => {
  const { headers } = await bad('Accept-Language: ru')
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-language': 'ru',
    link: '<https://provider.example/appeal>; rel="blocked-by"',
    vary: 'Accept, Accept-Language, Sec-Fetch-Dest',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
  expect(headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  )
  expect(headers.has('set-cookie') || headers.has('location') || headers.has('server')).toBe(false)
})

test('every answer names who implements the block, also where the name is not blocked any more', async () => {
  const { headers, body } = await ask(port, 'GET / HTTP/1.1', 'Host: good.example')
  expect(headers.has('link')).toBe(true)
  expect(body).toContain(TEXTS.kk.notBlocked.title)
})

test('HEAD gets the head of the answer to GET, and no body', async () => {
  const get = await bad()
  const head = await ask(port, 'HEAD / HTTP/1.1', 'Host: bad.example')
  expect([head.status, head.body]).toEqual([451, ''])
  expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'))
  expect(Number(get.headers.get('content-length'))).toBe(Buffer.byteLength(get.body))
})

describe('languages', () => {
  const rows: [target: string, acceptLanguage: string, language: 'kk' | 'ru' | 'en'][] = [
    ['/', 'kk-KZ,kk;q=0.9', 'kk'],
    ['/', 'ru-RU,ru;q=0.9', 'ru'],
    ['/', 'en', 'en'],
    ['/', 'de', 'kk'],
    ['/?lang=ru', 'en', 'ru'],
    ['/a?x=1&lang=en&lang=ru', 'kk', 'en'],
    ['/?lang=%72u', 'en', 'ru'],
    ['/?lang=de', 'en', 'en'],
    ['/?lang=%ff%00%', 'en', 'en'],
    ['http://bad.example/?lang=en', 'ru', 'en'],
  ]
  for (const [target, accept, language] of rows) {
    test(`${target} for ${accept}: ${language}`, async () => {
      const answer = await ask(port, `GET ${target} HTTP/1.1`, 'Host: bad.example', `Accept-Language: ${accept}`)
      expect(answer.headers.get('content-language')).toBe(language)
      expect(answer.body).toContain(`<html lang="${language}"`)
      expect(answer.body).toContain(TEXTS[language].classes.legal.explanation)
    })
  }
})

describe('forms', () => {
  const rows: [what: string, lines: string[], type: string][] = [
    ['a browser', ['Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'], 'text/html'],
    ['a frame', ['Sec-Fetch-Dest: iframe', 'Accept: text/html'], 'text/html'],
    ['whoever says nothing', [], 'text/html'],
    ['curl', ['Accept: */*'], 'text/html'],
    ['a program', ['Accept: application/json'], 'application/problem+json'],
    ['a program that takes the rest too', ['Accept: application/json, text/plain, */*'], 'application/problem+json'],
    ['one that prefers HTML', ['Accept: application/json;q=0.5, text/html'], 'text/html'],
    ['a script with fetch', ['Sec-Fetch-Dest: empty', 'Accept: application/problem+json'], 'application/problem+json'],
    ['an image', ['Accept: image/avif,image/webp,*/*', 'Sec-Fetch-Dest: image'], 'text/plain'],
    ['an old browser with an image', ['Accept: image/png,image/*;q=0.8'], 'text/plain'],
    ['a script', ['Sec-Fetch-Dest: script', 'Accept: */*'], 'text/plain'],
    ['a style sheet', ['Sec-Fetch-Dest: style', 'Accept: text/css,*/*;q=0.1'], 'text/plain'],
    ['nonsense', ['Accept: ;;;,,,"<'], 'text/plain'],
  ]
  for (const [what, lines, type] of rows) {
    test(`${what}: ${type}`, async () => {
      const { status, headers, body } = await bad(...lines)
      expect(status).toBe(451)
      expect(headers.get('content-type')).toContain(type)
      for (const fact of ['bad.example', '2-1184/2026', '2026-01-01', 'appeal@provider.example'])
        expect(body).toContain(fact)
    })
  }

  test('JSON has the facts as problem details', async () => {
    const { body } = await bad('Accept: application/json', 'Accept-Language: en')
    expect(JSON.parse(body)).toEqual({
      type: 'about:blank',
      title: TEXTS.en.blocked.title,
      status: 451,
      detail: TEXTS.en.classes.legal.explanation,
      host: 'bad.example',
      class: 'legal',
      category: 'gambling',
      caseNumber: '2-1184/2026',
      basis: TEXTS.en.classes.legal.basis,
      listedOn: '2026-01-01',
      provider: 'Example Net',
      appeal: { email: 'appeal@provider.example', url: 'https://provider.example/appeal' },
    })
  })

  test('an icon costs a few lines', async () => {
    const { headers, body } = await ask(port, 'GET /favicon.ico HTTP/1.1', 'Host: bad.example')
    expect(headers.get('content-type')).toContain('text/plain')
    expect(body.length).toBeLessThan(1000)
  })
})

describe('hostile requests leave no trace in the answer', () => {
  const rows: [what: string, ...lines: string[]][] = [
    ['script in Host', 'GET / HTTP/1.1', 'Host: "><script>evil</script>'],
    ['script in the path', 'GET /"><script>evil</script> HTTP/1.1', 'Host: bad.example'],
    ['script in lang', 'GET /?lang="><script>evil</script> HTTP/1.1', 'Host: bad.example'],
    ['line breaks in the path', 'GET /%0d%0aSet-Cookie:%20evil=1 HTTP/1.1', 'Host: bad.example'],
    ['line breaks in the query', 'GET /?lang=ru%0d%0aevil:1 HTTP/1.1', 'Host: bad.example'],
    ['Referer', 'GET / HTTP/1.1', 'Host: bad.example', 'Referer: http://evil.test/<script>'],
    ['X-Forwarded-Host', 'GET / HTTP/1.1', 'Host: bad.example', 'X-Forwarded-Host: evil.test'],
    ['Accept-Language', 'GET / HTTP/1.1', 'Host: bad.example', 'Accept-Language: "><evil>'],
    ['an absolute target', 'GET http://evil<script>/ HTTP/1.1', 'Host: bad.example'],
    ['a user in an absolute target', 'GET http://evil@bad.example/ HTTP/1.1', 'Host: bad.example'],
    ['bytes above ASCII in Host', 'GET / HTTP/1.1', 'Host: evil\u00e9\u00ff.example'],
    ['a long Host', 'GET / HTTP/1.1', `Host: ${'evil.'.repeat(1500)}example`],
  ]
  for (const [what, requestLine, ...lines] of rows) {
    test(what, async () => {
      const raw = await exchange(port, `${[requestLine, ...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`)
      expect(raw).toMatch(/^HTTP\/1\.1 4(?:51|21|00) /)
      expect(raw.toLowerCase()).not.toContain('evil')
      expect(raw.toLowerCase()).not.toContain('<script')
    })
  }
})

test('whoever decides is given a clean host and the address as its policies know it', async () => {
  asked.length = 0
  await ask(port, 'GET / HTTP/1.1', 'Host: BAD.Example.:80')
  await ask(port, 'GET / HTTP/1.1', 'Host: <b>')
  expect(asked).toEqual([['bad.example', '127.0.0.1']])
})

test('without an address for appeals no blocker is linked', async () => {
  const settings = { provider: null, appeal: { email: 'appeal@provider.example', url: null, phone: null } }
  const other = await startBlockPage({ address: '127.0.0.1', port: 0 }, { find: () => FINDING, settings })
  const { status, headers } = await ask(other.address.port, 'GET / HTTP/1.1', 'Host: any.example')
  await other.close(0)
  expect([status, headers.has('link')]).toEqual([451, false])
})
