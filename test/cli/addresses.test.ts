/** Rules about addresses in answers (RPZ-IP) and of clients (RPZ-CLIENT-IP), in the whole program: cached answers too, by policy, with exceptions. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { freePort } from './program.ts'
import { PAGE_ADDRESS, Serving } from './serving.ts'

// Where no core is idle a server needs many seconds to start, to take a list that has changed, and to be gone.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let serving: Serving
beforeEach(async () => {
  serving = await Serving.prepare()
})
afterEach(() => serving.close())

const backwards = (address: string) => address.split('.').reverse().join('.')
const zone = (...lines: readonly string[]) =>
  `$TTL 60\n@ SOA ns. root. 1 3600 600 86400 60\n${lines.map(line => `${line}\n`).join('')}`

test('an answer with a flagged address is not given, whatever the name; exceptions and policies hold', async () => {
  serving.folder.write('list.rpz', zone('unrelated.example CNAME .'))
  const admin = await freePort()
  const config = {
    workers: 1,
    feeds: [
      { name: 'list', source: 'list.rpz', format: 'rpz', class: 'hotline', category: 'illegal', answer: 'page' },
      { name: 'home', source: 'home.rpz', format: 'rpz', class: 'household', category: 'adult', answer: 'page' },
    ],
    policies: [
      { name: 'default', categories: ['illegal'] },
      { name: 'home', clients: ['127.0.0.8/32'], categories: ['illegal', 'adult'] },
    ],
    http: { admin: `127.0.0.1:${admin}` },
  }
  serving.folder.write('home.rpz', zone('unrelated.example CNAME .'))
  await serving.serve(config)
  const names = ['a.example', 'b.example', 'c.example', 'd.example', 'e.example', 'f.example']
  const addresses = new Map<string, string>()
  // The upstream's own answers, which are in the cache from now on.
  for (const name of names) addresses.set(name, await serving.ask(name))
  const of = (name: string) => backwards(addresses.get(name)!)
  const network = (name: string, bits: 16 | 24) => {
    const parts = addresses
      .get(name)!
      .split('.')
      .map((part, i) => (i * 8 < bits ? part : '0'))
    return `${bits}.${parts.reverse().join('.')}`
  }
  serving.folder.write(
    'list.rpz',
    zone(
      `32.${of('a.example')}.rpz-ip CNAME .`,
      `${network('b.example', 24)}.rpz-ip CNAME .`,
      `${network('c.example', 16)}.rpz-ip CNAME .`,
      `32.${of('c.example')}.rpz-ip CNAME rpz-passthru.`,
      `32.${of('d.example')}.rpz-ip CNAME .`,
      'd.example CNAME rpz-passthru.',
      'asked-late.example CNAME .',
      '32.12.0.0.127.rpz-client-ip CNAME .',
      '32.13.0.0.127.rpz-client-ip CNAME rpz-passthru.',
    ),
  )
  serving.folder.write('home.rpz', zone(`32.${of('e.example')}.rpz-ip CNAME .`))
  expect(await serving.becomes('a.example', PAGE_ADDRESS)).toBe(true)
  const expected: readonly (readonly [name: string, from: string, isBlocked: boolean])[] = [
    ['a.example', '127.0.0.1', true],
    ['b.example', '127.0.0.1', true],
    ['c.example', '127.0.0.1', false],
    ['d.example', '127.0.0.1', false],
    ['e.example', '127.0.0.1', false],
    ['e.example', '127.0.0.8', true],
    ['a.example', '127.0.0.8', true],
    ['f.example', '127.0.0.8', false],
    ['f.example', '127.0.0.12', true],
    ['never-asked.example', '127.0.0.12', true],
    ['a.example', '127.0.0.13', false],
  ]
  for (const [name, from, isBlocked] of expected)
    expect([name, from, await serving.ask(name, { from })]).toEqual([
      name,
      from,
      isBlocked ? PAGE_ADDRESS : addresses.get(name),
    ])
  // An upstream is asked first, and the name judged again when it has answered: the exception must not be lost meanwhile.
  expect(await serving.ask('asked-late.example')).toBe(PAGE_ADDRESS)
  expect(await serving.ask('asked-late.example', { from: '127.0.0.13' })).not.toBe(PAGE_ADDRESS)
  const explained = (...of: readonly string[]) =>
    serving.folder.run('explain', ...of, '--config', 'qalqan.yaml').then(({ stdout }) => stdout)
  expect(await explained('f.example', '--client', '127.0.0.12')).toMatch(
    /f\.example: blocked, hotline, .*by 127\.0\.0\.12[\s\S]*127\.0\.0\.12\/32 \(whoever asks from there\): feed list/,
  )
  expect(await explained('a.example', '--client', '127.0.0.13')).toMatch(/not blocked[\s\S]*allows +127\.0\.0\.13\/32/)
  expect(await explained(addresses.get('b.example')!)).toMatch(/: blocked, hotline[\s\S]*\/24 \(addresses in answers\)/)
  const today = new Date().toISOString().slice(0, 10)
  const proof = (of: string) =>
    serving.folder.run('feeds', 'proof', of, '--on', today, '--config', 'qalqan.yaml').then(({ stdout }) => stdout)
  expect(await proof(addresses.get('b.example')!)).toMatch(
    /: was listed and in force$[\s\S]*\n {4}blocks [\d.]+\/24 \(addresses in answers\), line 4$/m,
  )
  expect(await proof('127.0.0.12')).toMatch(
    /: was listed and in force$[\s\S]*127\.0\.0\.12\/32 \(whoever asks from there\), line 10$/m,
  )
  expect(await proof('203.0.113.77')).toMatch(/^203\.0\.113\.77 on .*: was not listed$/m)
  const metrics = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()
  expect(
    Number(/qalqan_answers_inspected_away_total\{reason="flagged_address"\} (\d+)/.exec(metrics)?.[1]),
  ).toBeGreaterThanOrEqual(4)
})
