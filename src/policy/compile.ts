/** From the configuration's policies to the policy image. */
import { buildPolicies, type Prefix } from '../images/policies.ts'
import type { Settings } from '../settings/settings.ts'
import { addressOctets } from '../wire/address-text.ts'

export const DEFAULT_POLICY = 'default'

export function compilePolicies(
  settings: Pick<Settings, 'policies'>,
  categories: readonly string[],
): SharedArrayBuffer {
  const numbers = (names: readonly string[]) => names.map(name => categories.indexOf(name))
  const contents = settings.policies.map(own => ({
    categories: numbers(own.categories),
    allowOnly: numbers(own.allowOnly),
  }))
  const prefixes = settings.policies.flatMap((own, policy) => own.clients.map(client => clientPrefix(client, policy)))
  return buildPolicies(contents, prefixes, policyNumber(settings, DEFAULT_POLICY), categories.length)
}

/** A policy's number, which is its place in the configuration; throws RangeError for a name that is none. */
export function policyNumber(settings: Pick<Settings, 'policies'>, name: string): number {
  const number = settings.policies.findIndex(policy => policy.name === name)
  if (number < 0) throw new RangeError(`no policy is called ${JSON.stringify(name)}`)
  return number
}

/** A prefix as settled settings have it. */
export function clientPrefix(text: string, policy: number): Prefix {
  const [address = '', bits] = text.split('/')
  const octets = addressOctets(address)
  return { address: octets, bits: bits === undefined ? octets.length * 8 : Number(bits), policy }
}
