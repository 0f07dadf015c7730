/** `qalqan feeds history`, `verify` and `diff`: what was in force when, and what it said. Reads, and writes nothing. */
import { existsSync } from 'node:fs'
import { openFeedFile } from './feeds/feed-file.ts'
import { NeverBlock } from './feeds/guards/never-block.ts'
import { archivedOf, archivedPath, memorySource, openArchived } from './feeds/history/archive.ts'
import { type HistoryLine, readHistory, versionsInForce } from './feeds/history/chain.ts'
import { type Difference, difference } from './feeds/history/diff.ts'
import { findVersion, openVersion, versionBefore, wholeOf } from './feeds/history/versions.ts'
import { FeedRefused } from './feeds/reader.ts'
import { feedCalled } from './feeds-command.ts'
import { sha256Of } from './platform/sha256.ts'
import type { Settings } from './settings/settings.ts'

const SHOWN_DIGITS = 12
const SHOWN_RULES = 50

/** The lines about one feed, also one that the configuration has no more, or all. Throws TypeError for one that neither knows. */
export function historyOf(settings: Settings, feed: string | null): readonly HistoryLine[] {
  const { lines } = readHistory(settings.data)
  if (feed === null) return lines
  const own = lines.filter(line => line.feed === feed)
  if (own.length === 0) feedCalled(settings, feed)
  return own
}

export function historyText(lines: readonly HistoryLine[]): string {
  const rows = lines.map(({ seq, at, feed, act, sha256, serial, block, allow, reading, guards }) => {
    const keptBack = Object.values(guards?.quarantined ?? {}).reduce((sum, count) => sum + count, 0)
    const quarantined = keptBack === 0 ? '' : `, ${keptBack} quarantined`
    const monitored = reading.mode === 'monitor' ? ', only monitored' : ''
    const counts = act === 'in force' ? `, ${block} blocks, ${allow} exceptions${quarantined}${monitored}` : ''
    return `${seq}  ${at}  ${feed}  ${act}  ${sha256.slice(0, SHOWN_DIGITS)}${serial === null ? '' : `, serial ${serial}`}${counts}`
  })
  return rows.length === 0 ? 'nothing has been in force yet' : rows.join('\n')
}

export interface Verified {
  readonly lines: number
  readonly head: string
  readonly problems: readonly string[]
  /** Versions whose copies are kept, and are what history says of them. */
  readonly copies: number
}

/** Checks the chain of the history, and every version that is kept, with what guards kept back of it. */
export function verifyHistory(
  settings: Pick<Settings, 'data'>,
  onProgress: (done: number, of: number) => void = () => {},
): Verified {
  const { lines, head, problems } = readHistory(settings.data)
  const known = new Map(
    lines.flatMap(line =>
      archivedOf(line).map(sha256 => [archivedPath(settings.data, line.feed, sha256), { feed: line.feed, sha256 }]),
    ),
  )
  const versions = new Set(lines.map(line => archivedPath(settings.data, line.feed, line.sha256)))
  const kept = [...known].filter(([path]) => existsSync(path))
  const bad = kept.flatMap(([path, { feed, sha256 }], i) => {
    onProgress(i, kept.length)
    const problem = copyProblem(settings.data, feed, sha256)
    return problem === null ? [] : [{ path, problem }]
  })
  const copies = kept.filter(([path]) => versions.has(path) && !bad.some(own => own.path === path)).length
  return { lines: lines.length, head, problems: [...problems, ...bad.map(own => own.problem)], copies }
}

function copyProblem(dataFolder: string, feed: string, sha256: string): string | null {
  try {
    openArchived(dataFolder, feed, sha256)
    return null
  } catch (error) {
    if (error instanceof FeedRefused) return error.message
    throw error
  }
}

export function verifiedText({ lines, head, problems, copies }: Verified): string {
  const verdict = problems.length === 0 ? 'the chain is whole' : 'the history is NOT sound'
  return [`${lines} lines, ${copies} kept versions: ${verdict}; head ${head}`, ...problems.map(own => `  ${own}`)].join(
    '\n',
  )
}

export interface FeedDiff extends Difference {
  readonly feed: string
  readonly from: string
  readonly to: string
}

/**
 * From the version in force to the source as it is now; where these are the same, from the version before. `from` and `to` name versions instead.
 * Throws TypeError for what is not there.
 */
export function diffFeed(
  settings: Settings,
  { name, from, to }: { readonly name: string; readonly from: string | null; readonly to: string | null },
  nowMs: number,
  onProgress?: (done: number, of: number) => void,
): FeedDiff {
  const feed = feedCalled(settings, name)
  const { lines } = readHistory(settings.data)
  const source = to === null ? wholeOf(orTypeError(() => openFeedFile(feed.source))) : null
  const sha256 = source === null ? findVersion(lines, name, to!).sha256 : sha256Of(source)
  const start = from === null ? startOf(lines, name, sha256) : findVersion(lines, name, from)
  const now = Math.floor(nowMs / 1000)
  const options = { neverBlock: new NeverBlock(settings.guards, now), now }
  const found = orTypeError(() =>
    difference(
      feed,
      openVersion(settings.data, feed, start.sha256),
      source === null ? openVersion(settings.data, feed, sha256) : memorySource(feed.source, source),
      options,
      onProgress,
    ),
  )
  return { feed: name, from: start.sha256, to: sha256, ...found }
}

function startOf(lines: readonly HistoryLine[], name: string, to: string): HistoryLine {
  if (lines.every(line => line.feed !== name))
    throw new TypeError(`no version of ${name} has been in force yet: there is nothing to compare with`)
  const current = versionsInForce(lines).get(name)
  const start = current?.sha256 === to ? versionBefore(lines, name) : current
  if (start === undefined || start === null) throw new TypeError(`feed ${name} has had no other version`)
  return start
}

/** What a list's own trouble is, as a sentence for whoever typed the command. */
function orTypeError<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw error instanceof FeedRefused ? new TypeError(error.message) : error
  }
}

export function diffText({ feed, from, to, added, withdrawn, near }: FeedDiff): string {
  const some = (mark: string, rules: readonly string[]) => [
    ...rules.slice(0, SHOWN_RULES).map(rule => `${mark} ${rule}`),
    ...(rules.length > SHOWN_RULES ? [`${mark} … and ${rules.length - SHOWN_RULES} more: --json has all`] : []),
  ]
  return [
    `${feed}: ${from.slice(0, SHOWN_DIGITS)} to ${to.slice(0, SHOWN_DIGITS)}: ${added.length} added, ${withdrawn.length} withdrawn, ${near.length} near names that everybody needs`,
    ...near.map(({ rule, reason }) => `! ${rule}: ${reason}`),
    ...some('+', added),
    ...some('-', withdrawn),
  ].join('\n')
}
