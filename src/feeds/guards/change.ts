/**
 * A list that is suddenly another is held back until a person has looked: in March 2012 a mixed-up list made providers block thousands of innocent
 * names. What counts is how many entries there are, against those of the version in force; and that its publisher's serial does not go back, which
 * is how an old list is passed off as a new one.
 *
 * Owns: `<data>/feeds/<name>.state`, what the version in force had. Never: stops a feed that was never in force.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeFolder } from '../../platform/make-folder.ts'

export interface ChangeLimits {
  /** Shares of what there was: 0.2 is a fifth. */
  readonly shrink: number
  readonly grow: number
}

/** The version of a feed in force. */
export interface FeedVersion {
  readonly sha256: string
  readonly entries: number
  /** What its publisher counts versions with; null where there is no such number. */
  readonly serial: number | null
}

/** In a list of fewer entries a few make a large share. */
export const ENTRIES_JUDGED_MIN = 50

/** Why a version may not follow another without a person's word, or null. */
export function changeProblem(
  before: FeedVersion | null,
  now: FeedVersion,
  limits: ChangeLimits | null,
): string | null {
  if (before === null || limits === null || before.sha256 === now.sha256) return null
  if (before.serial !== null && now.serial !== null && now.serial < before.serial)
    return `held back: its serial went back, from ${before.serial} to ${now.serial}`
  if (before.entries < ENTRIES_JUDGED_MIN) return null
  const share = now.entries / before.entries - 1
  if (share >= -limits.shrink && share <= limits.grow) return null
  const change = `${share < 0 ? 'shrank' : 'grew'} by ${Math.round(Math.abs(share) * 100)} %`
  return `held back: it ${change}, from ${before.entries} entries to ${now.entries}`
}

export function versionPath(dataFolder: string, feed: string): string {
  return join(dataFolder, 'feeds', `${encodeURIComponent(feed)}.state`)
}

/** Null where none is known, or what is there cannot be read: a guard that has lost its memory lets the feed pass, once. */
export function readVersion(path: string): FeedVersion | null {
  try {
    const read = JSON.parse(readFileSync(path, 'utf8')) as Partial<FeedVersion>
    const isSound = typeof read.sha256 === 'string' && Number.isInteger(read.entries)
    const serial = Number.isInteger(read.serial) ? read.serial! : null
    return isSound ? { sha256: read.sha256!, entries: read.entries!, serial } : null
  } catch {
    return null
  }
}

/** Returns what went wrong, or null. */
export function writeVersion(path: string, version: FeedVersion): string | null {
  try {
    makeFolder(dirname(path))
    writeFileSync(`${path}.new`, `${JSON.stringify(version)}\n`, { mode: 0o600 })
    renameSync(`${path}.new`, path)
    return null
  } catch (error) {
    return `its size is not remembered: ${(error as Error).message}`
  }
}
