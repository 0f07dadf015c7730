/** The identify stage: which policy a client has, with 1, 1,000 and 100,000 client prefixes; 20,000 clients in random order, half in a prefix. */
import { PolicyReader } from '../src/images/policies.ts'
import { identify } from '../src/resolver/identify.ts'
import { ADDRESS_OCTETS, type QuerySlot } from '../src/resolver/query.ts'
import { type Case, compare, type Size } from './support/measure.ts'
import { clients, policyImage, prefixes } from './support/prefixes.ts'
import { asText, type BenchResult } from './support/result.ts'
import { makeSlots } from './support/workload.ts'

const CLIENTS: Record<Size, number> = { small: 500, full: 20_000 }
const PREFIXES: Record<Size, readonly number[]> = { small: [1, 1000], full: [1, 1000, 100_000] }
const NO_LISTENER_POLICY = Int32Array.of(-1)

export function run(size: Size): BenchResult {
  const slot = makeSlots(1)[0]!
  const cases = PREFIXES[size].flatMap(count =>
    ([4, 6] as const).map((family): Case => {
      const own = prefixes(count, family)
      const asking = clients(CLIENTS[size], own, family)
      const policies = new PolicyReader(policyImage(own))
      const what = `${count.toLocaleString('en')} IPv${family} ${count === 1 ? 'prefix' : 'prefixes'}`
      return { what, each: CLIENTS[size], run: () => identifyAll(slot, asking, policies) }
    }),
  )
  return { title: 'Identify', ...compare(cases, size), notes: [] }
}

function identifyAll(slot: QuerySlot, asking: Uint8Array, policies: PolicyReader): number {
  slot.client = asking
  let sum = 0
  let named = 0
  for (let at = 0; at < asking.length; at += ADDRESS_OCTETS) {
    slot.clientAt = at
    identify(slot, policies, NO_LISTENER_POLICY)
    sum = (Math.imul(sum, 31) + slot.policy) | 0
    if (slot.policy > 0) named++
  }
  if (named * 2 * ADDRESS_OCTETS !== asking.length) throw new Error(`${named} clients had a policy, not half of them`)
  return sum
}

if (import.meta.main) console.log(asText(run('full')))
