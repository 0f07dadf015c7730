/**
 * Unbound, twice: the list as redirected local zones, which costs it least, and as a response policy zone, which is how lists
 * are handed round; everything else from its message cache or the upstream.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installedVersion } from './harness/installed.ts'
import type { BlockList } from './harness/names.ts'
import { BLOCK_ADDRESS, BLOCK_TTL_SECONDS, LOADS, LOOPBACK, type Peer, type Site } from './harness/peer.ts'
import { LOCAL_DATA, RPZ_ZONE, rpzZone } from './harness/rpz.ts'

const SETUP = 'one thread, caches of 1 GiB in one slab, no validation, no logs'

export const unbound: Peer = {
  ...common(`local-zone redirect with local-data, ${SETUP}`),
  name: 'unbound',
  prepare: site => launch(site, { zones: localZones(site.list), modules: 'iterator' }),
}

export const unboundRpz: Peer = {
  ...common(`rpz with local data, ${SETUP}`),
  name: 'unbound-rpz',
  prepare(site) {
    const zonefile = join(site.dir, 'rpz.zone')
    writeFileSync(zonefile, rpzZone(site.list, LOCAL_DATA))
    return launch(site, { zones: `rpz:\n  name: ${RPZ_ZONE}\n  zonefile: "${zonefile}"\n`, modules: 'respip iterator' })
  },
}

function common(setup: string): Pick<Peer, 'setup' | 'covers' | 'resolves' | 'loads' | 'installed'> {
  const installed = () => installedVersion('unbound', ['-V'], /Version (\S+)/, 'Debian package unbound')
  return { setup, covers: 'subtree', resolves: true, loads: LOADS, installed }
}

interface Filter {
  readonly zones: string
  readonly modules: string
}

function launch(site: Site, filter: Filter): ReturnType<Peer['prepare']> {
  const file = join(site.dir, 'unbound.conf')
  writeFileSync(file, configuration(site, filter))
  return { command: 'unbound', args: ['-d', '-p', '-c', file] }
}

function localZones(list: BlockList): string {
  const line = (name: string) =>
    `  local-zone: ${name} redirect\n  local-data: "${name} ${BLOCK_TTL_SECONDS} A ${BLOCK_ADDRESS}"`
  return `server:\n${list.names.map(line).join('\n')}\n`
}

function configuration({ dir, port, upstreamPort }: Site, { zones, modules }: Filter): string {
  return `server:
  directory: "${dir}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  verbosity: 0
  log-servfail: no
  statistics-interval: 0
  interface: ${LOOPBACK}
  port: ${port}
  do-ip6: no
  # One thread: no locks to share, so one slab of each cache.
  num-threads: 1
  so-reuseport: no
  msg-cache-slabs: 1
  rrset-cache-slabs: 1
  infra-cache-slabs: 1
  key-cache-slabs: 1
  # Twice as much for the record sets as for the messages, as its manual advises.
  msg-cache-size: 350m
  rrset-cache-size: 700m
  so-rcvbuf: 4m
  so-sndbuf: 4m
  outgoing-range: 8192
  num-queries-per-thread: 4096
  infra-cache-numhosts: 10000
  # No validator: none of the servers validates here.
  module-config: "${modules}"
  minimal-responses: yes
  rrset-roundrobin: no
  prefetch: no
  qname-minimisation: no
  use-caps-for-id: no
  ratelimit: 0
  ip-ratelimit: 0
  do-not-query-localhost: no
  # This name is answered by Unbound itself otherwise.
  local-zone: "test." nodefault
  access-control: ${LOOPBACK}/32 allow
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: ${LOOPBACK}@${upstreamPort}
${zones}`
}
