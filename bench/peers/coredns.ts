/**
 * CoreDNS: the list in its hosts plugin, which knows names only and nothing of what is below them; everything else from its
 * cache or the upstream.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GO_ENV, type GoTool, goBinary, goInstalled } from './harness/go-tools.ts'
import { BLOCK_ADDRESS, BLOCK_TTL_SECONDS, CACHE_ENTRIES, LOOPBACK, type Peer, type Site } from './harness/peer.ts'

const TOOL: GoTool = { module: 'github.com/coredns/coredns', version: 'v1.14.7', binary: 'coredns' }

export const coredns: Peer = {
  name: 'coredns',
  setup: 'hosts plugin (asked flagged names only, none below them), cache plugin, GOMAXPROCS=1, no logs',
  covers: 'name',
  resolves: true,
  loads: ['blocked', 'cached', 'mix'],

  installed: () => goInstalled(TOOL),

  prepare(site) {
    const hosts = site.list.names.map(name => `${BLOCK_ADDRESS} ${name}`)
    writeFileSync(join(site.dir, 'hosts'), `${hosts.join('\n')}\n`)
    const file = join(site.dir, 'Corefile')
    writeFileSync(file, configuration(site))
    return { command: goBinary(TOOL), args: ['-conf', file, '-quiet'], env: GO_ENV }
  },
}

// No `errors`, `log` or `prometheus`: each would be a step more for every query. The health check runs once an hour, so never.
function configuration({ dir, port, upstreamPort }: Site): string {
  return `.:${port} {
    bind ${LOOPBACK}
    hosts ${join(dir, 'hosts')} {
        ttl ${BLOCK_TTL_SECONDS}
        no_reverse
        reload 0
        fallthrough
    }
    cache 86400 {
        success ${CACHE_ENTRIES}
        denial 1024
    }
    forward . ${LOOPBACK}:${upstreamPort} {
        max_concurrent 0
        health_check 1h
    }
}
`
}
