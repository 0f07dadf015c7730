import { createSocket } from 'node:dgram'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { query } from '../support/messages.ts'
import { TcpClient } from '../transport/clients.ts'
import { addressFor } from '../transport/scripted-upstream.ts'
import { freePort, ndjson } from './program.ts'
import { outcome, PAGE_ADDRESS, Serving } from './serving.ts'

// Where no core is idle a server needs many seconds to start, to take a list that has changed, and to be gone.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const HOTLINE = { name: 'hotline', source: 'hotline.ndjson', class: 'hotline', category: 'illegal' }
const BETS = { name: 'bets', source: 'bets.txt', class: 'household', category: 'gambling' }

let own: Serving
beforeEach(async () => {
  own = await Serving.prepare()
  own.folder.write('hotline.ndjson', ndjson({ host: 'bad.example', scope: 'domain', case: 'KZ-1' }))
  own.folder.write('bets.txt', 'bets.example\n')
})
afterEach(() => own.close())

describe('qalqan serve', () => {
  test('prints what it listens on, what it loaded and a line to try; answers over UDP and TCP', async () => {
    const [page, admin] = [await freePort(), await freePort()]
    const program = await own.serve({
      feeds: [HOTLINE, BETS],
      http: { page: `127.0.0.1:${page}`, admin: `127.0.0.1:${admin}` },
      block_page: { appeal: { email: 'appeal@provider.example' } },
    })
    const { port } = own.upstream.endpoint
    for (const line of [
      `DNS      127.0.0.1:${own.port} UDP and TCP`,
      `upstream 127.0.0.1:${port}`,
      'feed     hotline: 1 blocked',
      'feed     bets: 1 blocked',
      'filter   2 names',
      `page     http://127.0.0.1:${page}/`,
      `admin    http://127.0.0.1:${admin}/`,
    ]) {
      expect(program.stdout).toContain(line)
    }
    expect(program.stdout).toMatch(new RegExp(`^Try: dig @127\\.0\\.0\\.1 -p ${own.port} \\S+$`, 'm'))
    expect(program.stderr).toBe('')

    expect(await own.ask('www.bad.example')).toBe(PAGE_ADDRESS)
    expect(await own.ask('bets.example')).toBe(addressFor('bets.example'))
    const tcp = await TcpClient.to(own.port)
    tcp.send(query({ name: 'bad.example', id: 1 }))
    expect(outcome((await tcp.answers(1))[0]!)).toBe(PAGE_ADDRESS)
    tcp.close()
    expect((await fetch(`http://127.0.0.1:${admin}/readyz`)).status).toBe(200)
    expect(await statusFor('bad.example', page)).toBe(451)
  })

  test('the log at its default level holds neither a name that was asked nor a client', async () => {
    const program = await own.serve({ feeds: [HOTLINE] })
    await own.ask('bad.example', { from: '127.0.0.9' })
    await own.ask('secret.example', { from: '127.0.0.9' })
    program.signal('SIGTERM')
    const { stdout, stderr } = await program.ended
    expect(stdout + stderr).not.toMatch(/bad\.example|secret\.example|127\.0\.0\.9/)
  })

  test.each(['batch', 'dgram', 'auto'])('serves by the driver that is asked for: %s', async driver => {
    if (driver === 'batch' && process.platform !== 'linux') return
    const program = await own.serve({ feeds: [HOTLINE], udp: { driver } })
    expect(await own.ask('bad.example')).toBe(PAGE_ADDRESS)
    const isBatch = driver === 'batch' || (driver === 'auto' && process.platform === 'linux')
    expect(program.stdout).toContain(isBatch ? 'datagrams by the batch' : 'datagrams one at a time')
  })

  test('policies: by the address that is asked before the client, then by the longest prefix of the client', async () => {
    await own.serve({
      listen: [`127.0.0.1:${own.port}`, { address: `127.0.0.2:${own.port}`, policy: 'family' }],
      feeds: [HOTLINE, BETS],
      policies: [
        { name: 'default', categories: ['illegal'] },
        { name: 'family', clients: ['127.0.0.9'], categories: ['illegal', 'gambling'] },
        { name: 'open', clients: ['127.0.0.8/31'], categories: [] },
      ],
    })
    const real = { bad: addressFor('bad.example'), bets: addressFor('bets.example') }
    const rows: readonly (readonly [string, string, string, string])[] = [
      ['127.0.0.1', '127.0.0.1', PAGE_ADDRESS, real.bets],
      ['127.0.0.9', '127.0.0.1', PAGE_ADDRESS, PAGE_ADDRESS],
      ['127.0.0.8', '127.0.0.1', real.bad, real.bets],
      ['127.0.0.1', '127.0.0.2', PAGE_ADDRESS, PAGE_ADDRESS],
      ['127.0.0.8', '127.0.0.2', PAGE_ADDRESS, PAGE_ADDRESS],
    ]
    for (const [from, address, bad, bets] of rows) {
      const got = [await own.ask('bad.example', { from, address }), await own.ask('bets.example', { from, address })]
      expect([from, address, ...got]).toEqual([from, address, bad, bets])
    }
  })
})

/** The status that a visitor of a host gets; fetch would not send another Host than the address. */
function statusFor(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, headers: { host }, agent: false }, response => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
}

describe('what keeps it from serving is one clear line, exit 1 and no stack trace', () => {
  async function refusal(config: string): Promise<string> {
    const { code, stdout, stderr } = await own.folder.run('serve', '--config', config)
    const lines = stderr.trimEnd().split('\n')
    expect({ code, lines: lines.length, stdout }).toEqual({ code: 1, lines: 1, stdout: '' })
    return lines[0]!
  }

  test('a UDP port in use', async () => {
    const taken = createSocket({ type: 'udp4', reusePort: process.platform === 'linux' })
    await new Promise<void>(resolve => taken.bind(own.port, '127.0.0.1', resolve))
    const line = await refusal(own.config({ feeds: [HOTLINE] }))
    taken.close()
    expect(line).toBe(`qalqan: cannot listen on 127.0.0.1:${own.port} (UDP): the port is in use by another program`)
  })

  test.each(['page', 'admin'])('a port in use for the %s over HTTP', async what => {
    const taken = createServer()
    const port = await freePort()
    await new Promise<void>(resolve => taken.listen(port, '127.0.0.1', resolve))
    const line = await refusal(
      own.config({
        feeds: [HOTLINE],
        http: { [what]: `127.0.0.1:${port}` },
        block_page: { appeal: { email: 'appeal@provider.example' } },
      }),
    )
    taken.close()
    expect(line).toBe(`qalqan: cannot listen on 127.0.0.1:${port} (TCP): the port is in use by another program`)
  })

  test('a second resolver on the port of a first one', async () => {
    await own.serve({ feeds: [HOTLINE] })
    expect(await refusal(own.config({ feeds: [HOTLINE] }))).toContain('the port is in use by another program')
    expect(await own.ask('bad.example')).toBe(PAGE_ADDRESS)
  })

  test('an address that this machine has not', async () => {
    const line = await refusal(own.config({ feeds: [HOTLINE], listen: [`192.0.2.1:${own.port}`] }))
    expect(line).toBe(`qalqan: cannot listen on 192.0.2.1:${own.port} (UDP): this machine has no such address`)
  })

  test('a feed file that is not there', async () => {
    const config = own.config({ feeds: [{ ...HOTLINE, source: 'lost.ndjson' }] })
    expect(await refusal(config)).toMatch(/^\S+qalqan\.yaml:\d+:\d+: \S+lost\.ndjson: no such file$/)
  })

  test('a configuration that is not there', async () => {
    expect(await refusal(own.folder.file('none.yaml'))).toMatch(/^\S+none\.yaml:1:1: /)
  })

  test('a configuration with a mistake', async () => {
    expect(await refusal(own.config({ feeds: [HOTLINE], worker: 2 }))).toMatch(/^\S+:\d+:\d+: .*workers/)
  })
})
