/** A list on a web server: fetched before the first query, in force again when it changes, and from its copy when the server is gone. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { query } from '../support/messages.ts'
import { read } from '../support/reading.ts'
import { UdpClient } from '../transport/clients.ts'
import { Folder, freePort } from './program.ts'

// Where no core is idle a server needs many seconds to start, to take a list that has changed, and to be gone.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let folder: Folder
let server: Server
let list = 'bad.example\n'

beforeEach(async () => {
  folder = new Folder()
  server = createServer((_, response) => response.end(list))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  await folder.remove()
})

test('is fetched, followed and kept', async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/list.txt`
  const config = folder.config({
    listen: [`127.0.0.1:${port}`],
    workers: 1,
    upstreams: ['127.0.0.1:9'],
    upstream: { timeout: '50ms', attempts: 1 },
    feeds: [
      { name: 'list', source: url, format: 'domains', class: 'hotline', category: 'illegal', allow_private: true },
    ],
    data: 'data',
  })
  const blocks = async (name: string) => {
    const client = await UdpClient.to(port)
    const answer = await client.ask(query({ name, edns: true }))
    client.close()
    return answer !== null && read(answer).error?.code === 15
  }
  const first = await folder.serve(config)
  expect([await blocks('bad.example'), await blocks('worse.example')]).toEqual([true, false])

  list = 'bad.example\nworse.example\n'
  first.signal('SIGHUP')
  await expect.poll(() => blocks('worse.example'), { timeout: 30_000 }).toBe(true)

  first.signal('SIGTERM')
  await first.ended
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  await folder.serve(config)
  expect(await blocks('bad.example')).toBe(true)
  // At once where the first run had the time to keep its last image, otherwise when the copy of the list has been read.
  await expect.poll(() => blocks('worse.example'), { timeout: 30_000 }).toBe(true)
})
