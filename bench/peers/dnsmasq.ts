/**
 * dnsmasq: an `address=` line for each name; everything else from its cache or the upstream.
 *
 * It keeps the names sorted by length and, where a name as asked is not among them, walks past all of one length: names below a flagged
 * one cost more the longer the list. A hosts file would cost less, and cover nothing below a name.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installedVersion } from './harness/installed.ts'
import {
  BLOCK_ADDRESS,
  BLOCK_TTL_SECONDS,
  CACHE_ENTRIES,
  LOADS,
  LOOPBACK,
  type Peer,
  type Site,
} from './harness/peer.ts'

export const dnsmasq: Peer = {
  name: 'dnsmasq',
  setup: 'address=/name/ip, cache for 500,000 names, no logs (it has one thread only)',
  covers: 'subtree',
  resolves: true,
  loads: LOADS,

  installed: () => installedVersion('dnsmasq', ['--version'], /version (\S+)/, 'Debian package dnsmasq-base'),

  prepare(site) {
    writeFileSync(join(site.dir, 'dnsmasq.conf'), configuration(site))
    return { command: 'dnsmasq', args: ['--keep-in-foreground', `--conf-file=${join(site.dir, 'dnsmasq.conf')}`] }
  },
}

function configuration({ list, port, upstreamPort }: Site): string {
  const head = `listen-address=${LOOPBACK}
bind-interfaces
port=${port}
# Empty values: stay the user that started it, and write no pid file.
user=
pid-file=
no-hosts
no-resolv
no-poll
server=${LOOPBACK}#${upstreamPort}
cache-size=${CACHE_ENTRIES}
# dns-forward-max stays at its default of 150: raised, dnsmasq walks that many sockets around every query, forwarded or not
# (10,000 doubles the cost of a blocked answer), and no load here has as many questions waiting for the upstream.
local-ttl=${BLOCK_TTL_SECONDS}
log-facility=-
quiet-dhcp
`
  return `${head}${list.names.map(name => `address=/${name}/${BLOCK_ADDRESS}`).join('\n')}\n`
}
