/** From settled settings to what each worker is told at its start. */
import { randomInt } from 'node:crypto'
import { ANSWER_MODES } from './images/classes.ts'
import { allocateCounters, type CounterLayout, type CounterShape, layOutCounters } from './images/counters.ts'
import { policyNumber } from './policy/compile.ts'
import type { BlockAnswers } from './resolver/blocked.ts'
import { NO_POLICY } from './resolver/identify.ts'
import type { LocalName } from './resolver/local.ts'
import type { Settings } from './settings/settings.ts'
import { allocateConnectionTables } from './transport/connection-limits.ts'
import { DESCRIPTORS } from './transport/kernel.ts'
import { addressOctets } from './wire/address-text.ts'
import type { WorkerOrders } from './worker-messages.ts'

export interface Planned {
  readonly orders: readonly Omit<WorkerOrders, 'images'>[]
  readonly layout: CounterLayout
  readonly counters: readonly Float64Array[]
}

/** `seed` is that of the filter image. */
export function planWorkers(settings: Settings, categories: readonly string[], seed: number): Planned {
  const counterShape: CounterShape = { categories, upstreams: settings.upstreams.length }
  const layout = layOutCounters(counterShape)
  const counters = Array.from({ length: settings.workers }, () => allocateCounters(layout))
  const shared = {
    seed,
    listen: settings.listen.map(({ address, family, port }) => ({ address, family, port })),
    listenerPolicies: settings.listen.map(own =>
      own.policy === null ? NO_POLICY : policyNumber(settings, own.policy),
    ),
    upstreams: settings.upstreams,
    timeoutMs: settings.upstream.timeoutMs,
    attempts: settings.upstream.attempts,
    blockAnswers: blockAnswers(settings.blocking),
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
  }))
  return { orders, layout, counters }
}

function blockAnswers({ answer, page, ttlSeconds }: Settings['blocking']): BlockAnswers {
  const octets = (address: string | null) => (address === null ? new Uint8Array(0) : addressOctets(address))
  return { mode: 1 + ANSWER_MODES.indexOf(answer), ipv4: octets(page.ipv4), ipv6: octets(page.ipv6), ttlSeconds }
}

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
