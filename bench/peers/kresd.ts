/**
 * Knot Resolver 5: the list by policy.rpz; everything else from its cache, in memory, or the upstream.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installedVersion } from './harness/installed.ts'
import { BLOCK_ADDRESS, BLOCK_TTL_SECONDS, LOADS, LOOPBACK, type Peer, type Site } from './harness/peer.ts'
import { NO_SUCH_NAME, rpzZone } from './harness/rpz.ts'

export const kresd: Peer = {
  name: 'kresd',
  setup: 'policy.rpz with one shared answer, STUB, one process, cache of 1 GiB in tmpfs, optional modules unloaded',
  covers: 'subtree',
  resolves: true,
  loads: LOADS,

  installed: () => installedVersion('kresd', ['--version'], /version (\S+)/, 'Debian package knot-resolver'),

  prepare(site) {
    writeFileSync(join(site.dir, 'rpz.zone'), rpzZone(site.list, NO_SUCH_NAME))
    writeFileSync(join(site.dir, 'kresd.conf'), configuration(site))
    const workDir = join(site.memoryDir, 'kresd')
    mkdirSync(workDir)
    return { command: 'kresd', args: ['-n', '-c', join(site.dir, 'kresd.conf'), workDir] }
  },
}

function configuration({ dir, memoryDir, port, upstreamPort }: Site): string {
  return `
log_level('crit')
net.listen('${LOOPBACK}', ${port}, { kind = 'dns' })
net.ipv6 = false
cache.open(1024 * MB, 'lmdb://${join(memoryDir, 'kresd', 'cache')}')
-- No validation here, and none of the modules that look at each query for other reasons.
trust_anchors.remove('.')
for _, name in ipairs({'ta_update', 'ta_sentinel', 'ta_signal_query', 'priming', 'detect_time_skew', 'detect_time_jump',
                       'workarounds', 'refuse_nord', 'edns_keepalive', 'extended_error'}) do
  pcall(modules.unload, name)
end
-- One answer for all flagged names: as records in the zone, each name would make an action and a table of its own.
local page = policy.ANSWER({ [kres.type.A] = { rdata = kres.str2ip('${BLOCK_ADDRESS}'), ttl = ${BLOCK_TTL_SECONDS} } }, true)
policy.add(policy.rpz(page, '${join(dir, 'rpz.zone')}', false))
policy.add(policy.all(policy.STUB({'${LOOPBACK}@${upstreamPort}'})))
`
}
