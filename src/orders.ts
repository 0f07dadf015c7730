/** From settled settings to what each worker is told at its start. */
import { randomBytes, randomInt } from 'node:crypto'
import { join } from 'node:path'
import { ANSWER_MODES, CLASSES } from './images/classes.ts'
import { allocateCounters, type CounterLayout, type CounterShape, layOutCounters } from './images/counters.ts'
import { buildPolicies } from './images/policies.ts'
import { clientPrefix, policyNumber } from './policy/compile.ts'
import type { ResolverOptions } from './resolver/assemble.ts'
import type { BlockAnswers } from './resolver/blocked.ts'
import { NO_POLICY } from './resolver/identify.ts'
import type { LocalName } from './resolver/local.ts'
import type { RateLimitOptions } from './resolver/rate-limit.ts'
import { BALANCED, ORDERED, PARALLEL } from './resolver/servers.ts'
import { isLoopbackListener } from './settings/access.ts'
import type { Endpoint, Settings } from './settings/settings.ts'
import { structuredError } from './structured-error.ts'
import { allocateConnectionTables } from './transport/connection-limits.ts'
import { DESCRIPTORS } from './transport/kernel.ts'
import { addressOctets } from './wire/address-text.ts'
import { SIPHASH_KEY_OCTETS } from './wire/siphash.ts'
import type { WorkerOrders } from './worker-messages.ts'

export interface Planned {
  readonly orders: readonly Omit<WorkerOrders, 'images'>[]
  readonly layout: CounterLayout
  readonly counters: readonly Float64Array[]
}

/** Those for every name, then those of the zones that have their own. */
export function allServers({ upstreams, forward }: Pick<Settings, 'upstreams' | 'forward'>): Endpoint[] {
  return [...upstreams, ...forward.flatMap(zone => zone.servers)]
}

/** `seed` is that of the filter image. */
export function planWorkers(settings: Settings, categories: readonly string[], seed: number): Planned {
  const counterShape: CounterShape = {
    categories,
    upstreams: allServers(settings).length,
    feeds: settings.feeds.map(feed => feed.name),
  }
  const layout = layOutCounters(counterShape)
  const counters = Array.from({ length: settings.workers }, () => allocateCounters(layout))
  const shared = {
    seed,
    listen: settings.listen.map(({ address, family, port }) => ({ address, family, port })),
    listenerPolicies: settings.listen.map(own =>
      own.policy === null ? NO_POLICY : policyNumber(settings, own.policy),
    ),
    upstreams: allServers(settings),
    upstreamsForAll: settings.upstreams.length,
    timeoutMs: settings.upstream.timeoutMs,
    attempts: settings.upstream.attempts,
    blockAnswers: blockAnswers(settings),
    options: resolverOptions(settings),
    localNames: localNames(settings),
    cacheOctets: Math.floor(settings.cache.bytes / settings.workers),
    limits: settings.cache,
    tcp: settings.tcp,
    driver: settings.udp.driver,
    counterShape,
    connectionTables: allocateConnectionTables(settings.workers),
    connectionKey: randomInt(2 ** 32),
  }
  const orders = counters.map((block, number) => ({
    ...shared,
    number,
    counters: block.buffer as SharedArrayBuffer,
    descriptors: new SharedArrayBuffer(DESCRIPTORS),
    cacheFile: settings.cache.keep ? join(settings.data, 'cache', `${number}.cache`) : null,
  }))
  return { orders, layout, counters }
}

function blockAnswers({ blocking, blockPage }: Settings): BlockAnswers {
  const octets = (address: string | null) => (address === null ? new Uint8Array(0) : addressOctets(address))
  const link = Buffer.from(blocking.link ?? '', 'latin1')
  return {
    ipv4: octets(blocking.page.ipv4),
    ipv6: octets(blocking.page.ipv6),
    classes: CLASSES.map(own => {
      const { answer, ttlSeconds } = blocking.classes[own]
      return {
        mode: 1 + ANSWER_MODES.indexOf(answer),
        ttlSeconds,
        link,
        ...structuredError(own, { blocking, blockPage }),
      }
    }),
  }
}

/** What an image gives who is in one of its prefixes; everybody else gets 0. */
const KNOWN_CLIENT = 1

function clientsImage(clients: readonly string[]): SharedArrayBuffer {
  const contents = { categories: [], allowOnly: [] }
  const prefixes = clients.map(client => clientPrefix(client, KNOWN_CLIENT))
  return buildPolicies([contents, contents], prefixes, 0, 1)
}

function resolverOptions(settings: Settings): ResolverOptions {
  const { access, blocking, rebinding, upstream, workers } = settings
  return {
    strategy: STRATEGIES[upstream.strategy],
    mixCase: upstream.mixCase,
    staleSecondsMax: settings.cache.staleSecondsMax,
    zones: settings.forward.map(({ zone, servers }) => ({ name: zone, servers: servers.length })),
    privateBelow: rebinding.protect ? rebinding.allow : null,
    exceptionsCoverAliases: blocking.exceptionsCoverAliases,
    clients: clientsImage(access.clients),
    openListeners: settings.listen.map(isLoopbackListener),
    proxies: access.proxies.length === 0 ? null : clientsImage(access.proxies),
    strangersAreDropped: access.strangersAreDropped,
    rateLimit: access.rateLimit === null ? null : shareOf(access.rateLimit, workers),
    cookieSecrets: cookieSecrets(access.cookies),
    words: { ...access.identity, resolverInfo: resolverInfo(settings), anyIsMinimal: access.anyIsMinimal },
    forwardsPrivateReverse: settings.forwardsPrivateReverse,
    structuredOption: blocking.structuredErrors?.option ?? 0,
  }
}

const STRATEGIES = { balanced: BALANCED, ordered: ORDERED, parallel: PARALLEL } as const

/** The kernel spreads the queries of a prefix evenly over the workers, by their ports. */
function shareOf(limit: RateLimitOptions, workers: number): RateLimitOptions {
  return { ...limit, perSecond: limit.perSecond / workers, burst: Math.max(1, limit.burst / workers) }
}

function cookieSecrets(cookies: Settings['access']['cookies']): Uint8Array[] {
  if (cookies === null) return []
  if (cookies.secrets.length === 0) return [new Uint8Array(randomBytes(SIPHASH_KEY_OCTETS))]
  return cookies.secrets.map(secret => new Uint8Array(Buffer.from(secret, 'hex')))
}

/** RFC 9606 §5: which Extended DNS Errors are of our own (an upstream's may be passed on), and where people read about this resolver. */
function resolverInfo({ blockPage }: Settings): string[] {
  const url = blockPage.appeal.url
  const infoUrl = url?.startsWith('https://') === true && url.length < 240 ? [`infourl=${url}`] : []
  return [`exterr=${OWN_ERRORS}`, ...infoUrl]
}

/** Those that `src/resolver` sets: of blocks 15 to 17; stale answers, failures remembered, lists not ready, strangers, upstreams that fail. */
const OWN_ERRORS = '3,13-19,22-23'

/** The operator's records, the addresses of one name together. */
function localNames({ records }: Settings): LocalName[] {
  const names = [...new Set(records.map(record => record.name))]
  return names.map(name => {
    const own = records.filter(record => record.name === name)
    const octets = (family: 4 | 6) =>
      own.filter(record => record.family === family).map(record => addressOctets(record.address))
    return { name, ipv4: octets(4), ipv6: octets(6), subtree: false, exists: true }
  })
}
