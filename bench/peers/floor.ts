/**
 * The floor: no server, only the batch calls that any server of this design must make. What it costs is the kernel's share.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOOPBACK, type Peer } from './harness/peer.ts'

const SOURCE = join(import.meta.dirname, 'floor.c')

export const floor: Peer = {
  name: 'floor',
  setup: 'C, recvmmsg and sendmmsg of 64, sets QR and echoes the question: no work at all',
  covers: 'subtree',
  resolves: false,
  loads: ['blocked', 'cached'],

  // Compiled once here to learn whether it can be, and again into each site: it takes a tenth of a second.
  installed() {
    const dir = mkdtempSync(join(tmpdir(), 'qalqan-floor-'))
    try {
      const problem = compile(join(dir, 'floor'))
      return problem === null ? { version: '(floor.c)' } : { missing: problem }
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  },

  prepare({ dir, port }) {
    const binary = join(dir, 'floor')
    const problem = compile(binary)
    if (problem !== null) throw new Error(problem)
    return { command: binary, args: [LOOPBACK, String(port)] }
  },
}

function compile(binary: string): string | null {
  const compiler = spawnSync('cc', ['-O2', '-Wall', '-o', binary, SOURCE], { encoding: 'utf8', timeout: 60_000 })
  if (compiler.error !== undefined) return 'cc is not installed (Debian package gcc)'
  return compiler.status === 0 ? null : `floor.c does not compile: ${compiler.stderr.slice(0, 200)}`
}
