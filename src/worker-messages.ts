/** What crosses between the main thread and a worker: its orders when it starts, then messages. All of it can be cloned or is shared memory. */
import type { CounterShape } from './images/counters.ts'
import type { AcceptLimits } from './resolver/accept.ts'
import type { ImageBuffers, ResolverOptions } from './resolver/assemble.ts'
import type { BlockAnswers } from './resolver/blocked.ts'
import type { LocalName } from './resolver/local.ts'
import type { Endpoint } from './settings/settings.ts'

export type Images = ImageBuffers

export interface WorkerOrders {
  readonly number: number
  readonly seed: number
  readonly listen: readonly Endpoint[]
  readonly listenerPolicies: readonly number[]
  /** The first `upstreamsForAll` are for every name, the others for the zones of `options`. */
  readonly upstreams: readonly Endpoint[]
  readonly upstreamsForAll: number
  readonly options: ResolverOptions
  readonly timeoutMs: number
  readonly attempts: number
  readonly blockAnswers: BlockAnswers
  readonly localNames: readonly LocalName[]
  readonly cacheOctets: number
  /** Where the cache is kept from one run to the next; null: nowhere. */
  readonly cacheFile: string | null
  readonly limits: AcceptLimits
  readonly tcp: { readonly idleMs: number; readonly connections: number; readonly connectionsPerClient: number }
  readonly driver: 'auto' | 'batch' | 'dgram'
  readonly counters: SharedArrayBuffer
  readonly counterShape: CounterShape
  /** A mark for every descriptor that this worker has open, see `openKernel`. */
  readonly descriptors: SharedArrayBuffer
  readonly connectionTables: SharedArrayBuffer
  readonly connectionKey: number
  readonly images: Images
}

export type ToWorker =
  | { readonly kind: 'images'; readonly images: Images }
  | { readonly kind: 'flush'; readonly name: Uint8Array; readonly below: boolean }
  | { readonly kind: 'stop'; readonly withinMs: number }

export type FromWorker =
  | { readonly kind: 'listening'; readonly driver: 'batch' | 'dgram'; readonly note: string | null }
  /** Something that does not keep it from working. */
  | { readonly kind: 'note'; readonly note: string }
  | { readonly kind: 'failed'; readonly problem: string; readonly code: string | null }
