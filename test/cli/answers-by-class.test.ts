/** What the whole program tells a blocked client, as its configuration says: by class, as a line or as data, and what it says of itself. */
import packet from 'dns-packet'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { wireName } from '../support/octets.ts'
import { rawOpt, rawQuery } from '../support/raw.ts'
import { extendedError, read } from '../support/reading.ts'
import { UdpClient } from '../transport/clients.ts'
import { ndjson } from './program.ts'
import { Serving } from './serving.ts'

// Where no core is idle a server needs many seconds to start, to take a list that has changed, and to be gone.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let serving: Serving
beforeEach(async () => {
  serving = await Serving.prepare()
  serving.folder.write('hotline.ndjson', ndjson({ host: 'hot.example', case: 'KZ-1' }))
  serving.folder.write('court.ndjson', ndjson({ host: 'court.example', case: 'C-2' }))
  serving.folder.write('home.txt', 'home.example\n')
  await serving.serve({
    feeds: [
      { name: 'hotline', source: 'hotline.ndjson', class: 'hotline', category: 'illegal' },
      { name: 'court', source: 'court.ndjson', class: 'legal', category: 'court-order' },
      { name: 'home', source: 'home.txt', class: 'household', category: 'gambling' },
    ],
    policies: [{ name: 'default', categories: ['illegal', 'court-order', 'gambling'] }],
    blocking: {
      page: { ipv4: '192.0.2.80' },
      hotline: { answer: 'page', ttl: '10s' },
      legal: { answer: 'nxdomain', ttl: '20s' },
      household: { answer: 'zero', ttl: '30s' },
      link: 'https://p.example/c/',
      structured_errors: true,
      structured_errors_language: 'kk',
    },
    block_page: {
      provider: 'Тест Net',
      appeal: { email: 'appeal@p.example', phone: '+7 700 000 00 00', url: 'https://p.example/appeal' },
    },
  })
})
afterEach(() => serving.close())

async function ask(name: string, options: readonly number[] = [], type = 1): Promise<Buffer> {
  const client = await UdpClient.to(serving.port)
  const answer = await client.ask(rawQuery({ name: wireName(name), type, additionals: [rawOpt({ options })] }))
  client.close()
  return answer!
}

test('each class has its own answer, TTL, code, number and link', async () => {
  const told = async (name: string) => {
    const { rcode, answers, error } = read(await ask(name))
    return [rcode, ...answers, error?.code, error?.text]
  }
  expect(await told('hot.example')).toEqual([
    'NOERROR',
    'hot.example 10 A 192.0.2.80',
    15,
    'KZ-1 https://p.example/c/KZ-1',
  ])
  expect(await told('court.example')).toEqual(['NXDOMAIN', 16, 'C-2 https://p.example/c/C-2'])
  expect(await told('home.example')).toEqual([
    'NOERROR',
    'home.example 30 A 0.0.0.0',
    17,
    expect.stringMatching(/^(Q-\S{14}) https:\/\/p\.example\/c\/\1$/),
  ])
})

test('who asks for data gets it, in the operator’s language', async () => {
  const text = extendedError(await ask('hot.example', [0, 15, 0, 0]))!.text
  expect(JSON.parse(Buffer.from(text, 'latin1').toString('utf8'))).toEqual({
    c: ['mailto:appeal@p.example', 'tel:+77000000000'],
    s: 5,
    j: 'Жедел желі заңсыз деп таныған мазмұн бұғатталған. Іс нөмірі: KZ-1',
    o: 'Тест Net',
    l: 'kk',
  })
})

test('it tells of itself which errors it gives, and where to read more (RFC 9606 §5)', async () => {
  const answer = packet.decode(await ask('resolver.arpa', [], 261))
  const data = (answer.answers?.[0] as { data?: Buffer } | undefined)?.data ?? Buffer.alloc(0)
  const texts: string[] = []
  for (let at = 0; at < data.length; at += data[at]! + 1) texts.push(data.toString('utf8', at + 1, at + 1 + data[at]!))
  expect(texts).toEqual(['exterr=3,13-19,22-23', 'infourl=https://p.example/appeal'])
})
