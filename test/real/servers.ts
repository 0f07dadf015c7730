/** Real servers on zones of the tests: NSD and Knot as authorities, Unbound as the resolver behind which a provider would stand. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../cli/program.ts'
import { RealServer } from './programs.ts'

export interface Zone {
  /** With a final dot. */
  readonly origin: string
  readonly text: string
}

function ownFolder(parent: string, name: string): string {
  const folder = join(parent, name)
  mkdirSync(folder, { recursive: true })
  return folder
}

/** Of an NSD that keeps everything in a folder of its own. */
export function nsdServerSection(port: number, folder: string): string {
  return `server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  zonelistfile: "${folder}/zone.list"
  xfrdir: "${folder}"
  rrl-ratelimit: 0
`
}

export async function startNsd(parent: string, zones: readonly Zone[]): Promise<RealServer> {
  const port = await freePort()
  const folder = ownFolder(parent, `nsd-${port}`)
  for (const [i, zone] of zones.entries()) writeFileSync(join(folder, `${i}.zone`), zone.text)
  const file = join(folder, 'nsd.conf')
  writeFileSync(
    file,
    `${nsdServerSection(port, folder)}  tcp-count: 100
remote-control:
  control-enable: no
${zones.map(({ origin }, i) => `zone:\n  name: "${origin}"\n  zonefile: "${i}.zone"\n`).join('')}`,
  )
  return RealServer.start('nsd', ['-d', '-c', file], { port, name: zones[0]!.origin, folder })
}

/** An authority that signs its zone itself. */
export async function startSigningKnot(parent: string, zone: Zone): Promise<RealServer> {
  const port = await freePort()
  const folder = ownFolder(parent, `knot-${port}`)
  writeFileSync(join(folder, 'signed.zone'), zone.text)
  const file = join(folder, 'knot.conf')
  writeFileSync(
    file,
    `server:
  listen: 127.0.0.1@${port}
  rundir: "${folder}"
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "${folder}"
log:
  - target: stderr
    any: warning
zone:
  - domain: ${zone.origin}
    storage: "${folder}"
    file: signed.zone
    zonefile-load: difference
    dnssec-signing: on
`,
  )
  return RealServer.start('knotd', ['-c', file], { port, name: zone.origin, folder })
}

export interface ResolverOptions {
  /** Zones and the port of the authority that has them. */
  readonly stubs: readonly { readonly origin: string; readonly port: number }[]
  /** DS records in presentation form. */
  readonly anchors?: readonly string[]
}

export async function startUnbound(parent: string, { stubs, anchors = [] }: ResolverOptions): Promise<RealServer> {
  const port = await freePort()
  const folder = ownFolder(parent, `unbound-${port}`)
  const file = join(folder, 'unbound.conf')
  writeFileSync(
    file,
    `server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  interface: 127.0.0.1
  port: ${port}
  num-threads: 1
  do-ip6: no
  do-not-query-localhost: no
  module-config: "validator iterator"
  access-control: 127.0.0.0/8 allow
  local-zone: "test." nodefault
  qname-minimisation: no
  msg-cache-size: 8m
  rrset-cache-size: 16m
${anchors.map(anchor => `  trust-anchor: "${anchor}"\n`).join('')}${anchors.length === 0 ? '' : '  val-log-level: 2\n'}
remote-control:
  control-enable: no
${stubs.map(({ origin, port: at }) => `stub-zone:\n  name: "${origin}"\n  stub-addr: 127.0.0.1@${at}\n`).join('')}`,
  )
  return RealServer.start('unbound', ['-d', '-p', '-c', file], { port, name: stubs[0]!.origin, folder })
}
