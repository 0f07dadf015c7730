/** Where the resolver and its HTTP pages listen, and that no two want the same address and port. */
import { formatEndpoint, isWildcard, parseEndpoint, sameEndpoint } from './address.ts'
import { parseName } from './names.ts'
import { hint } from './nearest.ts'
import type { Path } from './problems.ts'
import { quote } from './problems.ts'
import type { Config } from './schema.ts'
import type { Endpoint, ListenSettings, Settings } from './settings.ts'
import { type Settling, take } from './settling.ts'
import { settleTls } from './tls.ts'

const DNS_PORT = 53

export function settleListen(config: Config, policies: readonly string[], settling: Settling): ListenSettings[] {
  const settled: ListenSettings[] = []
  for (const [index, entry] of config.listen.entries()) {
    const { address, policy = null } = typeof entry === 'string' ? { address: entry } : entry
    const path: Path = typeof entry === 'string' ? ['listen', index] : ['listen', index, 'address']
    if (policy !== null && !policies.includes(policy) && settling.whole('policies'))
      settling.report(
        ['listen', index, 'policy'],
        `there is no policy ${quote(policy)}${hint(policy, policies, 'there are')}`,
      )

    const endpoint = take(parseEndpoint(address, DNS_PORT), path, settling)
    if (endpoint === null) continue
    if (settled.some(other => sameEndpoint(other, endpoint)))
      settling.report(path, `${formatEndpoint(endpoint)} stands twice: one address and port can have one listener`)
    else settled.push({ ...endpoint, policy })
  }
  return settled
}

export function settleHttp(config: Config, listen: readonly Endpoint[], settling: Settling): Settings['http'] {
  const endpoint = (key: 'page' | 'admin') => {
    const written = config.http[key]
    return written === undefined ? null : take(parseEndpoint(written, null), ['http', key], settling)
  }
  const tls = settleTls(config, settling)
  const wanted: readonly (readonly [Path, Endpoint | null])[] = [
    [['http', 'page'], endpoint('page')],
    [['http', 'admin'], endpoint('admin')],
    [['http', 'tls', 'listen'], tls?.endpoint ?? null],
  ]
  const taken: { readonly path: Path; readonly endpoint: Endpoint }[] = []
  for (const [path, own] of wanted) {
    if (own === null) continue
    const listener = listen.find(other => collide(own, other))
    if (listener !== undefined) settling.report(path, `${formatEndpoint(listener)} is a DNS listener already`)
    const before = taken.find(other => collide(other.endpoint, own))
    if (before !== undefined)
      settling.report(path, `${formatEndpoint(before.endpoint)} is taken by ${before.path.join('.')} already`)
    taken.push({ path, endpoint: own })
  }
  const [[, page], [, admin]] = wanted as [(typeof wanted)[number], (typeof wanted)[number]]
  const adminNames = config.http.admin_names.flatMap((name, i) => {
    const own = take(parseName(name), ['http', 'admin_names', i], settling)
    return own === null ? [] : [own]
  })
  return { page, admin, adminNames, tls }
}

/** Whether the second of two could not be bound: HTTP listeners do not share a port. */
function collide(a: Endpoint, b: Endpoint): boolean {
  if (a.port !== b.port || a.family !== b.family) return false
  return a.address === b.address || isWildcard(a.address) || isWildcard(b.address)
}
