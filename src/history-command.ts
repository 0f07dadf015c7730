/** `qalqan feeds history`, `verify`, `diff` and `proof`: what was in force when, and what it said. Reads, and writes nothing. */

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { asked, placeText } from './explain.ts'
import { openFeedFile } from './feeds/feed-file.ts'
import { NeverBlock } from './feeds/guards/never-block.ts'
import { archivedPath, memorySource, openArchived } from './feeds/history/archive.ts'
import { type History, type HistoryLine, readHistory, versionsInForce } from './feeds/history/chain.ts'
import { type Difference, difference } from './feeds/history/diff.ts'
import { type Proof, proveListing, type VersionProof } from './feeds/history/proof.ts'
import { findVersion, openVersion, versionBefore, wholeOf } from './feeds/history/versions.ts'
import { wideOctets } from './feeds/network.ts'
import { FeedRefused } from './feeds/reader.ts'
import { feedCalled } from './feeds-command.ts'
import type { Settings } from './settings/settings.ts'

const SHOWN_DIGITS = 12
const SHOWN_RULES = 50

/** The lines about one feed, or all. */
export function historyOf(settings: Settings, feed: string | null): readonly HistoryLine[] {
  const { lines } = readHistory(settings.data)
  return feed === null ? lines : lines.filter(line => line.feed === feed)
}

export function historyText(lines: readonly HistoryLine[]): string {
  const rows = lines.map(({ seq, at, feed, act, sha256, serial, block, allow }) => {
    const counts = act === 'in force' ? `, ${block} blocks, ${allow} exceptions` : ''
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

/** Checks the chain of the history, and every version that is kept. */
export function verifyHistory(settings: Settings, onProgress: (done: number, of: number) => void = () => {}): Verified {
  const { lines, head, problems } = readHistory(settings.data)
  const versions = new Map(lines.map(line => [archivedPath(settings.data, line.feed, line.sha256), line]))
  const kept = [...versions].filter(([path]) => existsSync(path))
  const bad = kept.flatMap(([path, { feed, sha256 }], i) => {
    onProgress(i, kept.length)
    return copyProblem(settings.data, feed, sha256, path) ?? []
  })
  return { lines: lines.length, head, problems: [...problems, ...bad], copies: kept.length - bad.length }
}

function copyProblem(dataFolder: string, feed: string, sha256: string, path: string): string | null {
  try {
    const found = createHash('sha256')
      .update(wholeOf(openArchived(dataFolder, feed, sha256)))
      .digest('hex')
    return found === sha256 ? null : `${path} is not what history says of it`
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
  const sha256 =
    source === null ? findVersion(lines, name, to!).sha256 : createHash('sha256').update(source).digest('hex')
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

/** `name` may be an address: in answers, or one that asks. Throws TypeError for what is neither and for what is no day. */
export function prove(
  settings: Settings,
  { name: written, on }: { readonly name: string; readonly on: string },
  onProgress?: (done: number, of: number) => void,
): Proof {
  const { name: shown, wire } = asked(written)
  const address = wire === null ? wideOctets(shown) : null
  const subject = wire === null ? { answer: address!, client: address! } : { name: wire }
  return proveListing(settings.data, { subject, shown, on }, onProgress)
}

export function proofText({ name, on, isListed, versions, urgent, history }: Proof): string {
  const unreadable = versions.some(own => own.entries === null)
  const verdict = isListed
    ? 'was listed'
    : unreadable
      ? 'cannot be told: versions are not kept any more'
      : 'was not listed'
  return [
    `${name} on ${on}: ${verdict}`,
    ...versions.flatMap(versionLines),
    ...urgent.map(change => `  urgent ${change.action} of ${change.name}, ${change.at}`),
    ...(versions.length === 0 ? ['  no version of any feed was in force then'] : []),
    chainLine(history),
  ].join('\n')
}

function versionLines({ feed, seq, sha256, from, until, entries, problem }: VersionProof): string[] {
  const head = `  ${feed}, line ${seq} of the history, in force from ${from} ${until === null ? 'on' : `to ${until}`}, sha256 ${sha256}`
  if (entries === null) return [head, `    ${problem}`]
  return [head, ...entries.map(own => `    ${own.status} ${placeText(own)}, line ${own.line}`)]
}

function chainLine({ lines, head, problems }: { lines: number } & Pick<History, 'head' | 'problems'>): string {
  const verdict = problems.length === 0 ? 'the chain is whole' : `the chain is NOT whole: ${problems[0]}`
  return `  history: ${lines} lines, ${verdict}; head ${head}`
}
