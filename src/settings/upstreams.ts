/**
 * Who is asked for what is not blocked: never this resolver itself, which would ask itself until the tables are full.
 *
 * An upstream written in the file that is our own listener is a mistake and reported. One from resolv.conf is left out: on
 * the machine that serves itself, resolv.conf is expected to name this resolver.
 */
import { isIPv4 } from 'node:net'
import { formatEndpoint, isWildcard, parseAddress, parseEndpoint, sameEndpoint } from './address.ts'
import { nearest } from './nearest.ts'
import type { Path, Result } from './problems.ts'
import { quote, visible } from './problems.ts'
import { nameservers } from './resolv-conf.ts'
import type { Config } from './schema.ts'
import type { Endpoint } from './settings.ts'
import { type Settling, take } from './settling.ts'

const DNS_PORT = 53
const SYSTEM = 'system'

export function settleUpstreams(config: Config, listen: readonly Endpoint[], settling: Settling): Endpoint[] {
  const written = config.upstreams.map((entry, index) =>
    entry === SYSTEM ? SYSTEM : take(readUpstream(entry), ['upstreams', index], settling),
  )
  const settled: Endpoint[] = []
  const seen = new Set<string>()
  for (const [index, entry] of written.entries()) {
    if (entry === null) continue
    const shown = entry === SYSTEM ? SYSTEM : formatEndpoint(entry)
    if (seen.size === seen.add(shown).size) settling.report(['upstreams', index], `${quote(shown)} stands twice`)
    else if (entry === SYSTEM)
      settled.push(...systemUpstreams(listen, settling).filter(found => !isAmong(found, [...settled, ...written])))
    else if (refuseOwn(entry, ['upstreams', index], listen, settling)) settled.push(entry)
  }
  return settled
}

/** Addresses of servers, none of them twice or this resolver itself; `path` is that of the list. */
export function settleServers(
  addresses: readonly string[],
  path: Path,
  listen: readonly Endpoint[],
  settling: Settling,
): Endpoint[] {
  const settled: Endpoint[] = []
  for (const [index, written] of addresses.entries()) {
    const at = [...path, index]
    const server = take(parseEndpoint(written, DNS_PORT), at, settling)
    if (server === null || !refuseOwn(server, at, listen, settling)) continue
    if (settled.some(other => sameEndpoint(other, server)))
      settling.report(at, `${formatEndpoint(server)} stands twice`)
    else settled.push(server)
  }
  return settled
}

function readUpstream(text: string): Result<Endpoint> {
  if (nearest(text, [SYSTEM]) !== null)
    return { why: `expected an address or system, got ${quote(text)}: did you mean "system"?` }
  return parseEndpoint(text, DNS_PORT)
}

function refuseOwn(entry: Endpoint, path: Path, listen: readonly Endpoint[], settling: Settling): boolean {
  const own = ownListener(entry, listen, settling.environment.localAddresses)
  if (isWildcard(entry.address)) settling.report(path, `${quote(entry.address)} is no address that can be asked`)
  else if (own !== null)
    settling.report(path, `${formatEndpoint(entry)} is this resolver itself, which listens on ${formatEndpoint(own)}`)
  else return true
  return false
}

/** Says in a warning why there is none, for then every name that is neither blocked nor known here gets SERVFAIL. */
function systemUpstreams(listen: readonly Endpoint[], settling: Settling): Endpoint[] {
  const text = settling.environment.readResolvConf()
  const found: Endpoint[] = []
  const left: string[] = []
  for (const server of nameservers(text ?? '')) {
    const parsed = parseAddress(server)
    const why = 'why' in parsed ? parsed.why : ownReason({ ...parsed.value, port: DNS_PORT }, listen, settling)
    if (why !== null) left.push(`${visible(server.slice(0, 60))} (${why})`)
    else if ('value' in parsed) found.push({ ...parsed.value, port: DNS_PORT })
  }
  if (found.length > 0) return found
  const reason =
    text === null
      ? 'there is no /etc/resolv.conf'
      : left.length === 0
        ? '/etc/resolv.conf names no server'
        : `left out ${left.join(', ')}`
  settling.warn(`The upstream "system" stands for no server: ${reason}.`)
  return found
}

function ownReason(server: Endpoint, listen: readonly Endpoint[], settling: Settling): string | null {
  if (isWildcard(server.address)) return 'no address that can be asked'
  return ownListener(server, listen, settling.environment.localAddresses) === null ? null : 'this resolver itself'
}

/** The listener of ours that a question to `server` would reach, or null. */
function ownListener(
  server: Endpoint,
  listen: readonly Endpoint[],
  localAddresses: readonly string[],
): Endpoint | null {
  const local = isLoopback(server.address) || localAddresses.includes(server.address)
  // Sockets on :: take IPv6 alone (IPV6_V6ONLY), so each wildcard stands for the addresses of its own family.
  const reaches = (own: Endpoint) =>
    local && own.port === server.port && own.family === server.family && isWildcard(own.address)
  return listen.find(own => sameEndpoint(own, server) || reaches(own)) ?? null
}

function isLoopback(address: string): boolean {
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'))
}

function isAmong(server: Endpoint, others: readonly (Endpoint | typeof SYSTEM | null)[]): boolean {
  return others.some(other => other !== null && other !== SYSTEM && sameEndpoint(other, server))
}
