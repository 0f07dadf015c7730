/**
 * AdGuard's dnsproxy: the list as a hosts file, which knows names only; everything else from its cache or the upstream.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GO_ENV, type GoTool, goBinary, goInstalled } from './harness/go-tools.ts'
import { BLOCK_ADDRESS, LOOPBACK, type Peer } from './harness/peer.ts'

const TOOL: GoTool = { module: 'github.com/AdguardTeam/dnsproxy', version: 'v0.75.5', binary: 'dnsproxy' }
const CACHE_BYTES = 512 << 20

export const dnsproxy: Peer = {
  name: 'dnsproxy',
  setup: 'hosts file (asked flagged names only, none below them), cache of 512 MiB, GOMAXPROCS=1, no logs',
  covers: 'name',
  resolves: true,
  loads: ['blocked', 'cached', 'mix'],

  installed: () => goInstalled(TOOL),

  prepare({ dir, list, port, upstreamPort }) {
    const hosts = join(dir, 'hosts')
    writeFileSync(hosts, `${list.names.map(name => `${BLOCK_ADDRESS} ${name}`).join('\n')}\n`)
    const args = ['-l', LOOPBACK, '-p', String(port), '-u', `${LOOPBACK}:${upstreamPort}`]
    return {
      command: goBinary(TOOL),
      args: [...args, '--cache', `--cache-size=${CACHE_BYTES}`, `--hosts-files=${hosts}`],
      env: GO_ENV,
    }
  },
}
