/** Data plane, before the first query: puts a worker's stages together. A test or a bench makes the same plane from other parts. */
import { type CounterLayout, OUTCOMES } from '../images/counters.ts'
import { FilterReader } from '../images/filter/reader.ts'
import { PolicyReader } from '../images/policies.ts'
import { type AcceptLimits, Acceptor } from './accept.ts'
import type { Access } from './access.ts'
import { add, countLateAnswer } from './account.ts'
import type { BlockAnswers } from './blocked.ts'
import { AnswerCache } from './cache.ts'
import { Cookies } from './cookies.ts'
import { type FilterImages, Findings } from './filter.ts'
import { Forwarder } from './forward.ts'
import { Link } from './inspect.ts'
import { type LocalName, LocalNames, PRIVATE_REVERSE_ZONES, SPECIAL_NAMES } from './local.ts'
import { NameTable } from './name-table.ts'
import { OwnAnswers, type OwnWords } from './own-words.ts'
import type { Clock, Plane } from './plane.ts'
import { Questions } from './questions.ts'
import { RateLimit, type RateLimitOptions } from './rate-limit.ts'
import { RebindingGuard } from './rebinding.ts'
import { resume } from './resolve.ts'
import { BALANCED, Servers, type Strategy } from './servers.ts'

export interface PlaneParts {
  readonly seed: number
  readonly images: FilterImages
  readonly listenerPolicies: readonly number[]
  readonly blockAnswers: BlockAnswers
  /** The operator's own; the special names are added. */
  readonly localNames: readonly LocalName[]
  readonly cacheOctets: number
  readonly limits: AcceptLimits
  readonly servers: number
  readonly timeoutMs: number
  readonly attempts: number
  /** What is not as in DEFAULT_OPTIONS. */
  readonly options?: Partial<ResolverOptions>
  readonly clock: Clock
  /** Unpredictable 16-bit numbers. */
  readonly random: () => number
  readonly counters: Float64Array
  readonly layout: CounterLayout
}

/** What an operator may set beside the parts above; it can be cloned. */
export interface ResolverOptions {
  readonly strategy: Strategy
  readonly mixCase: boolean
  readonly staleSecondsMax: number
  /** Zones with servers of their own, which stand behind those for every name, in this order. */
  readonly zones: readonly { readonly name: string; readonly servers: number }[]
  /** Names below which private addresses are expected; null: they may stand in any answer. */
  readonly privateBelow: readonly string[] | null
  readonly exceptionsCoverAliases: boolean
  /** An image that has whoever may ask as policy 1; null: everybody may. */
  readonly clients: SharedArrayBuffer | null
  /** By number of listener: whether everybody who reaches it may ask. */
  readonly openListeners: readonly boolean[]
  readonly strangersAreDropped: boolean
  /** An image that has proxies in front as policy 1; null: there are none. */
  readonly proxies: SharedArrayBuffer | null
  readonly rateLimit: RateLimitOptions | null
  readonly cookieSecrets: readonly Uint8Array[]
  readonly words: OwnWords
  /** Reverse zones of private networks are asked for upstream, like any other. */
  readonly forwardsPrivateReverse: boolean
  readonly structuredOption: number
}

export const DEFAULT_OPTIONS: ResolverOptions = {
  strategy: BALANCED,
  mixCase: false,
  staleSecondsMax: 0,
  zones: [],
  privateBelow: null,
  exceptionsCoverAliases: false,
  clients: null,
  openListeners: [],
  strangersAreDropped: false,
  proxies: null,
  rateLimit: null,
  cookieSecrets: [],
  words: { version: null, id: null, resolverInfo: [], anyIsMinimal: false },
  forwardsPrivateReverse: true,
  structuredOption: 0,
}

export interface Assembled {
  readonly plane: Plane
  readonly questions: Questions
  readonly servers: Servers
}

export function assemble(parts: PlaneParts): Assembled {
  // What the closures below need of `parts` is taken out of it: they would keep its images in memory for ever.
  const { counters, layout } = parts
  const questions = new Questions()
  const options: ResolverOptions = { ...DEFAULT_OPTIONS, ...parts.options }
  const sizes = [parts.servers, ...options.zones.map(zone => zone.servers)]
  const servers = new Servers(sizes, parts.random, options.strategy)
  const zones = zoneTable(options, parts.seed)
  const acceptor = new Acceptor(parts.limits)
  const cache = new AnswerCache(parts.cacheOctets)
  const forwarder = new Forwarder({
    questions,
    servers,
    acceptor,
    cache,
    clock: parts.clock,
    random: parts.random,
    timeoutMs: parts.timeoutMs,
    attempts: parts.attempts,
    countAttempt: (outcome, server, tookMs) => countAttempt(counters, layout, outcome, server, tookMs),
    countLate: (query, tookMs) => countLateAnswer(query, plane, tookMs),
    count: name => add(plane, name, 1),
    groupOf: query => zones.find(query) + 1,
    resume: (query, records) => resume(query, plane, records),
    staleSecondsMax: options.staleSecondsMax,
    mixCase: options.mixCase,
  })
  const plane: Plane = {
    seed: parts.seed,
    images: parts.images,
    findings: new Findings(),
    listenerPolicies: Int32Array.from(parts.listenerPolicies),
    blockAnswers: parts.blockAnswers,
    local: new LocalNames(localNames(parts.localNames, options), parts.seed),
    access: accessOf(options, parts.random),
    proxies: options.proxies === null ? null : new PolicyReader(options.proxies),
    cookies: options.cookieSecrets.length === 0 ? null : new Cookies(options.cookieSecrets),
    own: new OwnAnswers(options.words, parts.seed),
    rebinding: guardOf(options, parts.seed),
    link: new Link(),
    exceptionsCoverAliases: options.exceptionsCoverAliases,
    structuredOption: options.structuredOption,
    cache,
    acceptor,
    forwarder,
    clock: parts.clock,
    counters,
    layout,
  }
  return { plane, questions, servers }
}

function zoneTable({ zones }: ResolverOptions, seed: number): NameTable {
  return new NameTable(
    zones.map(zone => zone.name),
    seed,
  )
}

/** The operator's own before the special ones; a zone that has servers of its own is asked for there, private or not. */
function localNames(own: readonly LocalName[], { zones, forwardsPrivateReverse }: ResolverOptions): LocalName[] {
  const forwarded = (name: string) => zones.some(zone => name === zone.name || name.endsWith(`.${zone.name}`))
  const reverse = forwardsPrivateReverse ? [] : PRIVATE_REVERSE_ZONES.filter(({ name }) => !forwarded(name))
  return [...own, ...SPECIAL_NAMES, ...reverse]
}

function guardOf({ privateBelow, zones }: ResolverOptions, seed: number): RebindingGuard {
  const expected = new Set([...(privateBelow ?? []), ...zones.map(zone => zone.name)])
  return new RebindingGuard(privateBelow !== null, new NameTable([...expected], seed))
}

function accessOf(options: ResolverOptions, random: () => number): Access {
  return {
    clients: options.clients === null ? null : new PolicyReader(options.clients),
    openListeners: Uint8Array.from(options.openListeners, isOpen => (isOpen ? 1 : 0)),
    strangersAreDropped: options.strangersAreDropped,
    rateLimit: options.rateLimit === null ? null : new RateLimit(options.rateLimit, (random() << 16) | random()),
  }
}

function countAttempt(
  counters: Float64Array,
  layout: CounterLayout,
  outcome: number,
  server: number,
  tookMs: number,
): void {
  const at = layout.upstream + outcome * layout.upstreams + server
  counters[at] = counters[at]! + 1
  if (outcome !== OUTCOMES.indexOf('answered')) return
  counters[layout.upstreamSeconds + server] = counters[layout.upstreamSeconds + server]! + tookMs / 1000
}

/** Images as they cross from the control plane. */
export interface ImageBuffers {
  readonly filter: SharedArrayBuffer
  readonly overlay: SharedArrayBuffer
  readonly policies: SharedArrayBuffer
  readonly notListedCategory: number
}

/** Octets of what is let go of when other images take the place of these: with the same filter it is the overlay that changed. */
export function octetsLetGo(former: FilterImages, next: FilterImages): number {
  return next.filter.generation === former.filter.generation ? former.overlay.octets : former.filter.octets
}

export function openImages({ filter, overlay, policies, notListedCategory }: ImageBuffers): FilterImages {
  return {
    filter: new FilterReader(filter),
    overlay: new FilterReader(overlay),
    policies: new PolicyReader(policies),
    notListedCategory,
  }
}
