/**
 * Where a fetch may connect to. A list's address comes from a configuration, but a redirect and a name's addresses come from others: none may lead
 * into the operator's own network, unless the operator says so.
 *
 * Names are resolved by asking the given servers and nobody else, so that this works where Qalqan itself is the host's only resolver. The
 * address that was checked is the one that is connected to.
 */
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { addressOctets } from '../../wire/address-text.ts'
import { isPrivateIpv4, isPrivateIpv6 } from '../../wire/private-address.ts'
import { FetchError } from './fetch-error.ts'

const LOOKUP_TIMEOUT_MS = 3000
const LOOKUP_TRIES = 2
/** Multicast and reserved: 224/3, ff00::/8. */
const MULTICAST_IPV4 = 224
const MULTICAST_IPV6 = 0xff

export interface ResolvedAddress {
  readonly address: string
  readonly family: 4 | 6
}

export type ResolveHost = (host: string) => Promise<readonly ResolvedAddress[]>

/** `servers` as `node:dns` has them: `192.0.2.53:53`, `[2001:db8::53]:53`. */
export function resolverOf(servers: readonly string[]): ResolveHost {
  const resolver = new Resolver({ timeout: LOOKUP_TIMEOUT_MS, tries: LOOKUP_TRIES })
  if (servers.length > 0) resolver.setServers([...servers])
  return async host => {
    const families = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    const [ipv4, ipv6] = families.map(found => (found.status === 'fulfilled' ? found.value : []))
    const all = [
      ...ipv4!.map(address => ({ address, family: 4 as const })),
      ...ipv6!.map(address => ({ address, family: 6 as const })),
    ]
    if (all.length > 0) return all
    const failed = families.find(found => found.status === 'rejected')
    const code = failed?.status === 'rejected' ? (failed.reason as NodeJS.ErrnoException).code : 'ENODATA'
    throw new FetchError('dns', `${host} has no address (${code})`)
  }
}

/** The address to connect to for a host, which is allowed. Throws FetchError; every address of the name is checked. */
export async function destinationOf(
  host: string,
  allowPrivate: boolean,
  resolve: ResolveHost,
): Promise<ResolvedAddress> {
  const literal = host.replace(/^\[|\]$/g, '')
  const family = isIP(literal)
  const all = family === 0 ? await resolve(host) : [{ address: literal, family: family as 4 | 6 }]
  for (const { address } of all) {
    if (!allowPrivate && isOfNetwork(address))
      throw new FetchError(
        'address',
        `${host} is ${address}, an address of a private network (allow_private permits it)`,
      )
  }
  return all[0]!
}

function isOfNetwork(address: string): boolean {
  const octets = addressOctets(address)
  if (octets.length === 4) return isPrivateIpv4(octets, 0) || octets[0]! >= MULTICAST_IPV4
  return isPrivateIpv6(octets, 0) || octets[0] === MULTICAST_IPV6
}
