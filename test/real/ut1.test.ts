/**
 * Every list of UT1 (Université Toulouse Capitole) as a feed, its category a policy of its own: that each blocks what it lists and no other does.
 * The lists are not part of the repository: QALQAN_FEEDS_DIR names a folder that holds `ut1/`. Prints what was measured.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compile } from '../../src/feeds/compilation.ts'
import { NOTHING_OF_YOUR_OWN } from '../../src/feeds/guards/never-block.ts'
import { KEEP_NOTHING } from '../../src/feeds/history/archive.ts'
import { categoriesOf } from '../../src/policy/categories.ts'
import { compilePolicies, policyNumber } from '../../src/policy/compile.ts'
import { Judge } from '../../src/policy/judge.ts'
import { openImages } from '../../src/resolver/assemble.ts'
import type { FilterImages } from '../../src/resolver/filter.ts'
import { loadSettings, systemEnvironment } from '../../src/settings/load.ts'
import type { Settings } from '../../src/settings/settings.ts'
import { Folder, freePort, type Program } from '../cli/program.ts'
import { outcome } from '../cli/serving.ts'
import { query } from '../support/messages.ts'
import { UdpClient } from '../transport/clients.ts'
import { ScriptedUpstream } from '../transport/scripted-upstream.ts'
import { covers, domainLists, type List, sample, type UrlList, urlLists } from './ut1.ts'

const FOLDER = process.env.QALQAN_FEEDS_DIR === undefined ? null : join(process.env.QALQAN_FEEDS_DIR, 'ut1')
const WHY_NOT =
  FOLDER === null ? 'QALQAN_FEEDS_DIR is not set' : existsSync(FOLDER) ? null : `there is no folder ${FOLDER}`
const PAGE_ADDRESS = '192.0.2.80'
const SAMPLE = 500
const CHILDREN = 'children'
/** The two lists of sites for children and schools: a policy of nothing else. */
const POSITIVE = ['child', 'liste-blanche']

if (WHY_NOT !== null) test(`the lists of UT1 are left out: ${WHY_NOT}`, context => context.skip(WHY_NOT))

describe.skipIf(WHY_NOT !== null)('the lists of UT1', () => {
  let folder: Folder
  let upstream: ScriptedUpstream
  let program: Program
  let lists: List[]
  let urls: UrlList[]
  let port: number
  let settings: Settings
  let images: FilterImages
  let judge: Judge
  /** The address at which each policy is served. */
  const addressOf = new Map<string, string>()

  beforeAll(async () => {
    folder = new Folder()
    upstream = await ScriptedUpstream.start()
    lists = domainLists(FOLDER!)
    urls = urlLists(FOLDER!)
    port = await freePort()
    const config = configure()
    const loaded = loadSettings(config, systemEnvironment())
    if (!('settings' in loaded)) throw new Error(JSON.stringify(loaded.problems))
    settings = loaded.settings
    const categories = categoriesOf(settings)
    const now = Math.floor(Date.now() / 1000)
    const { feeds } = settings
    const { image, seconds, reports } = compile({
      feeds,
      dataFolder: null,
      now,
      seed: 1,
      categories,
      generation: 1,
      neverBlock: NOTHING_OF_YOUR_OWN,
      keeping: KEEP_NOTHING,
    })
    const overlay = compile({
      feeds: [],
      dataFolder: null,
      now,
      seed: 1,
      categories,
      generation: 1,
      neverBlock: NOTHING_OF_YOUR_OWN,
      keeping: KEEP_NOTHING,
    }).image
    const policies = compilePolicies(settings, categories)
    images = openImages({ filter: image, overlay, policies, notListedCategory: categories.length - 1 })
    judge = new Judge(categories)
    console.log(
      `${images.filter.names} names of ${feeds.length} lists in ${image.byteLength} octets, compiled in ${seconds.toFixed(2)} s`,
    )
    for (const report of reports) expect([report.name, report.failure]).toEqual([report.name, null])
    program = await folder.serve(config)
  })
  afterAll(async () => {
    await folder?.remove()
    upstream?.close()
  })

  function configure(): string {
    const feeds = [
      ...lists.map(({ name, path }) => ({ name, source: path, format: 'domains' })),
      ...urls.map(({ name, path }) => ({ name, source: path, format: 'urls' })),
    ]
    const names = feeds.map(({ name }) => name)
    for (const [i, name] of [...names, CHILDREN].entries()) addressOf.set(name, `127.0.1.${i + 1}`)
    return folder.config({
      listen: [...addressOf].map(([policy, address]) => ({ address: `${address}:${port}`, policy })),
      workers: 2,
      upstreams: [`127.0.0.1:${upstream.endpoint.port}`],
      feeds: feeds.map(feed => ({ ...feed, class: 'household', category: feed.name })),
      policies: [
        { name: 'default', categories: [] },
        ...names.map(name => ({ name, categories: [name] })),
        { name: CHILDREN, allow_only: POSITIVE },
      ],
      blocking: { page: { ipv4: PAGE_ADDRESS } },
    })
  }

  /** What the lists as text say: the reference. */
  function shouldBlock(policy: string, name: string): boolean {
    if (policy === CHILDREN) return !lists.some(list => POSITIVE.includes(list.name) && covers(list, name))
    const own = lists.find(list => list.name === policy)
    return own !== undefined && covers(own, name)
  }

  const everyName = () => new Set(lists.flatMap(list => [...list.names]))

  test('are names for the most part; what else they hold is addresses', () => {
    for (const { name, names, others } of lists) {
      console.log(`${name}: ${names.size} names, ${others} lines that are none`)
      expect(names.size).toBeGreaterThan(others)
    }
    expect(lists.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['gambling', 'dating', 'games', 'drogue', 'agressif', 'social-networks', ...POSITIVE]),
    )
  })

  test('in process, every name under every policy: blocked where its list is the policy’s, and nowhere else', () => {
    const all = everyName()
    const startMs = performance.now()
    const wrong: string[] = []
    let judged = 0
    for (const policy of addressOf.keys()) {
      const number = policyNumber(settings, policy)
      for (const name of all) {
        judged++
        const isBlocked = judge.judge(name, number, images) !== null
        if (isBlocked !== shouldBlock(policy, name))
          wrong.push(`${policy} ${isBlocked ? 'blocks' : 'lets through'} ${name}`)
      }
    }
    const seconds = (performance.now() - startMs) / 1000
    console.log(
      `${judged} verdicts on ${all.size} names under ${addressOf.size} policies in ${seconds.toFixed(1)} s, ${wrong.length} wrong`,
    )
    expect(wrong.slice(0, 20)).toEqual([])
  }, 300_000)

  test('names below listed ones are blocked with them, their parents are not', () => {
    for (const list of lists) {
      const number = policyNumber(settings, list.name)
      for (const name of sample(list.names, SAMPLE)) {
        expect(judge.judge(`x.y.${name}`, number, images), `x.y.${name}`).not.toBeNull()
        const parent = name.slice(name.indexOf('.') + 1)
        expect(judge.judge(parent, number, images) !== null, parent).toBe(covers(list, parent))
      }
    }
  })

  test('lists of pages block no site, for any policy: not one host of them, nor what they stand below', () => {
    for (const { name, hosts } of urls) {
      const number = policyNumber(settings, name)
      for (const host of hosts) expect(judge.judge(host, number, images), host).toBeNull()
      expect(program.stdout).toMatch(new RegExp(`feed {5}${name}: 0 blocked, \\d+ page scope`))
    }
    expect(judge.judge('pages.dev', policyNumber(settings, 'phishing-urls'), images)).toBeNull()
  })

  /** Asks all at one address, some at a time. */
  async function outcomesAt(address: string, names: readonly string[]): Promise<string[]> {
    const clients = await Promise.all(Array.from({ length: 20 }, () => UdpClient.to(port, address)))
    const outcomes = new Array<string>(names.length)
    await Promise.all(
      clients.map(async (client, first) => {
        for (let i = first; i < names.length; i += clients.length) {
          outcomes[i] = outcome(await client.ask(query({ name: names[i]!, id: i & 0xffff })))
        }
      }),
    )
    for (const client of clients) client.close()
    return outcomes
  }

  test(`over UDP, ${SAMPLE} names of each list asked at every policy’s address`, async () => {
    const startMs = performance.now()
    const names = [
      ...lists.flatMap(list => sample(list.names, SAMPLE)),
      'pages.dev',
      ...urls.flatMap(({ hosts }) => sample(hosts, SAMPLE)),
    ]
    const wrong: string[] = []
    let asked = 0
    for (const [policy, address] of addressOf) {
      const outcomes = await outcomesAt(address, names)
      for (const [i, name] of names.entries()) {
        asked++
        const wanted = shouldBlock(policy, name)
        const isRight = wanted ? outcomes[i] === PAGE_ADDRESS : /^10\./.test(outcomes[i]!)
        if (!isRight) wrong.push(`${policy}: ${name} ${outcomes[i]}`)
      }
    }
    console.log(
      `${asked} queries over UDP in ${((performance.now() - startMs) / 1000).toFixed(1)} s, ${wrong.length} wrong`,
    )
    expect(wrong.slice(0, 20)).toEqual([])
  }, 300_000)

  test('over UDP, for the policy of child and liste_blanche alone: each of their names resolves, and nothing else does', async () => {
    const listed = lists.filter(({ name }) => POSITIVE.includes(name)).flatMap(({ names }) => [...names])
    const others = [
      'example.com',
      'example.test',
      ...lists.filter(({ name }) => name === 'games').flatMap(({ names }) => sample(names, SAMPLE)),
    ]
    const unlisted = others.filter(name => shouldBlock(CHILDREN, name))
    const at = addressOf.get(CHILDREN)!
    expect((await outcomesAt(at, listed)).filter(own => !own.startsWith('10.'))).toEqual([])
    expect((await outcomesAt(at, unlisted)).filter(own => own !== PAGE_ADDRESS)).toEqual([])
    console.log(`${listed.length} names resolve, ${unlisted.length} others do not`)
  })

  test('explain says of a page that it blocks nothing', async () => {
    const [host] = urls.find(({ name }) => name === 'phishing-urls')!.hosts
    const { stdout } = await folder.run(
      'explain',
      host!,
      '--policy',
      'phishing-urls',
      '--config',
      folder.file('qalqan.yaml'),
    )
    expect(stdout).toContain(`${host}: not blocked (policy phishing-urls)`)
    expect(stdout).toMatch(/page .*feed phishing-urls, line \d+/)
  })
})
