/** Over TLS: our own names only, and renewed certificates. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Certificate } from '../../src/platform/certificate.ts'
import { HTTP_LIMITS, type RunningHttpServer, startHttpServer } from '../../src/platform/http-server.ts'
import { EXPIRED, FIRST, SECOND, type TestCertificate } from '../support/certificates.ts'
import { exchange } from './raw-http.ts'

let folder: string
let files: { certificate: string; key: string }
let server: RunningHttpServer
const problems: string[] = []

function put({ certificate, key }: TestCertificate): void {
  writeFileSync(files.certificate, certificate)
  writeFileSync(files.key, key)
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-tls-'))
  files = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') }
  put(FIRST)
  problems.length = 0
  server = await startHttpServer(
    { address: '127.0.0.1', port: 0 },
    ({ headers, url }) => ({ status: 200, headers: {}, body: `${headers.host} ${url}` }),
    {
      limits: { ...HTTP_LIMITS, headersMs: 300, connectionsPerClientMax: 4 },
      tls: { ...files, refreshMs: 20, onProblem: problem => problems.push(problem) },
    },
  )
})
afterEach(async () => {
  await server.close(0)
  rmSync(folder, { recursive: true })
})

/** The body, or the error's code or message. */
function get(servername: string, ca = FIRST.certificate): Promise<string> {
  return new Promise(resolve => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: server.address.port,
        path: '/x',
        servername,
        ca,
        headers: { Host: servername },
        agent: false,
      },
      answer => {
        answer.setEncoding('utf8')
        let body = ''
        answer.on('data', chunk => {
          body += chunk
        })
        answer.on('end', () => resolve(body))
      },
    )
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    asked.end()
  })
}

function handshake(own: { servername?: string; maxVersion?: 'TLSv1.1' | 'TLSv1.2' }): Promise<TLSSocket | string> {
  return new Promise(resolve => {
    const socket = connectTls({ host: '127.0.0.1', port: server.address.port, rejectUnauthorized: false, ...own }, () =>
      resolve(socket),
    )
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.on('close', () => resolve('closed'))
  })
}

test('answers by each of its names, and shows nothing to who asks for another', async () => {
  expect(await get('page.provider.example')).toBe('page.provider.example /x')
  expect(await get('appeal.provider.example')).toBe('appeal.provider.example /x')
  for (const name of ['blocked.example', 'page.provider.example.evil.example', 'provider.example'])
    expect([name, await get(name)]).toEqual([name, 'ECONNRESET'])
  const nameless = await handshake({})
  if (typeof nameless === 'string') throw new Error(nameless)
  expect(nameless.getPeerCertificate().subjectaltname).toContain('page.provider.example')
  nameless.destroy()
})

test('a renewed certificate is taken up; a bad one is told of once, and the one before stays', async () => {
  put(SECOND)
  await expect.poll(() => get('page.provider.example', SECOND.certificate)).toBe('page.provider.example /x')
  expect(await get('page.provider.example', FIRST.certificate)).not.toContain('/x')
  problems.length = 0
  for (const bad of [FIRST.key, 'no certificate', '']) {
    writeFileSync(files.certificate, bad)
    await expect.poll(() => problems.length).toBeGreaterThan(0)
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(problems).toEqual([expect.stringMatching(/certificate\.pem has no certificate in PEM/)])
    problems.length = 0
  }
  // The certificate of another key: it is not used until its key is there as well.
  writeFileSync(files.certificate, FIRST.certificate)
  await expect.poll(() => problems).toEqual([expect.stringMatching(/key\.pem is not the key of .*certificate\.pem/)])
  rmSync(files.key)
  await expect.poll(() => problems.length).toBe(2)
  expect(await get('page.provider.example', SECOND.certificate)).toBe('page.provider.example /x')
  put(FIRST)
  await expect.poll(() => get('page.provider.example')).toBe('page.provider.example /x')
})

test('what is not TLS, is old, or is slow, gets nothing and holds nothing', async () => {
  const { port } = server.address
  expect(await exchange(port, 'GET / HTTP/1.1\r\nHost: page.provider.example\r\n\r\n')).not.toContain('/')
  expect(await handshake({ servername: 'page.provider.example', maxVersion: 'TLSv1.1' })).not.toBeInstanceOf(Object)
  const began = performance.now()
  await new Promise<void>(resolve => {
    const silent = connect(port, '127.0.0.1')
    silent.on('error', () => {})
    silent.on('close', () => resolve())
  })
  expect(performance.now() - began).toBeLessThan(2000)
  // One client has so many connections at most, shaken hands or not.
  const held = await Promise.all(Array.from({ length: 6 }, () => handshake({ servername: 'page.provider.example' })))
  expect(held.filter(one => typeof one !== 'string')).toHaveLength(4)
  for (const one of held) if (typeof one !== 'string') one.destroy()
  await expect.poll(() => get('page.provider.example')).toBe('page.provider.example /x')
})

test('files that cannot be used together are refused with a reason', async () => {
  writeFileSync(files.key, SECOND.key)
  await expect(
    startHttpServer({ address: '127.0.0.1', port: 0 }, () => ({ status: 200, headers: {}, body: '' }), {
      tls: { ...files, onProblem() {} },
    }),
  ).rejects.toThrow(/key\.pem is not the key of/)
  put(EXPIRED)
  expect(new Certificate(files).endsMs).toBeLessThan(Date.now())
})
