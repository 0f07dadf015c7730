/** `qalqan feeds`: what is in force, held back and quarantined, and a person's word that the running server takes. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { query } from '../support/messages.ts'
import { read } from '../support/reading.ts'
import { UdpClient } from '../transport/clients.ts'
import { Folder, freePort, Program } from './program.ts'

// Where no core is idle a server needs many seconds to start, to take a list that has changed, and to be gone.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let folder: Folder
beforeEach(() => {
  folder = new Folder()
})
afterEach(() => folder.remove())

const put = (count: number) =>
  folder.write('list.txt', `co.uk\n${Array.from({ length: count }, (_, i) => `n${i}.example\n`).join('')}`)

test('a list that shrinks is held back while the server runs, approved by name, and in force then', async () => {
  const port = await freePort()
  put(300)
  const config = folder.config({
    listen: [`127.0.0.1:${port}`],
    workers: 1,
    feeds: [{ name: 'list', source: 'list.txt', format: 'domains', class: 'hotline', category: 'illegal' }],
    upstream: { timeout: '50ms', attempts: 1 },
    upstreams: ['127.0.0.1:9'],
    data: 'data',
  })
  const run = async (...args: string[]) => new Program([...args, '--config', config]).ended
  const isBlocked = async () => {
    const client = await UdpClient.to(port)
    const answer = await client.ask(query({ name: 'n250.example', edns: true }))
    client.close()
    return answer !== null && read(answer).error?.code === 15
  }
  const server = await folder.serve(config)
  expect((await run('feeds', 'status')).stdout).toBe(
    'list  in force, 300 blocks, 0 exceptions, quarantined: 1 public-suffix\n',
  )

  put(30)
  await server.printed(/held back: it shrank by 90 %/)
  expect(await isBlocked()).toBe(true)
  const status = JSON.parse((await run('feeds', 'status', '--json')).stdout)
  expect(status).toMatchObject({ feeds: [{ name: 'list', state: 'held back', block: 300 }], exceptions: [] })

  expect((await run('feeds', 'approve', 'other', '--by', 'A. Person')).stderr).toMatch(/no feed is called "other"/)
  expect((await run('feeds', 'approve', 'list')).code).toBe(2)
  const approved = await run('feeds', 'approve', 'list', '--by', 'A. Person')
  expect([approved.code, approved.stdout]).toEqual([
    0,
    expect.stringMatching(/^list: approved by A\. Person: held back/),
  ])
  const untilMs = Date.now() + 30_000
  while ((await isBlocked()) && Date.now() < untilMs) await new Promise(resolve => setTimeout(resolve, 100))
  expect(await isBlocked()).toBe(false)
  expect((await run('feeds', 'approve', 'list', '--by', 'A. Person')).stderr).toMatch(/is not held back/)
})

test('exceptions of guards: those that hold, and one that has ended, at the start, in the status and in explain', async () => {
  const port = await freePort()
  folder.write('list.txt', 'co.uk\nbank.example\nfine.example\n')
  const exceptions = [
    { name: 'bank.example', by: 'A. Person', reason: 'agreed', until: '2090-01-01' },
    { name: 'co.uk', by: 'B. Person', reason: 'a test', until: '2026-01-01T05:00:00+05:00' },
  ]
  const config = folder.config({
    listen: [`127.0.0.1:${port}`],
    workers: 1,
    feeds: [{ name: 'list', source: 'list.txt', format: 'domains', class: 'hotline', category: 'illegal' }],
    guards: { protected: ['bank.example'], exceptions },
    upstreams: ['127.0.0.1:9'],
    data: 'data',
  })
  const run = async (...args: string[]) => (await new Program([...args, '--config', config]).ended).stdout
  const server = await folder.serve(config)
  const ended = /exception for co\.uk by B\. Person ended on 2026-01-01T00:00:00Z: the guard holds again/
  expect(server.stdout).toMatch(/The exception of guards for co\.uk by B\. Person ended on 2026-01-01T05:00:00\+05:00/)
  expect(server.stdout).toMatch(ended)
  const status = await run('feeds', 'status')
  expect(status).toMatch(/^list {2}in force, 2 blocks, 0 exceptions, quarantined: 1 public-suffix\n {2}warning: /)
  expect(status).toMatch(ended)
  expect(status).toMatch(
    /^guards: exception for bank\.example by A\. Person, until 2090-01-01T00:00:00Z: rules that count by it: 1 \(agreed\)$/m,
  )
  expect(status).toMatch(
    /^guards: exception for co\.uk by B\. Person, .*: has ended, the guard holds again \(a test\)$/m,
  )
  expect(JSON.parse(await run('feeds', 'status', '--json')).exceptions).toMatchObject([
    { name: 'bank.example', state: 'in force', rules: 1 },
    { name: 'co.uk', state: 'ended', rules: 0 },
  ])
  expect(await run('explain', 'www.bank.example')).toMatch(
    /blocked[\s\S]*exception {2}bank\.example: guards let its rules count, by A\. Person, until 2090/,
  )
  expect(await run('explain', 'shop.co.uk')).toMatch(
    /not blocked[\s\S]*quarantined co\.uk[^\n]*\n +kept back: public-suffix[\s\S]*let its rules count no more, by B\. Person/,
  )
})
