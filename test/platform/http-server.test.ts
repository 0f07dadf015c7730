import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { clientKey, plainAddress } from '../../src/platform/http-admission.ts'
import { HTTP_LIMITS, type HttpHandler, type HttpLimits, startHttpServer } from '../../src/platform/http-server.ts'
import { ask, exchange, parseAnswer } from './raw-http.ts'

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

const HELLO: HttpHandler = () => ({ status: 200, headers: {}, body: 'hello' })

async function serve(limits: Partial<HttpLimits> = {}, handler = HELLO, onFault = (_fault: unknown) => {}) {
  const endpoint = { address: '127.0.0.1', port: 0 }
  const server = await startHttpServer(endpoint, handler, { limits: { ...HTTP_LIMITS, ...limits }, onFault })
  endings.push(() => server.close(0))
  return server.address.port
}

/** How long the server lets this connection live, in milliseconds, and what it said. */
async function lifeOf(port: number, feed: (socket: Socket) => void): Promise<{ ms: number; received: string }> {
  const started = performance.now()
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('data', chunk => {
    received += chunk
  })
  socket.on('error', () => {})
  socket.on('connect', () => feed(socket))
  await new Promise(resolve => socket.on('close', resolve))
  return { ms: performance.now() - started, received }
}

describe('what is not a request is refused without an echo', () => {
  const rows: [what: string, bytes: string, status: number][] = [
    ['HTTP/0.9', 'GET /echo-me\r\n\r\n', 400],
    ['a TLS ClientHello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03echo-me\r\n\r\n', 400],
    ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['HTTP/1.1 without Host', 'GET /echo-me HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['two Host lines', 'GET / HTTP/1.1\r\nHost: a.example\r\nHost: echo-me.example\r\n\r\n', 400],
    ['a bare CR in a header', 'GET / HTTP/1.1\r\nHost: a.example\r\nX: a\recho-me: b\r\n\r\n', 400],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: a.example\r\nX: \0echo-me\r\n\r\n', 400],
    [
      'both lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a negative length', 'POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: -1\r\n\r\n', 400],
    ['a header of 8 KiB', `GET / HTTP/1.1\r\nHost: a.example\r\nX: ${'e'.repeat(8192)}\r\n\r\n`, 431],
    ['a target of 9 kB', `GET /${'e'.repeat(9000)} HTTP/1.1\r\nHost: a.example\r\n\r\n`, 431],
    ['CONNECT', 'CONNECT echo-me.example:443 HTTP/1.1\r\nHost: echo-me.example:443\r\n\r\n', 405],
  ]
  for (const [what, bytes, status] of rows) {
    test(`${what}: ${status}`, async () => {
      const raw = await exchange(await serve(), bytes)
      expect(parseAnswer(raw).status).toBe(status)
      expect(raw).not.toContain('echo-me')
    })
  }
})

describe('time', () => {
  const quick = { headersMs: 200, requestMs: 400, keepAliveMs: 200 }

  test('a silent connection is closed', async () => {
    const { ms } = await lifeOf(await serve(quick), () => {})
    expect(ms).toBeGreaterThan(100)
    expect(ms).toBeLessThan(3000)
  })

  test('headers that come an octet at a time are cut off', async () => {
    const port = await serve(quick)
    let trickle: NodeJS.Timeout | undefined
    const { ms, received } = await lifeOf(port, socket => {
      socket.write('GET / HTTP/1.1\r\nHost: a.example\r\nX: ')
      trickle = setInterval(() => socket.write('a'), 20)
    })
    clearInterval(trickle)
    expect(ms).toBeLessThan(3000)
    expect(received).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('a body that comes an octet at a time is cut off', async () => {
    const port = await serve(quick)
    let trickle: NodeJS.Timeout | undefined
    const { ms } = await lifeOf(port, socket => {
      socket.write('POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5000\r\n\r\n')
      trickle = setInterval(() => socket.write('a'), 20)
    })
    clearInterval(trickle)
    expect(ms).toBeLessThan(3000)
  })

  test('a client that does not read its answer is closed', async () => {
    const big: HttpHandler = () => ({ status: 200, headers: {}, body: 'x'.repeat(32 * 1024 * 1024) })
    const port = await serve({ answerMs: 300 }, big)
    const started = performance.now()
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n')
    await new Promise(resolve => setTimeout(resolve, 1000))
    let bytes = 0
    socket.on('data', chunk => {
      bytes += chunk.length
    })
    await new Promise(resolve => socket.on('close', resolve))
    expect(bytes).toBeLessThan(32 * 1024 * 1024)
    expect(performance.now() - started).toBeLessThan(5000)
  })

  test('an idle connection is closed after its answer', async () => {
    const { ms, received } = await lifeOf(await serve(quick), socket =>
      socket.write('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'),
    )
    expect(received).toMatch(/^HTTP\/1\.1 200 /)
    expect(ms).toBeLessThan(4000)
  })
})

describe('bodies', () => {
  const post = (length: number, sent: number) =>
    `POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${length}\r\n\r\n${'b'.repeat(sent)}`

  test('a body within the limit is read and the connection goes on', async () => {
    const raw = await exchange(await serve(), `${post(1000, 1000)}GET / HTTP/1.0\r\n\r\n`)
    expect(raw.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
  })

  test('a body announced as too long is answered unread and the connection closed', async () => {
    const raw = await exchange(await serve(), post(100_000_000, 10))
    expect(parseAnswer(raw).status).toBe(200)
    expect(parseAnswer(raw).headers.get('connection')).toBe('close')
  })

  test('an endless chunked body ends with the connection', async () => {
    const chunk = `2000\r\n${'b'.repeat(0x2000)}\r\n`
    let sent = 0
    const { ms } = await lifeOf(await serve(), socket => {
      socket.write('POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n')
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length
      }
      socket.on('drain', pour)
      pour()
    })
    expect(ms).toBeLessThan(5000)
    expect(sent).toBeLessThan(64 * 1024 * 1024)
  })

  test('nobody is told to continue', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 100000000\r\n\r\n'
    expect(parseAnswer(await exchange(await serve(), head)).status).toBe(200)
  })
})

describe('connections', () => {
  const held = async (port: number) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    endings.push(async () => void socket.destroy())
    await new Promise(resolve => socket.on('connect', resolve))
    return socket
  }

  for (const cap of ['connectionsMax', 'connectionsPerClientMax'] as const) {
    test(`${cap}: one too many is closed, and its place is free again once another ends`, async () => {
      const port = await serve({ [cap]: 2 })
      const [first] = [await held(port), await held(port)]
      expect(await exchange(port, 'GET / HTTP/1.0\r\n\r\n')).toBe('')
      first.destroy()
      await new Promise(resolve => setTimeout(resolve, 100))
      expect(await exchange(port, 'GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
    })
  }

  test('requests on one connection are limited', async () => {
    const request = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'
    const raw = await exchange(await serve({ requestsPerConnectionMax: 3, keepAliveMs: 50 }), request.repeat(6))
    expect(raw.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3)
  })

  test('close ends what is open', async () => {
    const server = await startHttpServer({ address: '127.0.0.1', port: 0 }, HELLO)
    const socket = await held(server.address.port)
    const closed = new Promise(resolve => socket.on('close', resolve))
    await server.close(50)
    await closed
  })

  test('a port in use is an error to its caller', async () => {
    const port = await serve()
    await expect(startHttpServer({ address: '127.0.0.1', port }, HELLO)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

test('a handler that throws costs its visitor a 500 without a word of the fault', async () => {
  const faults: unknown[] = []
  const port = await serve(
    {},
    () => Promise.reject(new Error('secret')),
    fault => faults.push(fault),
  )
  const answer = await ask(port, 'GET / HTTP/1.1', 'Host: a.example')
  expect([answer.status, answer.body]).toEqual([500, 'Internal Server Error\n'])
  expect(faults).toHaveLength(1)
})

const keys: [address: string, key: string][] = [
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['2001::1:2:3:4:5:6', '2001:0:1:2'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
  ['', ''],
]
for (const [address, key] of keys) {
  test(`the connections of ${address || 'nobody'} count for ${key || 'nobody'}`, () =>
    expect(clientKey(address)).toBe(key))
}

test('only IPv4 addresses in IPv6 clothes are undressed', () => {
  expect(['::ffff:192.0.2.1', '::ffff:1:2', '::1', '192.0.2.1'].map(plainAddress)).toEqual([
    '192.0.2.1',
    '::ffff:1:2',
    '::1',
    '192.0.2.1',
  ])
})
