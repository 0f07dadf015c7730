/**
 * PowerDNS Recursor 4: the list as a response policy zone; everything else from its packet cache or the upstream.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installedVersion } from './harness/installed.ts'
import { CACHE_ENTRIES, LOADS, LOOPBACK, type Peer, type Site } from './harness/peer.ts'
import { LOCAL_DATA, RPZ_ZONE, rpzZone } from './harness/rpz.ts'

export const recursor: Peer = {
  name: 'recursor',
  setup:
    'rpzFile with local data, one thread that listens itself, packet cache, no DNSSEC, no logs, no statistics rings',
  covers: 'subtree',
  resolves: true,
  loads: LOADS,

  installed: () =>
    installedVersion('pdns_recursor', ['--version'], /PowerDNS Recursor (\S+)/, 'Debian package pdns-recursor'),

  prepare(site) {
    writeFileSync(join(site.dir, 'rpz.zone'), rpzZone(site.list, LOCAL_DATA))
    // The local data is the answer: no policy for the whole zone.
    writeFileSync(join(site.dir, 'rpz.lua'), `rpzFile("${join(site.dir, 'rpz.zone')}", {policyName="${RPZ_ZONE}"})\n`)
    writeFileSync(join(site.dir, 'recursor.conf'), configuration(site))
    return { command: 'pdns_recursor', args: [`--config-dir=${site.dir}`] }
  },
}

function configuration({ dir, port, upstreamPort }: Site): string {
  return `daemon=no
write-pid=no
socket-dir=${dir}
disable-syslog=yes
quiet=yes
loglevel=0
structured-logging=no
log-common-errors=no
statistics-interval=0
stats-ringbuffer-entries=0
security-poll-suffix=
local-address=${LOOPBACK}
local-port=${port}
query-local-address=${LOOPBACK}
allow-from=${LOOPBACK}/32
# One thread that listens and works: no hop between threads.
threads=1
pdns-distributes-queries=no
reuseport=yes
record-cache-shards=1
max-cache-entries=${CACHE_ENTRIES * 2}
max-packetcache-entries=${CACHE_ENTRIES}
packetcache-ttl=86400
max-cache-ttl=86400
refresh-on-ttl-perc=0
aggressive-nsec-cache-size=0
max-mthreads=4096
max-udp-queries-per-round=10000
dnssec=off
qname-minimization=no
any-to-tcp=no
# Without these it would make zones of its own at start, or refuse to ask loopback.
export-etc-hosts=off
serve-rfc1918=no
dont-query=
forward-zones-recurse=.=${LOOPBACK}:${upstreamPort}
lua-config-file=${join(dir, 'rpz.lua')}
`
}
