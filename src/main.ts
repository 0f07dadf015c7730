/**
 * `qalqan serve`: the control plane on the main thread. Wiring only: settings in, feeds compiled, workers started, pages and metrics served,
 * signals heeded.
 */
import { randomInt } from 'node:crypto'
import { hostname } from 'node:os'
import { VERSION } from './about.ts'
import { AppealStore, STATES } from './appeals/store.ts'
import { banner } from './banner.ts'
import { Fetchers } from './feeds/fetchers.ts'
import { FeedKeeper, type InForce } from './feeds/keeper.ts'
import { fingerprintOf, openSavedImage } from './feeds/saved-image.ts'
import { tallyHeads } from './feeds/tally/tally-file.ts'
import { readUrgentChanges } from './feeds/urgent.ts'
import { UrgentKeeper } from './feeds/urgent-keeper.ts'
import { FilterBuilder } from './images/filter/builder.ts'
import { allServers, planWorkers } from './orders.ts'
import { collectorInTurns, LettingGo, thoroughCollector } from './platform/collect.ts'
import type { RunningHttpServer } from './platform/http-server.ts'
import { makeFolder, NoFolderThere } from './platform/make-folder.ts'
import { returnLargeBlocks } from './platform/malloc.ts'
import { inTurns } from './platform/yielding.ts'
import { blockedCategories, categoriesOf } from './policy/categories.ts'
import { compilePolicies } from './policy/compile.ts'
import { blockFinder } from './policy/find-block.ts'
import { caseFinder } from './policy/find-case.ts'
import { expiredEntries, listAges, listCounts } from './public/list-counts.ts'
import { refreshFeeds } from './refresh.ts'
import { watchRequests } from './requests.ts'
import { openImages } from './resolver/assemble.ts'
import type { FilterImages } from './resolver/filter.ts'
import type { Settings } from './settings/settings.ts'
import type { AppealFacts } from './telemetry/control-facts.ts'
import { controlFacts } from './telemetry/facts.ts'
import type { Log } from './telemetry/log.ts'
import { reportFeeds } from './telemetry/report-feeds.ts'
import { openKernel } from './transport/kernel.ts'
import { probe, probeTcp } from './transport/probe.ts'
import type { Images } from './worker-messages.ts'
import { WorkerPool } from './worker-pool.ts'

/** What in-flight queries get to be answered in when the process is told to stop; with the rest it stays below 5 s. */
const STOP_MS = 3000
const COLLECT_MS = 500

export interface Running {
  /** What was started, in lines for a person. */
  readonly banner: string
  /** Reads the feeds again. */
  reload(): void
  stop(): Promise<void>
}

/** Starts to serve. Rejects with an Error whose message is one clear line where that cannot be. */
export async function serve(settings: Settings, log: Log): Promise<Running> {
  // Before anything large is made.
  returnLargeBlocks()
  await checkPorts(settings)
  const started: { stop(): Promise<void> }[] = []
  try {
    return await start(settings, log, started)
  } catch (error) {
    await Promise.all(started.map(one => one.stop()))
    throw error
  }
}

/** A data folder that cannot be written costs what it would keep, and is no reason not to answer; where there can be no folder at all, somebody has mistyped. */
function refuseWhereNothingCanBe(dataFolder: string): void {
  try {
    makeFolder(dataFolder)
  } catch (error) {
    if (error instanceof NoFolderThere) throw new Error(`the data folder ${error.message}`)
  }
}

/** What is running already goes into `started`, so that it can be stopped when the rest cannot start. */
async function start(settings: Settings, log: Log, started: { stop(): Promise<void> }[]): Promise<Running> {
  for (const warning of settings.warnings) log.logger.warn(warning)
  refuseWhereNothingCanBe(settings.data)
  const collect = thoroughCollector()
  const lettingGo = new LettingGo(collectorInTurns(), COLLECT_MS)
  const categories = categoriesOf(settings)
  const madeWith = { feeds: settings.feeds, categories, neverBlock: settings.guards }
  const { saved, problems } = openSavedImage(settings.data, fingerprintOf(madeWith))
  for (const problem of problems) log.logger.warn({ problem }, 'a kept filter image cannot be used')
  const seed = saved?.seed ?? randomInt(2 ** 32) | 0
  const notListedCategory = categories.length - 1
  const policies = compilePolicies(settings, categories)
  const { orders, layout, counters } = planWorkers(settings, categories, seed)

  let pool: WorkerPool | null = null
  const empty = new FilterBuilder(seed).finish(0)
  let images: Images = { filter: empty, overlay: empty, policies, notListedCategory }
  let readers: FilterImages = openImages(images)
  let current: InForce | null = null

  const keeper = new FeedKeeper({
    feeds: settings.feeds,
    dataFolder: settings.data,
    seed,
    categories,
    neverBlock: settings.guards,
    keeping: settings.history,
    saved,
    now: Date.now,
    onImage: compiled => {
      const { byteLength } = images.filter
      images = { ...images, filter: compiled.image }
      readers = openImages(images)
      current = compiled
      pool?.broadcast(images)
      reportFeeds(log.logger, compiled)
      lettingGo.note(byteLength)
    },
    onProblem: problem => log.logger.error({ problem }, 'feeds: what is in force stays'),
  })
  const urgent = new UrgentKeeper({
    dataFolder: settings.data,
    seed,
    categories,
    onOverlay: (overlay, changes) => {
      images = { ...images, overlay }
      readers = openImages(images)
      pool?.broadcast(images)
      if (changes.length > 0) log.logger.info({ changes: changes.length }, 'urgent changes in force')
    },
    onProblem: problem => log.logger.error({ problem }, 'urgent changes'),
  })
  started.push({
    stop: async () => {
      keeper.close()
      urgent.close()
    },
  })
  const fetchers = new Fetchers(settings, VERSION, (feed, problem) =>
    log.logger.warn({ feed, problem }, 'fetching a list failed; its copy stays'),
  )
  started.push({ stop: async () => fetchers.close() })
  await fetchers.listen()
  const fetched = fetchers.start()
  if (saved === null) await fetched
  // Before the first query is taken: a name that is flagged is never answered because the lists were still being read.
  await keeper.start()
  urgent.start()

  pool = new WorkerPool({
    orders,
    images,
    // Opened here as well, so that the library stays loaded while workers come and go.
    kernel: openKernel(() => {}),
    onNote: (worker, note) => log.logger.warn({ worker, note }, 'of a worker'),
    onDeath: (worker, reason, restartMs) =>
      log.logger.error({ worker, reason, restartMs }, 'a worker died and is replaced'),
  })
  const workers = pool
  started.push({ stop: () => workers.stop(0) })
  const listening = await pool.start()
  const requests = watchRequests(settings.data, {
    onFlush: (name, below) => workers.flush(name, below),
    onUrgent: name => {
      urgent.refresh()
      return urgent.notInForceOf(name)
    },
    onRefresh: (feed, onStage) => {
      log.logger.info({ feed }, 'feeds are read again')
      return refreshFeeds({ feeds: settings.feeds, fetchers, keeper }, feed, onStage)
    },
    onProblem: problem => log.logger.error({ problem }, 'a request from the command line'),
  })
  started.push({ stop: async () => requests.close() })
  if (listening.note !== null) log.logger.warn({ reason: listening.note }, 'datagrams are read one at a time')

  const appeals = settings.appeals === null ? null : new AppealStore(settings.data)
  if (appeals !== null) started.push({ stop: async () => appeals.close() })
  const forgetting = appeals === null ? null : forgetContacts(appeals, settings.appeals!, log)
  const http: RunningHttpServer[] = []
  // What makes pages and metrics takes 20 MB: only where they are wanted.
  if (settings.http.page !== null) {
    const { startBlockPage } = await import('./blockpage/server.ts')
    const { startPublicService } = await import('./public/service.ts')
    const blocked = blockedCategories(settings)
    const find = blockFinder(settings, categories, () => readers)
    const service = startPublicService({
      settings,
      store: appeals,
      find,
      findCase: caseFinder(categories, blocked, () => readers),
      lists: () => listCounts(readers.filter, { feeds: settings.feeds, categories, blocked, states: keeper.states }),
      ages: () => listAges(readers.filter, { categories, blocked }, nowSeconds()),
      isBlocked: category => blocked.has(category),
      expired: () => expiredEntries({ feeds: settings.feeds, blocked, states: keeper.states }),
      tallies: () => tallyHeads(settings.data),
      urgent: () => readUrgentChanges(settings.data),
      now: nowSeconds,
      onProblem: problem => log.logger.error({ problem }, 'appeals'),
    })
    const takesAppeals = appeals !== null
    const deps = { find, settings: settings.blockPage, service, takesAppeals }
    http.push(await startBlockPage(settings.http.page, deps))
    if (settings.http.tls !== null) {
      const { endpoint, certificate, key } = settings.http.tls
      const onProblem = (problem: string) => log.logger.error({ problem }, 'a renewed certificate is not used')
      http.push(await startBlockPage(endpoint, { ...deps, tls: { certificate, key, onProblem } }))
    }
  }
  if (settings.http.admin !== null) {
    const { startAdminServer } = await import('./telemetry/admin-server.ts')
    const { createMetrics } = await import('./telemetry/metrics.ts')
    const facts = controlFacts({
      keeper,
      urgent,
      fetchers,
      version: VERSION,
      log,
      current: () => current,
      names: () => readers.filter.names,
      pool,
      signed: new Set(settings.feeds.flatMap(({ name, signature }) => (signature === null ? [] : [name]))),
      appeals: () => appealFacts(appeals, settings.appeals),
    })
    const upstreamNames = allServers(settings).map(({ address, port }) => `${address}:${port}`)
    const metrics = createMetrics(layout, () => counters, upstreamNames, facts)
    http.push(await startAdminServer(settings.http.admin, { metrics, health: facts, names: adminNames(settings) }))
  }

  const stop = async () => {
    keeper.close()
    urgent.close()
    requests.close()
    fetchers.close()
    if (forgetting !== null) clearInterval(forgetting)
    await Promise.all([workers.stop(STOP_MS), ...http.map(server => server.close())])
    appeals?.close()
  }
  const reload = () => {
    log.logger.info('feeds are read again')
    void fetchers.refresh()
    void keeper.refresh()
  }
  setTimeout(() => inTurns(collect), COLLECT_MS).unref()
  return {
    banner: banner(settings, { driver: listening.driver, names: readers.filter.names, keeper }),
    reload,
    stop,
  }
}

const nowSeconds = () => Math.floor(Date.now() / 1000)
const FORGET_MS = 3_600_000

/** Contacts go some time after the decision, also where nobody looks. */
function forgetContacts(
  store: AppealStore,
  { keepContactSeconds }: NonNullable<Settings['appeals']>,
  log: Log,
): NodeJS.Timeout {
  const forget = () => {
    try {
      store.deleteContacts(nowSeconds() - keepContactSeconds)
    } catch (error) {
      log.logger.error({ problem: (error as Error).message }, 'contacts of appeals could not be deleted')
    }
  }
  forget()
  return setInterval(forget, FORGET_MS).unref()
}

/** Null: none are taken, or they cannot be read. */
function appealFacts(store: AppealStore | null, settings: Settings['appeals']): AppealFacts | null {
  if (store === null || settings === null) return null
  try {
    const states = Object.fromEntries(STATES.map(state => [state, store.count(state)]))
    return { states, overdue: store.overdue(nowSeconds() - settings.decideWithinSeconds) }
  } catch {
    return null
  }
}

function adminNames({ http }: Settings): string[] {
  return [...http.adminNames, hostname().toLowerCase()]
}

async function checkPorts(settings: Settings): Promise<void> {
  const problem = await probe(settings.listen)
  if (problem !== null) throw new Error(problem)
  const { page, admin, tls } = settings.http
  for (const endpoint of [page, admin, tls?.endpoint ?? null]) {
    const taken = endpoint === null ? null : await probeTcp(endpoint)
    if (taken !== null) throw new Error(taken)
  }
}
