/** A feed that is only monitored: counted, explained, and never in anybody's way. */
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

test('blocks nothing, lifts nothing, and its counter tells what it would have blocked', async () => {
  serving.folder.write('old.txt', 'both.example\nold.example\n')
  serving.folder.write(
    'new.txt',
    'both.example\nnew.example\nexcepted.example\n@@||old.example^\n||sub.example^\n@@||good.sub.example^\n'.replace(
      /^(both|new|excepted)\.example$/gm,
      '||$1.example^',
    ),
  )
  serving.folder.write('good.txt', '@@||excepted.example^\n')
  const list = { class: 'hotline', category: 'illegal' }
  const admin = await freePort()
  const config = serving.config({
    workers: 1,
    feeds: [
      { name: 'old', source: 'old.txt', format: 'domains', ...list },
      { name: 'new', source: 'new.txt', format: 'adblock', mode: 'monitor', ...list },
      { name: 'good', source: 'good.txt', format: 'adblock', ...list },
    ],
    http: { admin: `127.0.0.1:${admin}` },
  })
  await serving.folder.serve(config)
  const asked: readonly (readonly [name: string, isBlocked: boolean])[] = [
    ['both.example', true],
    ['old.example', true],
    ['new.example', false],
    ['www.new.example', false],
    ['excepted.example', false],
    ['www.sub.example', false],
    ['good.sub.example', false],
    ['other.example', false],
  ]
  for (const [name, isBlocked] of asked)
    expect([name, (await serving.ask(name)) === PAGE_ADDRESS]).toEqual([name, isBlocked])
  const metrics = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()
  const counts = [...metrics.matchAll(/^qalqan_feed_monitored_total\{feed="(\w+)"\} (\d+)$/gm)].map(
    ([, feed, count]) => [feed, Number(count)],
  )
  // new.example twice and www.sub.example: what is blocked anyway and what is excepted is not counted.
  expect(counts).toEqual([
    ['old', 0],
    ['new', 3],
    ['good', 0],
  ])
  const explained = await serving.folder.run('explain', 'new.example', '--config', config)
  expect(explained.stdout).toMatch(/^new\.example: not blocked/)
  expect(explained.stdout).toMatch(/^ {2}monitored {2}new\.example \(it and all below\): feed new, line 2/m)
  const excepted = async (...args: readonly string[]) =>
    (await serving.folder.run('explain', 'old.example', ...args, '--config', config)).stdout
  expect(await excepted()).toMatch(
    /^ {2}monitored {2}exception for old\.example \(it and all below\): feed new, line 4/m,
  )
  expect(JSON.parse(await excepted('--json'))).toMatchObject({
    entries: [
      { feed: 'old', status: 'blocks', isAllow: false },
      { feed: 'new', status: 'monitored', isAllow: true },
    ],
  })
  const today = new Date().toISOString().slice(0, 10)
  const proof = await serving.folder.run(
    'feeds',
    'proof',
    'good.sub.example',
    '--on',
    today,
    '--json',
    '--config',
    config,
  )
  expect(JSON.parse(proof.stdout)).toMatchObject({
    standing: 'monitored',
    versions: expect.arrayContaining([
      expect.objectContaining({
        feed: 'new',
        entries: [
          expect.objectContaining({ line: 5, isAllow: false }),
          expect.objectContaining({ line: 6, isAllow: true }),
        ],
      }),
    ]),
  })
  expect((await serving.folder.run('feeds', 'status', '--config', config)).stdout).toMatch(
    /^new +in force, 4 blocks, 2 exceptions, only monitored$/m,
  )
})
