/**
 * The authoritative server behind every server under test: NSD with one wildcard, so that each name not blocked has an answer,
 * and a TTL longer than any run, so that no cached answer expires while it is measured.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installedVersion } from './installed.ts'
import { type Installed, type Launch, LOOPBACK, UPSTREAM_ADDRESS } from './peer.ts'

export function upstreamInstalled(): Installed {
  return installedVersion('nsd', ['-v'], /NSD version (\S+)/, 'Debian package nsd')
}

export function prepareUpstream(dir: string, port: number): Launch {
  mkdirSync(dir)
  writeFileSync(join(dir, 'wildcard.zone'), ZONE)
  writeFileSync(join(dir, 'nsd.conf'), configuration(dir, port))
  return { command: 'nsd', args: ['-d', '-c', join(dir, 'nsd.conf')] }
}

const ZONE = `$TTL 86400
@ SOA ns nobody 1 86400 3600 604800 60
@ NS ns
ns A 192.0.2.53
* A ${UPSTREAM_ADDRESS}
`

// The rate limit is for attacks on public servers; every question here comes from one address.
function configuration(dir: string, port: number): string {
  return `server:
  ip-address: ${LOOPBACK}@${port}
  server-count: 1
  username: ""
  chroot: ""
  pidfile: ""
  database: ""
  zonesdir: "${dir}"
  zonelistfile: "${join(dir, 'zone.list')}"
  xfrdfile: ""
  xfrdir: "${dir}"
  cookie-secret-file: ""
  logfile: "/dev/stderr"
  minimal-responses: yes
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: example
  zonefile: wildcard.zone
zone:
  name: test
  zonefile: wildcard.zone
`
}
