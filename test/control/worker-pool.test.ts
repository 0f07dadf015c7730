import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { planWorkers } from '../../src/orders.ts'
import { categoriesOf } from '../../src/policy/categories.ts'
import { compilePolicies } from '../../src/policy/compile.ts'
import { loadSettings, systemEnvironment } from '../../src/settings/load.ts'
import type { Settings } from '../../src/settings/settings.ts'
import { openKernel } from '../../src/transport/kernel.ts'
import type { Images, WorkerOrders } from '../../src/worker-messages.ts'
import { WorkerPool } from '../../src/worker-pool.ts'
import { PAGE_ADDRESS, Serving } from '../cli/serving.ts'
import { filterImage, SEED } from '../support/images.ts'
import { delay, until } from '../transport/clients.ts'
import { addressFor } from '../transport/scripted-upstream.ts'

interface Death {
  readonly worker: number
  readonly reason: string
  readonly restartMs: number
  /** Workers that were left. */
  readonly alive: number
}

/** What a busy machine may need to start threads, and to end them. */
const PATIENCE_MS = 30_000
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let own: Serving
let pool: WorkerPool | null = null
let deaths: Death[] = []

beforeEach(async () => {
  own = await Serving.prepare()
  deaths = []
})
afterEach(async () => {
  // A worker that could not be ended by asking must not keep the test's process alive.
  const threads = pool === null ? [] : threadsOf(pool)
  await Promise.race([pool?.stop(500), delay(3000)])
  await Promise.all(threads.map(thread => thread?.terminate()))
  pool = null
  await own.close()
})

function settingsOf(extra: Record<string, unknown> = {}): Settings {
  const policies = [{ name: 'default', categories: ['illegal'] }]
  own.folder.write('list.txt', 'unused.example\n')
  const feeds = [{ name: 'list', source: 'list.txt', class: 'hotline', category: 'illegal' }]
  const loaded = loadSettings(own.config({ policies, feeds, ...extra }), systemEnvironment())
  if (!('settings' in loaded)) throw new Error(JSON.stringify(loaded.problems))
  return loaded.settings
}

function imagesOf(settings: Settings, names: readonly string[]): Images {
  const categories = categoriesOf(settings)
  const rules = names.map(name => ({ name, category: 'illegal', ruleClass: 'hotline' as const }))
  return {
    filter: filterImage(rules, categories, SEED),
    overlay: filterImage([], categories, SEED),
    policies: compilePolicies(settings, categories),
    notListedCategory: categories.length - 1,
  }
}

type Orders = readonly Omit<WorkerOrders, 'images'>[]

function makePool(settings: Settings, change: (orders: Orders) => Orders = orders => orders): WorkerPool {
  const { orders } = planWorkers(settings, categoriesOf(settings), SEED)
  pool = new WorkerPool({
    kernel: openKernel(() => {}),
    orders: change(orders),
    images: imagesOf(settings, ['bad.example']),
    onNote: () => {},
    onDeath: (worker, reason, restartMs) => void deaths.push({ worker, reason, restartMs, alive: pool!.alive }),
  })
  return pool
}

/** The pool's threads: tests make them die, which nothing in the product is there to do. */
function threadsOf(of: WorkerPool): (Worker | null)[] {
  return (of as unknown as { places: { thread: Worker | null }[] }).places.map(({ thread }) => thread)
}

/** Images that no reader can open: a worker that gets them ends with an uncaught error, as with any fault of its own. */
const BROKEN: Images = {
  filter: new SharedArrayBuffer(8),
  overlay: new SharedArrayBuffer(8),
  policies: new SharedArrayBuffer(8),
  notListedCategory: 0,
}

/** The outcomes of so many queries from as many ports, which the kernel spreads over the workers; silence is one of them. */
async function askMany(name: string, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => own.ask(name)))
}

/** By name, not by trying: this process must not load what only workers do. */
const DRIVERS = process.platform === 'linux' ? (['batch', 'dgram'] as const) : (['dgram'] as const)

describe('the worker pool', () => {
  test('serves with all its workers, and tells how they read datagrams', async () => {
    const listening = await makePool(settingsOf()).start()
    expect(pool!.alive).toBe(2)
    expect(listening.driver).toBe(process.platform === 'linux' ? 'batch' : 'dgram')
    expect(new Set(await askMany('bad.example', 30))).toEqual(new Set([PAGE_ADDRESS]))
    expect(await own.ask('good.example')).toBe(addressFor('good.example'))
  })

  test('new images are in force in every worker soon, and no query is lost meanwhile', async () => {
    const settings = settingsOf()
    await makePool(settings).start()
    for (let round = 0; round < 5; round++) {
      const [listed, free] = round % 2 === 0 ? ['one.example', 'bad.example'] : ['bad.example', 'one.example']
      pool!.broadcast(imagesOf(settings, [listed!]))
      const during = await askMany(listed!, 20)
      expect(during.every(outcome => outcome === PAGE_ADDRESS || outcome === addressFor(listed!))).toBe(true)
      expect(new Set(await askMany(listed!, 20))).toEqual(new Set([PAGE_ADDRESS]))
      expect(new Set(await askMany(free!, 20))).toEqual(new Set([addressFor(free!)]))
    }
  })

  test.each(DRIVERS)(
    'a worker that ends with an error is reported and replaced, while the other serves (%s)',
    async driver => {
      await makePool(settingsOf({ udp: { driver } })).start()
      const [first, second] = threadsOf(pool!)
      second!.postMessage({ kind: 'images', images: BROKEN })
      expect(await until(() => deaths.length >= 1, PATIENCE_MS)).toBe(true)
      expect(deaths[0]!.worker).toBe(1)
      expect(deaths[0]!.reason).toMatch(/\S/)
      expect(deaths[0]!.alive).toBe(1)
      expect(new Set(await askMany('bad.example', 30))).toEqual(new Set([PAGE_ADDRESS]))
      expect(await until(() => pool!.alive === 2 && pool!.restarts >= 1, PATIENCE_MS)).toBe(true)
      await delay(300)
      expect(threadsOf(pool!)[0]).toBe(first)
      expect(new Set(await askMany('bad.example', 30))).toEqual(new Set([PAGE_ADDRESS]))
      expect(deaths).toHaveLength(1)
    },
  )

  // What a thread that runs out of memory gets: not a line of its own code is run any more.
  test.each(DRIVERS)('one that is ended without a chance to tidy up costs the others nothing (%s)', async driver => {
    await makePool(settingsOf({ udp: { driver } })).start()
    await threadsOf(pool!)[1]!.terminate()
    expect(await until(() => pool!.restarts >= 1 && pool!.alive === 2, PATIENCE_MS)).toBe(true)
    await delay(500)
    expect(new Set(await askMany('bad.example', 40))).toEqual(new Set([PAGE_ADDRESS]))
  })

  test('a replacement starts with the images of now, not with those of the start', async () => {
    const settings = settingsOf()
    await makePool(settings).start()
    threadsOf(pool!)[0]!.postMessage({ kind: 'images', images: BROKEN })
    pool!.broadcast(imagesOf(settings, ['newer.example']))
    expect(await until(() => pool!.restarts >= 1 && pool!.alive === 2, PATIENCE_MS)).toBe(true)
    await delay(500)
    expect(new Set(await askMany('newer.example', 40))).toEqual(new Set([PAGE_ADDRESS]))
  })

  test('workers that die again and again are started ever later; what makes them live again ends it', async () => {
    const settings = settingsOf({ workers: 1 })
    await makePool(settings).start()
    pool!.broadcast(BROKEN)
    expect(await until(() => deaths.length >= 3, PATIENCE_MS)).toBe(true)
    const pauses = deaths.map(({ restartMs }) => restartMs)
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
    expect(pauses[2]!).toBeGreaterThan(pauses[0]!)
    pool!.broadcast(imagesOf(settings, ['bad.example']))
    expect(await own.becomes('bad.example', PAGE_ADDRESS)).toBe(true)
  })

  test.each(DRIVERS)('that cannot listen, says why instead of starting (%s)', async driver => {
    const settings = settingsOf({ udp: { driver } })
    const nowhere = { address: '192.0.2.1', family: 4 as const, port: own.port }
    const listenPolicies = { listenerPolicies: [-1, -1] }
    makePool(settings, orders =>
      orders.map(order => ({ ...order, ...listenPolicies, listen: [...order.listen, nowhere] })),
    )
    const start = pool!.start().then(
      () => 'it started',
      (error: Error) => error.message,
    )
    const problem = await Promise.race([start, delay(PATIENCE_MS).then(() => 'nothing was said in 30 s')])
    expect(problem).toContain('EADDRNOTAVAIL')
  })

  test('stops when all its workers have ended, also one that is just being replaced', async () => {
    await makePool(settingsOf()).start()
    threadsOf(pool!)[1]!.postMessage({ kind: 'images', images: BROKEN })
    expect(await until(() => deaths.length >= 1, PATIENCE_MS)).toBe(true)
    await pool!.stop(500)
    await delay(400)
    expect(await until(() => pool!.alive === 0, PATIENCE_MS)).toBe(true)
    expect(await own.ask('bad.example', { withinMs: 200 })).toBe('no answer')
  })
})
