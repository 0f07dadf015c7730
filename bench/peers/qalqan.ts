/**
 * Qalqan itself, from these sources, as an operator would start it.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BLOCK_ADDRESS, BLOCK_TTL_SECONDS, type Launch, LOADS, LOOPBACK, type Peer, type Site } from './harness/peer.ts'

const ROOT = join(import.meta.dirname, '../..')
/** It becomes the process that serves. */
const PROGRAM = join(ROOT, 'bin/qalqan')

export const qalqan: Peer & { launch(configuration: string): Launch } = {
  name: 'qalqan',
  setup: 'one worker, defaults otherwise; the list as a feed of plain domains',
  covers: 'subtree',
  resolves: true,
  loads: LOADS,

  installed() {
    if (!existsSync(PROGRAM)) return { missing: 'bin/qalqan is not there' }
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    return { version: `${version} on Node ${process.version.slice(1)}` }
  },

  prepare(site) {
    writeFileSync(join(site.dir, 'names'), `${site.list.names.join('\n')}\n`)
    const file = join(site.dir, 'qalqan.yaml')
    writeFileSync(file, configuration(site))
    return qalqan.launch(file)
  },

  launch(file) {
    return { command: PROGRAM, args: ['serve', '--config', file], env: { NODE_ENV: 'production' } }
  },
}

function configuration({ dir, port, upstreamPort }: Site): string {
  return `listen: ["${LOOPBACK}:${port}"]
workers: 1
upstreams: ["${LOOPBACK}:${upstreamPort}"]
blocking:
  answer: page
  page: { ipv4: ${BLOCK_ADDRESS} }
  ttl: ${BLOCK_TTL_SECONDS}s
feeds:
  - name: bench
    source: names
    format: domains
    class: hotline
    category: illegal
policies:
  - { name: default, categories: [illegal] }
data: ${join(dir, 'data')}
log: { level: error }
`
}
