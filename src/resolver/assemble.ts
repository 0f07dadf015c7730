/** Data plane, before the first query: puts a worker's stages together. A test or a bench makes the same plane from other parts. */
import { type CounterLayout, OUTCOMES } from '../images/counters.ts'
import { FilterReader } from '../images/filter/reader.ts'
import { PolicyReader } from '../images/policies.ts'
import { type AcceptLimits, Acceptor } from './accept.ts'
import { add, countLateAnswer } from './account.ts'
import type { BlockAnswers } from './blocked.ts'
import { AnswerCache } from './cache.ts'
import { type FilterImages, Findings } from './filter.ts'
import { Forwarder } from './forward.ts'
import { type LocalName, LocalNames, SPECIAL_NAMES } from './local.ts'
import type { Clock, Plane } from './plane.ts'
import { Questions } from './questions.ts'
import { Servers } from './servers.ts'

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
  readonly clock: Clock
  /** Unpredictable 16-bit numbers. */
  readonly random: () => number
  readonly counters: Float64Array
  readonly layout: CounterLayout
}

export interface Assembled {
  readonly plane: Plane
  readonly questions: Questions
  readonly servers: Servers
}

export function assemble(parts: PlaneParts): Assembled {
  const questions = new Questions()
  const servers = new Servers(parts.servers, parts.random)
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
    countAttempt: (outcome, server, tookMs) => countAttempt(parts, outcome, server, tookMs),
    countLate: (query, tookMs) => countLateAnswer(query, plane, tookMs),
    countShed: () => add(plane, 'droppedOverload', 1),
    countCoalesced: () => add(plane, 'coalesced', 1),
  })
  const plane: Plane = {
    seed: parts.seed,
    images: parts.images,
    findings: new Findings(),
    listenerPolicies: Int32Array.from(parts.listenerPolicies),
    blockAnswers: parts.blockAnswers,
    local: new LocalNames([...parts.localNames, ...SPECIAL_NAMES], parts.seed),
    cache,
    acceptor,
    forwarder,
    clock: parts.clock,
    counters: parts.counters,
    layout: parts.layout,
  }
  return { plane, questions, servers }
}

function countAttempt(parts: PlaneParts, outcome: number, server: number, tookMs: number): void {
  const { counters, layout } = parts
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

export function openImages({ filter, overlay, policies, notListedCategory }: ImageBuffers): FilterImages {
  return {
    filter: new FilterReader(filter),
    overlay: new FilterReader(overlay),
    policies: new PolicyReader(policies),
    notListedCategory,
  }
}
