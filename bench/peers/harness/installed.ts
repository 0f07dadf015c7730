/**
 * Whether a program is on the machine, by asking it for its version.
 */
import { spawnSync } from 'node:child_process'
import type { Installed } from './peer.ts'

export function installedVersion(command: string, args: readonly string[], pattern: RegExp, from: string): Installed {
  const asked = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 })
  if (asked.error !== undefined) return { missing: `${command} is not installed (${from})` }
  const version = pattern.exec(`${asked.stdout}${asked.stderr}`)?.[1]
  return version === undefined ? { missing: `${command} does not tell its version` } : { version }
}
