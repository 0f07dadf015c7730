/** Lists that stand elsewhere: whole or not at all, whatever servers do. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ResolveHost } from '../../../src/feeds/remote/destination.ts'
import { type FetchOptions, fetchList } from '../../../src/feeds/remote/fetch.ts'
import { asFetchError } from '../../../src/feeds/remote/fetch-error.ts'
import { Fetcher, type FetcherOptions } from '../../../src/feeds/remote/fetcher.ts'

const LIST = 'bad.example\nworse.example\n'
type Handler = (request: IncomingMessage, response: ServerResponse) => void

let folder = ''
let server: Server
let handler: Handler
let requests: IncomingMessage[]
let port = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-fetch-'))
  requests = []
  handler = (_, response) => response.end(LIST)
  server = createServer((request, response) => {
    requests.push(request)
    handler(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  rmSync(folder, { recursive: true, force: true })
})

const toLoopback: ResolveHost = async () => [{ address: '127.0.0.1', family: 4 }]
const path = () => join(folder, 'list.source')
const optionsFor = (more: Partial<FetchOptions> = {}): FetchOptions => ({
  url: `http://lists.example:${port}/list.txt`,
  path: path(),
  validators: { etag: null, lastModified: null },
  allowPrivate: true,
  resolve: toLoopback,
  timeoutMs: 3000,
  octetsMax: 1e6,
  agentName: 'qalqan/test',
  proxy: null,
  ...more,
})
const causeOf = async (more: Partial<FetchOptions> = {}) =>
  fetchList(optionsFor(more)).then(
    () => 'fetched',
    error => asFetchError(error).kind,
  )

describe('a fetch', () => {
  test('puts the list in place, for its owner alone, and nothing beside it', async () => {
    handler = (_, response) => response.setHeader('etag', '"1"').setHeader('last-modified', 'yesterday').end(LIST)
    expect(await fetchList(optionsFor())).toEqual({
      etag: '"1"',
      lastModified: 'yesterday',
      isNew: true,
      octets: LIST.length,
    })
    expect(readFileSync(path(), 'utf8')).toBe(LIST)
    expect(statSync(path()).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['list.source'])
    expect(requests[0]?.headers['user-agent']).toBe('qalqan/test')
  })

  test('says what it has, and takes 304 for an answer', async () => {
    handler = (_, response) => response.writeHead(304).end()
    const validators = { etag: '"1"', lastModified: 'yesterday' }
    expect(await fetchList(optionsFor({ validators }))).toMatchObject({ isNew: false, etag: '"1"' })
    expect(requests[0]?.headers).toMatchObject({ 'if-none-match': '"1"', 'if-modified-since': 'yesterday' })
  })

  test.each([
    ['gzip', gzipSync(LIST), '/list.txt', 'gzip'],
    ['zstd', zstdCompressSync(LIST), '/list.txt', 'zstd'],
    ['a file that is called .gz', gzipSync(LIST), '/list.txt.gz', null],
    ['a file that is called .zst', zstdCompressSync(LIST), '/list.zst', null],
  ])('unpacks %s', async (_, body, name, encoding) => {
    handler = (_request, response) => {
      if (encoding !== null) response.setHeader('content-encoding', encoding)
      response.end(body)
    }
    await fetchList(optionsFor({ url: `http://lists.example:${port}${name}` }))
    expect(readFileSync(path(), 'utf8')).toBe(LIST)
  })

  test('follows three redirects, and no more', async () => {
    const redirects =
      (count: number): Handler =>
      (request, response) => {
        const step = Number(/\d+/.exec(request.url ?? '')?.[0] ?? 0)
        if (step < count) response.writeHead(302, { location: `/step${step + 1}` }).end()
        else response.end(LIST)
      }
    handler = redirects(3)
    expect(await causeOf()).toBe('fetched')
    handler = redirects(4)
    expect(await causeOf()).toBe('redirect')
  })

  test('goes through a proxy where there is one, which looks the name up', async () => {
    const asked: string[] = []
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.end(LIST)
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const nowhere: ResolveHost = async () => {
      throw new Error('looked up here')
    }
    const through = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    await fetchList(optionsFor({ url: 'http://lists.example/list.txt', proxy: through, resolve: nowhere }))
    expect(asked).toEqual(['http://lists.example/list.txt'])
    expect(readFileSync(path(), 'utf8')).toBe(LIST)
    proxy.closeAllConnections()
    await new Promise(resolve => proxy.close(resolve))
    expect(await causeOf({ proxy: through })).toBe('connect')
  })

  const body = 'n.example\n'.repeat(1000)
  const cut =
    (share: number): Handler =>
    (_, response) => {
      response.setHeader('content-length', body.length)
      response.write(body.slice(0, Math.floor(body.length * share)), () => response.destroy())
    }
  const bomb = (pack: (data: Buffer) => Buffer, encoding: string): Handler => {
    const packed = pack(Buffer.alloc(200e6))
    return (_, response) => void response.setHeader('content-encoding', encoding).end(packed)
  }
  const flipped = (packed: Buffer): Buffer => {
    packed[packed.length >> 1]! ^= 1
    return packed
  }
  const failures: readonly (readonly [what: string, handler: Handler, cause: string, more?: Partial<FetchOptions>])[] =
    [
      ['cut after 1 %', cut(0.01), 'length'],
      ['cut in the middle', cut(0.5), 'length'],
      ['cut after 99 %', cut(0.99), 'length'],
      ['chunked and cut', (_, response) => response.write(body, () => response.destroy()), 'length'],
      ['404', (_, response) => response.writeHead(404).end('no'), 'status'],
      ['500', (_, response) => response.writeHead(500).end(), 'status'],
      ['a part of it (206)', (_, response) => response.writeHead(206).end(LIST), 'status'],
      ['a redirect to nowhere', (_, response) => response.writeHead(302).end(), 'status'],
      [
        'a redirect to a file',
        (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
        'redirect',
      ],
      ['too large', (_, response) => response.end(body), 'size', { octetsMax: 100 }],
      ['a bomb of gzip', bomb(gzipSync, 'gzip'), 'size', { octetsMax: 1e9 }],
      ['a bomb of zstd', bomb(zstdCompressSync, 'zstd'), 'size', { octetsMax: 1e9 }],
      [
        'an encoding that was not asked for',
        (_, response) => response.setHeader('content-encoding', 'br').end(LIST),
        'encoding',
      ],
      ['gzip that is none', (_, response) => response.setHeader('content-encoding', 'gzip').end(LIST), 'encoding'],
      [
        'gzip that is cut',
        (_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(body).subarray(0, 40)),
        'encoding',
      ],
      [
        'zstd that is cut',
        (_, response) => response.setHeader('content-encoding', 'zstd').end(zstdCompressSync(body).subarray(0, -1)),
        'encoding',
      ],
      [
        'gzip with a bit that flipped',
        (_, response) => response.setHeader('content-encoding', 'gzip').end(flipped(gzipSync(body))),
        'encoding',
      ],
      ['silence', () => {}, 'timeout', { timeoutMs: 300 }],
      [
        'a drip',
        (_, response) => {
          const drip = setInterval(() => response.write('x'), 50)
          response.once('close', () => clearInterval(drip))
        },
        'timeout',
        { timeoutMs: 400 },
      ],
      ['a folder that is not there', (_, response) => response.end(LIST), 'disk', { path: '/nowhere/at/all/list' }],
    ]
  test.each(failures.map(([what, own, cause, more = {}]) => ({ what, own, cause, more })))(
    'that brings $what leaves what is there',
    async ({ own, cause, more }) => {
      writeFileSync(path(), 'before\n')
      handler = own
      expect(await causeOf(more)).toBe(cause)
      expect(readFileSync(path(), 'utf8')).toBe('before\n')
      expect(readdirSync(folder)).toEqual(['list.source'])
    },
  )

  test('of a server that is not there fails to connect', async () => {
    expect(await causeOf({ url: 'http://lists.example:9/' })).toBe('connect')
  })
})

describe('addresses of private networks', () => {
  const urls = [
    ...[
      '127.0.0.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '10.0.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
    ],
    ...[
      '0.0.0.0',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[fd00::1]',
      '[fe80::1]',
      '[64:ff9b::10.0.0.1]',
      '224.0.0.1',
      '[ff02::1]',
    ],
  ]
  test.each(urls)('%s is not connected to', async host => {
    expect(await causeOf({ allowPrivate: false, url: `http://${host}:${port}/` })).toBe('address')
    expect(requests).toHaveLength(0)
  })

  test('nor where a name has one beside a public one, nor after a redirect', async () => {
    const both: ResolveHost = async () => [
      { address: '203.0.113.1', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ]
    expect(await causeOf({ allowPrivate: false, resolve: both })).toBe('address')
    handler = (_, response) => response.writeHead(302, { location: 'http://inner.example/' }).end()
    const turning: ResolveHost = async host => [
      { address: host === 'inner.example' ? '10.0.0.1' : '127.0.0.1', family: 4 },
    ]
    const strict = fetchList(optionsFor({ resolve: turning, allowPrivate: false }))
    expect(await strict.catch(error => asFetchError(error).kind)).toBe('address')
  })

  test('the address that was checked is the one that is connected to: a name is resolved once', async () => {
    let lookups = 0
    const rebinding: ResolveHost = async () => [{ address: lookups++ === 0 ? '127.0.0.1' : '127.0.0.9', family: 4 }]
    expect(await causeOf({ resolve: rebinding })).toBe('fetched')
    expect(lookups).toBe(1)
  })
})

describe('a fetcher', () => {
  const problems: string[] = []
  const fetcherFor = (more: Partial<FetcherOptions> = {}) =>
    new Fetcher({
      ...optionsFor(),
      feed: 'list',
      refreshMs: 3_600_000,
      now: () => 1_700_000_000_000,
      random: () => 0.5,
      isSigned: false,
      onProblem: (_, problem) => void problems.push(problem),
      ...more,
    })

  test('twenty triggers at once are one fetch', async () => {
    const fetcher = fetcherFor()
    await Promise.all(Array.from({ length: 20 }, () => fetcher.refresh()))
    expect(requests).toHaveLength(1)
    expect(fetcher.state()).toMatchObject({ lastSuccessAt: 1_700_000_000, problem: null })
    fetcher.close()
  })

  test('remembers across restarts what the server called its version; not for another URL, not for a copy that is gone', async () => {
    handler = (request, response) => {
      if (request.headers['if-none-match'] === '"7"') response.writeHead(304).end()
      else response.setHeader('etag', '"7"').end(LIST)
    }
    const asked = async (more: Partial<FetcherOptions> = {}) => {
      const fetcher = fetcherFor(more)
      await fetcher.refresh()
      fetcher.close()
      return requests.at(-1)?.headers['if-none-match'] ?? null
    }
    expect([await asked(), await asked()]).toEqual([null, '"7"'])
    expect(await asked({ url: `http://lists.example:${port}/other.txt` })).toBeNull()
    rmSync(path())
    expect(await asked({ url: `http://lists.example:${port}/other.txt` })).toBeNull()
    expect(readFileSync(path(), 'utf8')).toBe(LIST)
  })

  test('counts failures by cause, says what happened, and keeps the copy', async () => {
    const fetcher = fetcherFor()
    await fetcher.refresh()
    handler = (_, response) => response.writeHead(503).end()
    await fetcher.refresh()
    expect(fetcher.state()).toMatchObject({ failures: { status: 1, dns: 0 }, problem: 'the server answered 503' })
    expect(readFileSync(path(), 'utf8')).toBe(LIST)
    fetcher.close()
  })

  test('whose folder cannot be made says so', async () => {
    mkdirSync(join(folder, 'x'))
    writeFileSync(join(folder, 'x', 'file'), '')
    const fetcher = fetcherFor({ path: join(folder, 'x', 'file', 'list.source') })
    await fetcher.refresh()
    expect(fetcher.state().problem).not.toBeNull()
    fetcher.close()
  })
})
