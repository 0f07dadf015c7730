/** One number of client prefixes: what the policy image takes to build and to keep, and what a lookup among them costs. */
import { PolicyReader } from '../../src/images/policies.ts'
import { ADDRESS_OCTETS } from '../../src/resolver/query.ts'
import { compare, type Size } from '../support/measure.ts'
import { clients, policyImage, prefixes } from '../support/prefixes.ts'

export interface PrefixScale {
  readonly prefixes: number
  readonly family: 4 | 6
  readonly seconds: number
  readonly octetsAPrefix: number
  readonly lookupNanoseconds: number
}

const CLIENTS: Record<Size, number> = { small: 500, full: 200_000 }

export function scalePrefixes(count: number, family: 4 | 6, size: Size): PrefixScale {
  const own = prefixes(count, family)
  const startMs = performance.now()
  const image = policyImage(own)
  const seconds = (performance.now() - startMs) / 1000
  const asking = clients(CLIENTS[size], own, family)
  const policies = new PolicyReader(image)
  const run = family === 4 ? () => lookUp4(policies, asking) : () => lookUp6(policies, asking)
  const { figures } = compare([{ what: 'lookup', each: CLIENTS[size], run }], size)
  return {
    prefixes: count,
    family,
    seconds,
    octetsAPrefix: image.byteLength / count,
    lookupNanoseconds: figures[0]!.nanoseconds,
  }
}

function lookUp4(policies: PolicyReader, asking: Uint8Array): number {
  let named = 0
  for (let at = 0; at < asking.length; at += ADDRESS_OCTETS) if (policies.ofIpv4(asking, at + 4) > 0) named++
  return halfOf(asking, named)
}

function lookUp6(policies: PolicyReader, asking: Uint8Array): number {
  let named = 0
  for (let at = 0; at < asking.length; at += ADDRESS_OCTETS) if (policies.ofIpv6(asking, at + 8) > 0) named++
  return halfOf(asking, named)
}

function halfOf(asking: Uint8Array, named: number): number {
  if (named * 2 * ADDRESS_OCTETS !== asking.length) throw new Error(`${named} clients had a policy, not half of them`)
  return named
}
