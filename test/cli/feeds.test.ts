/** `qalqan feeds`: what is in force, held back and quarantined, and a person's word that the running server takes. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { query } from '../support/messages.ts'
import { read } from '../support/reading.ts'
import { UdpClient } from '../transport/clients.ts'
import { Folder, freePort, Program } from './program.ts'

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
  expect(status).toMatchObject([{ name: 'list', state: 'held back', block: 300 }])

  expect((await run('feeds', 'approve', 'other', '--by', 'A. Person')).stderr).toMatch(/no feed is called "other"/)
  expect((await run('feeds', 'approve', 'list')).code).toBe(2)
  const approved = await run('feeds', 'approve', 'list', '--by', 'A. Person')
  expect([approved.code, approved.stdout]).toEqual([
    0,
    expect.stringMatching(/^list: approved by A\. Person: held back/),
  ])
  const untilMs = Date.now() + 10_000
  while ((await isBlocked()) && Date.now() < untilMs) await new Promise(resolve => setTimeout(resolve, 100))
  expect(await isBlocked()).toBe(false)
  expect((await run('feeds', 'approve', 'list', '--by', 'A. Person')).stderr).toMatch(/is not held back/)
})
