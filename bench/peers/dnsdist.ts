/**
 * dnsdist: the list in a SuffixMatchNode, spoofed; everything else from its packet cache or the upstream.
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

export const dnsdist: Peer = {
  name: 'dnsdist',
  setup: 'SuffixMatchNode + SpoofAction, packet cache, one listener, recvmmsg/sendmmsg of 64, smallest rings',
  covers: 'subtree',
  resolves: true,
  loads: LOADS,

  installed: () => installedVersion('dnsdist', ['--version'], /dnsdist (\S+)/, 'Debian package dnsdist'),

  prepare(site) {
    writeFileSync(join(site.dir, 'names'), `${site.list.names.join('\n')}\n`)
    writeFileSync(join(site.dir, 'dnsdist.conf'), configuration(site))
    return { command: 'dnsdist', args: ['--supervised', '--disable-syslog', '-C', join(site.dir, 'dnsdist.conf')] }
  },
}

function configuration({ dir, port, upstreamPort }: Site): string {
  return `
setSecurityPollSuffix("")
setVerboseHealthChecks(false)
-- Batches of datagrams, which its manual advises when most answers come from rules or the cache. A socket each for client and upstream.
setUDPMultipleMessagesVectorSize(64)
setLocal("${LOOPBACK}:${port}")
setUDPSocketBufferSizes(4194304, 4194304)
setMaxUDPOutstanding(65535)
-- Every query and response is copied into the rings for its console; this version cannot turn them off.
setRingBuffersSize(2, 1)
newServer({address="${LOOPBACK}:${upstreamPort}", sockets=1})
-- The upstream always is there: no probes while the clock runs.
getServer(0):setUp()
getPool(""):setCache(newPacketCache(${CACHE_ENTRIES}, {maxTTL=86400, numberOfShards=1, keepStaleData=false}))
local flagged = newSuffixMatchNode()
for name in io.lines("${join(dir, 'names')}") do flagged:add(name) end
-- Quiet: no string of the whole node is made for the console.
addAction(SuffixMatchNodeRule(flagged, true), SpoofAction({"${BLOCK_ADDRESS}"}, {ttl=${BLOCK_TTL_SECONDS}}))
`
}
