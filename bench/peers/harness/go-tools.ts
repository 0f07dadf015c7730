/**
 * Servers written in Go, built from a pinned version in a folder of the system's temporary one, kept there for the
 * next run. Nothing of it touches the GOPATH of whoever runs this.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Installed } from './peer.ts'

export interface GoTool {
  readonly module: string
  /** With its `v`. */
  readonly version: string
  readonly binary: string
}

/** Two cores compile the largest of them in about five minutes. */
const INSTALL_LIMIT_MS = 15 * 60_000

const ROOT = join(tmpdir(), 'qalqan-bench-go')

/** One thread for Go code, as every other server here has one. */
export const GO_ENV = { GOMAXPROCS: '1' } as const

export function goBinary({ binary, version }: GoTool): string {
  return join(ROOT, `${binary}-${version}`, binary)
}

/** Installs it when it is not there yet; says why when it cannot be. */
export function goInstalled(tool: GoTool): Installed {
  const file = goBinary(tool)
  const problem = existsSync(file) ? null : install(tool)
  if (problem !== null) return { missing: problem }
  return existsSync(file) ? { version: tool.version.slice(1) } : { missing: `go build made no ${tool.binary}` }
}

function install(tool: GoTool): string | null {
  const dir = dirname(goBinary(tool))
  mkdirSync(dir, { recursive: true })
  rmSync(join(dir, 'go.mod'), { force: true })
  // In a module of its own rather than by `go install`, which first asks for every version there is, and not each module proxy lists them.
  const steps = [
    ['mod', 'init', 'peer'],
    ['mod', 'edit', `-require=${tool.module}@${tool.version}`],
    ['build', '-mod=mod', '-o', tool.binary, tool.module],
  ]
  for (const args of steps) {
    const problem = run(args, dir)
    if (problem !== null) return `${problem}, of ${tool.module}@${tool.version}`
  }
  return null
}

function run(args: readonly string[], cwd: string): string | null {
  const env = { ...process.env, ...ENVIRONMENT }
  const done = spawnSync('go', args, { cwd, encoding: 'utf8', timeout: INSTALL_LIMIT_MS, env })
  if ((done.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return 'go is not installed'
  if (done.error !== undefined) return `go ${args[0]} did not end: ${done.error.message}`
  return done.status === 0 ? null : `go ${args[0]} failed`
}

const ENVIRONMENT = {
  GOPATH: join(ROOT, 'path'),
  // The machine's own compiler, never one that is fetched; a cache of modules that can be removed like any folder.
  GOTOOLCHAIN: 'local',
  GOFLAGS: '-modcacherw',
}
