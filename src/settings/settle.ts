/**
 * From a checked configuration to the settled one: the third of the three types, the only one the program sees.
 *
 * Owns: what values mean to each other and to this machine: paths and units resolved, names as A-labels, references that lead
 * somewhere, listeners that do not collide. Finds all faults, not the first. Asks the machine only through `Environment`.
 * The parts with rules of their own are in files of their own; read this one for their order.
 */
import { dirname, resolve } from 'node:path'
import { settleAccess, staleSeconds } from './access.ts'
import { parseAddress } from './address.ts'
import { settleBlockPage } from './block-page.ts'
import { settleClasses, settleLink } from './blocking.ts'
import type { Checked } from './check.ts'
import type { Environment } from './environment.ts'
import { pageless, settleFeeds } from './feeds.ts'
import { settleFetch } from './fetch.ts'
import { settleForward } from './forward.ts'
import { settleGuards } from './guards.ts'
import { settleHistory } from './history.ts'
import { settleHttp, settleListen } from './listen.ts'
import { parseName } from './names.ts'
import { settlePolicies } from './policies.ts'
import { type Fault, quote } from './problems.ts'
import { settleAppeals, settlePublic } from './public.ts'
import type { Config } from './schema.ts'
import type { LocalRecord, Settings } from './settings.ts'
import { type Settling, take } from './settling.ts'
import { durationMs, sizeBytes } from './units.ts'
import { settleUpstreams } from './upstreams.ts'
import { settleNotify } from './zones.ts'

export interface Settled {
  /** Sound only if there are no faults. Deeply frozen. */
  readonly settings: Settings
  readonly faults: readonly Fault[]
}

/** `file` is absolute; `incomplete` names the sections that `check` had to leave something out of. */
export function settle(
  config: Config,
  file: string,
  environment: Environment,
  incomplete: Checked['incomplete'] = new Set(),
): Settled {
  const faults: Fault[] = []
  const warnings: string[] = []
  const settling: Settling = {
    environment,
    file,
    report: (path, message, part = 'value') => void faults.push({ path, part, message }),
    warn: sentence => void warnings.push(sentence),
    whole: section => !incomplete.has(section),
  }
  const settings = settleAll(config, settling)
  return { settings: deepFreeze({ ...settings, warnings }), faults }
}

function settleAll(config: Config, settling: Settling): Omit<Settings, 'warnings'> {
  const feeds = settleFeeds(config, settling)
  const policies = settlePolicies(config, feeds, settling)
  const policyNames = policies.map(policy => policy.name)
  const listen = settleListen(config, policyNames, settling)
  const upstreams = settleUpstreams(config, listen, settling)
  const http = settleHttp(config, listen, settling)
  const blockPage = settleBlockPage(config, settling)
  warnOfSilence(config, upstreams.length, feeds.length, settling)
  return {
    file: settling.file,
    listen,
    workers: config.workers === 'auto' ? settling.environment.cpus : config.workers,
    upstreams,
    upstream: {
      timeoutMs: durationMs(config.upstream.timeout),
      attempts: config.upstream.attempts,
      strategy: config.upstream.strategy,
      mixCase: config.upstream.mix_case,
    },
    forward: settleForward(config, listen, settling),
    access: settleAccess(config, policies, settling),
    rebinding: { protect: config.rebinding.protect, allow: settleNames(config.rebinding.allow, settling) },
    forwardsPrivateReverse: config.private_reverse_zones === 'forward',
    records: settleRecords(config.records, settling),
    blocking: settleBlocking(config, settling),
    cache: settleCache(config, settling),
    tcp: settleTcp(config, settling),
    udp: { driver: config.udp.driver },
    feeds,
    fetch: settleFetch(config, settling),
    notify: settleNotify(config, settling),
    guards: settleGuards(config, feeds, policies, settling),
    history: settleHistory(config),
    policies,
    http,
    blockPage,
    appeals: settleAppeals(config, settling),
    public: settlePublic(config),
    data: resolve(dirname(settling.file), config.data),
    log: { level: config.log.level },
  }
}

/** What is no mistake on its face but leaves the resolver without a purpose. */
function warnOfSilence(config: Config, upstreams: number, feeds: number, { warn, whole }: Settling): void {
  if (upstreams === 0 && whole('upstreams'))
    warn('There is no upstream: every name that is neither blocked nor in records gets SERVFAIL.')
  if (feeds === 0 && whole('feeds')) warn('There are no feeds: nothing is blocked.')
  const appeal = Object.values(config.block_page.appeal).some(way => way !== undefined)
  if (config.http.page !== undefined && !appeal)
    warn(
      'The block page names no way to object: set block_page.appeal.email, block_page.appeal.url or block_page.appeal.phone.',
    )
}

function settleRecords(records: Config['records'], settling: Settling): LocalRecord[] {
  const settled: LocalRecord[] = []
  const spellings = new Map<string, string>()
  for (const [written, value] of Object.entries(records)) {
    const parsed = parseName(written)
    if ('why' in parsed) {
      settling.report(['records', written], parsed.why, 'key')
      continue
    }
    const name = parsed.value
    const other = spellings.get(name)
    if (other !== undefined)
      settling.report(['records', written], `${quote(written)} is the same name as ${quote(other)}`, 'key')
    spellings.set(name, written)
    settled.push(...recordAddresses(name, written, value, settling))
  }
  return settled
}

function recordAddresses(name: string, written: string, value: string | string[], settling: Settling): LocalRecord[] {
  const settled: LocalRecord[] = []
  for (const [index, text] of [value].flat().entries()) {
    const path = typeof value === 'string' ? ['records', written] : ['records', written, index]
    const address = take(parseAddress(text), path, settling)
    if (address === null) continue
    if (settled.some(other => other.address === address.address))
      settling.report(path, `${address.address} stands twice`)
    else settled.push({ name, ...address })
  }
  return settled
}

function settleBlocking(config: Config, settling: Settling): Settings['blocking'] {
  const { answer, page, ttl } = config.blocking
  if (answer === 'page' && pageless(config) && settling.whole('blocking'))
    settling.report(['blocking', 'answer'], 'the answer page needs blocking.page.ipv4 or blocking.page.ipv6')
  const shared = {
    answer: answer ?? (pageless(config) ? 'nxdomain' : 'page'),
    ttlSeconds: durationMs(ttl) / 1000,
  } as const
  const { structured_errors: structured, structured_errors_language: language } = config.blocking
  return {
    ...shared,
    page: { ipv4: pageAddress(page.ipv4, 4, settling), ipv6: pageAddress(page.ipv6, 6, settling) },
    classes: settleClasses(config, shared, settling),
    exceptionsCoverAliases: config.blocking.allow_covers_aliases,
    link: settleLink(config, settling),
    structuredErrors: structured ? { language, option: config.blocking.structured_errors_option } : null,
  }
}

function pageAddress(text: string | undefined, family: 4 | 6, settling: Settling): string | null {
  if (text === undefined) return null
  const path = ['blocking', 'page', `ipv${family}`]
  const parsed = take(parseAddress(text), path, settling)
  if (parsed !== null && parsed.family !== family)
    settling.report(path, `expected an IPv${family} address, got ${quote(text)}`)
  return parsed === null ? null : parsed.address
}

function settleCache(config: Config, settling: Settling): Settings['cache'] {
  const { cache } = config
  const [minimum, maximum] = [durationMs(cache.ttl_min), durationMs(cache.ttl_max)]
  if (minimum > maximum && settling.whole('cache'))
    settling.report(['cache', 'ttl_min'], `ttl_min (${cache.ttl_min}) is longer than ttl_max (${cache.ttl_max})`)
  return {
    bytes: sizeBytes(cache.size),
    ttlSecondsMin: minimum / 1000,
    ttlSecondsMax: maximum / 1000,
    negativeTtlSecondsMax: durationMs(cache.negative_ttl_max) / 1000,
    staleSecondsMax: staleSeconds(config),
    keep: cache.keep,
  }
}

function settleNames(written: readonly string[], settling: Settling): string[] {
  return written.flatMap((name, index) => take(parseName(name), ['rebinding', 'allow', index], settling) ?? [])
}

function settleTcp({ tcp }: Config, settling: Settling): Settings['tcp'] {
  const { connections, connections_per_client: perClient = Math.min(CONNECTIONS_PER_CLIENT, connections) } = tcp
  if (perClient > connections && settling.whole('tcp'))
    settling.report(
      ['tcp', 'connections_per_client'],
      `connections_per_client (${perClient}) is more than connections (${connections})`,
    )
  return { idleMs: durationMs(tcp.idle), connections, connectionsPerClient: perClient }
}

/** A household behind one address opens a few; a carrier's NAT has hundreds of households behind one. */
const CONNECTIONS_PER_CLIENT = 64

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}
