/**
 * Servers written in Go, by `go install` of a pinned version into a folder of the system's temporary one, kept there for the
 * next run. Nothing of it touches the GOPATH of whoever runs this.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  return existsSync(file) ? { version: tool.version.slice(1) } : { missing: `go install made no ${tool.binary}` }
}

function install(tool: GoTool): string | null {
  mkdirSync(join(ROOT, `${tool.binary}-${tool.version}`), { recursive: true })
  const done = spawnSync('go', ['install', `${tool.module}@${tool.version}`], {
    encoding: 'utf8',
    timeout: INSTALL_LIMIT_MS,
    env: { ...process.env, ...environment(tool) },
  })
  if ((done.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return 'go is not installed'
  if (done.error !== undefined) return `go install did not end: ${done.error.message}`
  return done.status === 0 ? null : `go install ${tool.module}@${tool.version} failed`
}

function environment(tool: GoTool): Record<string, string> {
  return {
    GOPATH: join(ROOT, 'path'),
    GOBIN: join(ROOT, `${tool.binary}-${tool.version}`),
    // The machine's own compiler, never one that is fetched; a cache of modules that can be removed like any folder.
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-modcacherw',
  }
}
