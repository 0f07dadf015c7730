/** dnsdist in front, which says for whom it asks: the client's policy is applied, not dnsdist's. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Folder, freePort } from '../cli/program.ts'
import { dig } from './dig.ts'
import { RealServer } from './programs.ts'

describe('behind dnsdist, by PROXY protocol', () => {
  let folder: Folder
  let dnsdist: RealServer

  beforeAll(async () => {
    folder = new Folder()
    const port = await freePort()
    folder.write('games.txt', 'casino.example\n')
    await folder.serve(
      folder.config({
        listen: [`127.0.0.1:${port}`],
        workers: 1,
        records: { 'casino.example': '192.0.2.10' },
        feeds: [{ name: 'games', source: 'games.txt', class: 'household', category: 'games' }],
        policies: [
          { name: 'default', categories: [] },
          { name: 'family', clients: ['127.0.0.7/32'], categories: ['games'] },
        ],
        blocking: { answer: 'refused' },
        proxy_protocol: { from: ['127.0.0.1/32'] },
        forward: { 'casino.example': ['127.0.0.1:9'] },
        upstream: { timeout: '100ms', attempts: 1 },
        data: 'data',
      }),
    )
    const front = await freePort()
    const file = join(folder.path, 'dnsdist.conf')
    writeFileSync(
      file,
      `setLocal("127.0.0.1:${front}")
setACL({"127.0.0.0/8"})
newServer({address="127.0.0.1:${port}", useProxyProtocol=true, healthCheckMode="up", tcpOnly=false})
`,
    )
    dnsdist = await RealServer.start('dnsdist', ['--supervised', '--disable-syslog', '-C', file], {
      port: front,
      name: 'localhost.',
      folder: folder.path,
    })
  })
  afterAll(async () => {
    await dnsdist?.stop()
    await folder.remove()
  })

  test.each([
    ['UDP', []],
    ['TCP', ['+tcp']],
  ])('over %s each client has its own policy', (_, options) => {
    const asked = (from: string) => dig(dnsdist.port, ['-b', from, ...options, 'www.casino.example', 'A']).status
    expect(asked('127.0.0.7')).toBe('REFUSED')
    expect(asked('127.0.0.8')).toBe('SERVFAIL')
  })
})
