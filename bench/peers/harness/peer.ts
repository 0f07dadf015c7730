/**
 * The seam between the comparison and a server under test: what a server is given, and what it gives back.
 *
 * One file per server implements `Peer`. A peer writes its own configuration and says how it is started; it never starts
 * anything itself, so that one place (processes.ts) pins, watches and ends everything.
 */
import type { BlockList } from './names.ts'

export const LOADS = ['blocked', 'cached', 'mix', 'million'] as const
export type LoadName = (typeof LOADS)[number]

/** What one start of a server is given. */
export interface Site {
  /** An empty folder of its own, removed after the server has ended. */
  readonly dir: string
  /** The same on a file system in memory where the machine has one. */
  readonly memoryDir: string
  readonly list: BlockList
  /** Loopback ports: where to listen, and where the authoritative server answers for every name. */
  readonly port: number
  readonly upstreamPort: number
}

export interface Launch {
  readonly command: string
  /** In the foreground, so that the process started is the process measured. */
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export type Installed = { readonly version: string } | { readonly missing: string }

export interface Peer {
  readonly name: string
  /** How it was set up, for the table's notes: what gives it its best. */
  readonly setup: string
  /** Whether a flagged name blocks what is below it, or the peer can only block names one by one. */
  readonly covers: 'subtree' | 'name'
  /** False for a server that answers without looking anything up; its answers are not checked. */
  readonly resolves: boolean
  readonly loads: readonly LoadName[]
  installed(): Installed
  /** Writes configuration and list into the site. Not part of the load time. */
  prepare(site: Site): Launch
}

/** Where blocked names are sent, where the upstream sends every other name, and for how long. */
export const BLOCK_ADDRESS = '192.0.2.200'
export const UPSTREAM_ADDRESS = '192.0.2.1'
export const BLOCK_TTL_SECONDS = 60
export const LOOPBACK = '127.0.0.1'

/**
 * Larger than what is asked of one server, so that none evicts while it is measured: 200,000 popular names, 10,000 cached ones,
 * and 10 % misses of 10 s at 100,000 a second; doubled for the records below messages.
 */
export const CACHE_ENTRIES = 500_000
