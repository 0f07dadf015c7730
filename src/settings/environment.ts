/** What settling needs to know of the machine, so that a test can say it and `systemEnvironment` can look. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { availableParallelism, networkInterfaces } from 'node:os'
import { systemReason } from './read.ts'

export interface Environment {
  /** For `workers: auto`. At least 1. */
  readonly cpus: number
  /** For the upstream `system`: the text of resolv.conf, or null where there is none. */
  readonly readResolvConf: () => string | null
  /** Every address of this machine, without zones. The loopback networks need not be among them. */
  readonly localAddresses: readonly string[]
  /** Why the file at an absolute path cannot be read, or null. */
  readonly fileProblem: (path: string) => string | null
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const RESOLV_CONF = '/etc/resolv.conf'

export function systemEnvironment(): Environment {
  return { cpus: availableParallelism(), readResolvConf, localAddresses: localAddresses(), fileProblem, now: Date.now }
}

export function fileProblem(path: string): string | null {
  try {
    const status = statSync(path)
    if (status.isDirectory()) return 'is a directory, expected a file'
    if (!status.isFile()) return 'is not a regular file'
    accessSync(path, constants.R_OK)
    return null
  } catch (error) {
    return systemReason(error)
  }
}

function readResolvConf(): string | null {
  try {
    return readFileSync(RESOLV_CONF, 'utf8')
  } catch {
    return null
  }
}

function localAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap(addresses => (addresses ?? []).map(({ address }) => address))
}
