/**
 * Blocky: the list as wildcards, which cover a name and what is below it; everything else from its cache or the upstream.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GO_ENV, type GoTool, goBinary, goInstalled } from './harness/go-tools.ts'
import { BLOCK_ADDRESS, BLOCK_TTL_SECONDS, LOOPBACK, type Peer, type Site } from './harness/peer.ts'

const TOOL: GoTool = { module: 'github.com/0xERR0R/blocky', version: 'v0.26.2', binary: 'blocky' }

export const blocky: Peer = {
  name: 'blocky',
  setup: 'denylist of wildcards, unbounded cache, GOMAXPROCS=1, no query log',
  covers: 'subtree',
  resolves: true,
  loads: ['blocked', 'cached', 'mix'],

  installed: () => goInstalled(TOOL),

  prepare(site) {
    writeFileSync(join(site.dir, 'names'), `${site.list.names.map(name => `*.${name}`).join('\n')}\n`)
    const file = join(site.dir, 'blocky.yml')
    writeFileSync(file, configuration(site))
    return { command: goBinary(TOOL), args: ['serve', '--config', file], env: GO_ENV }
  },
}

function configuration({ dir, port, upstreamPort }: Site): string {
  return `upstreams:
  init: { strategy: fast }
  strategy: strict
  groups: { default: ["${LOOPBACK}:${upstreamPort}"] }
blocking:
  denylists: { bench: ["${join(dir, 'names')}"] }
  clientGroupsBlock: { default: [bench] }
  blockType: ${BLOCK_ADDRESS}
  blockTTL: ${BLOCK_TTL_SECONDS}s
  loading: { refreshPeriod: -1s, strategy: failOnError }
caching: { maxItemsCount: 0, prefetching: false }
queryLog: { type: none }
# It would answer example. and test. itself.
specialUseDomains: { enable: false }
ports: { dns: "${LOOPBACK}:${port}" }
log: { level: error }
`
}
