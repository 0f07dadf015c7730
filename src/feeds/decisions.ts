/**
 * What persons have decided about feeds: a line each in `<data>/decisions.ndjson`, never changed, with the name of who decided and the hash of what
 * they had before them.
 */
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../platform/make-folder.ts'
import { giveToOwnerOfFolder } from '../platform/ownership.ts'

export interface Decision {
  /** ISO 8601. */
  readonly at: string
  /** A person's name. */
  readonly by: string
  readonly feed: string
  /** `approve` also ends a `rollback`: from then on the source counts again. */
  readonly act: 'approve' | 'rollback'
  /** Of the version that is meant, hexadecimal. */
  readonly sha256: string
  readonly reason?: string
}

export function decisionsPath(dataFolder: string): string {
  return join(dataFolder, 'decisions.ndjson')
}

/** Throws what the file system throws. */
export function appendDecision(dataFolder: string, decision: Decision): void {
  makeFolder(dataFolder)
  const path = decisionsPath(dataFolder)
  appendFileSync(path, `${JSON.stringify(decision)}\n`, { mode: 0o600 })
  giveToOwnerOfFolder(path)
}

/** In the order in which they were taken; a line that is none is passed over, as one that a power cut left unfinished. No file: none. */
export function readDecisions(dataFolder: string): Decision[] {
  let text: string
  try {
    text = readFileSync(decisionsPath(dataFolder), 'utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap(line => decisionIn(line) ?? [])
}

function decisionIn(line: string): Decision | null {
  try {
    const read = JSON.parse(line) as Partial<Decision>
    const texts = [read.at, read.by, read.feed, read.sha256]
    return (read.act === 'approve' || read.act === 'rollback') && texts.every(text => typeof text === 'string')
      ? (read as Decision)
      : null
  } catch {
    return null
  }
}

export function isApproved(decisions: readonly Decision[], feed: string, sha256: string): boolean {
  return decisions.some(own => own.act === 'approve' && own.feed === feed && own.sha256 === sha256)
}

/** The decision by which a feed stays at a version, or null. */
export function pinnedVersion(decisions: readonly Decision[], feed: string): Decision | null {
  const last = decisions.findLast(own => own.feed === feed)
  return last?.act === 'rollback' ? last : null
}
