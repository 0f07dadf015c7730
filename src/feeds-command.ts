/** `qalqan feeds status` and `qalqan feeds approve`: the feeds as they are on disk now, and a person's word on one that is held back. */
import { compileFeed } from './feeds/compile.ts'
import { appendDecision, readDecisions } from './feeds/decisions.ts'
import { NeverBlock } from './feeds/guards/never-block.ts'
import { type FeedReport, isInForce } from './feeds/report.ts'
import type { FeedSettings, Settings } from './settings/settings.ts'

export interface FeedStatus {
  readonly name: string
  readonly state: 'in force' | 'held back' | 'last good' | 'not in force'
  readonly block: number
  readonly allow: number
  readonly quarantined: Readonly<Record<string, number>>
  readonly bad: number
  readonly problem: string | null
}

/** Reads every feed as the server would; writes nothing. */
export function feedsStatus(settings: Settings, nowMs: number): FeedStatus[] {
  return settings.feeds.map(feed => statusOf(reportOn(feed, settings, nowMs)))
}

/** Approves of the version of a feed that is held back. Throws TypeError where there is none. */
export function approveFeed(settings: Settings, name: string, by: string, nowMs: number): string {
  const feed = settings.feeds.find(own => own.name === name)
  if (feed === undefined) throw new TypeError(`no feed is called ${JSON.stringify(name)}`)
  if (by.trim() === '') throw new TypeError('approval needs the name of a person: --by NAME')
  const report = reportOn(feed, settings, nowMs)
  if (!report.isHeld) throw new TypeError(`feed ${name} is not held back`)
  const sha256 = heldVersion(feed, settings, nowMs)
  appendDecision(settings.data, { at: new Date(nowMs).toISOString(), by, feed: name, act: 'approve', sha256 })
  return `${name}: approved by ${by}: ${report.failure}; sha256 ${sha256}`
}

/** What the source has now: read without a memory of what was in force, nothing is held back. */
function heldVersion(feed: FeedSettings, settings: Settings, nowMs: number): string {
  return reportOn({ ...feed, limits: null }, settings, nowMs).sha256
}

function reportOn(feed: FeedSettings, settings: Settings, nowMs: number): FeedReport {
  const options = {
    dataFolder: settings.data,
    now: Math.floor(nowMs / 1000),
    keep: false,
    neverBlock: new NeverBlock(settings.guards),
    decisions: readDecisions(settings.data),
  }
  const nowhere = { name: new Uint8Array(256), block() {}, allow() {}, page() {}, skip() {}, bad() {} }
  return compileFeed(feed, options, { sink: nowhere, undo() {} })
}

function statusOf(report: FeedReport): FeedStatus {
  const state = report.isHeld
    ? 'held back'
    : report.fromLastGood
      ? 'last good'
      : isInForce(report)
        ? 'in force'
        : 'not in force'
  const { name, blocked: block, allowed: allow, quarantined, bad, failure: problem } = report
  return { name, state, block, allow, quarantined, bad, problem }
}

/** For a person, a line a feed and one for each problem. */
export function statusText(all: readonly FeedStatus[]): string {
  const width = Math.max(...all.map(own => own.name.length), 0)
  return all.flatMap(own => [lineOf(own, width), ...(own.problem === null ? [] : [`  ${own.problem}`])]).join('\n')
}

function lineOf({ name, state, block, allow, quarantined, bad }: FeedStatus, width: number): string {
  const kept = Object.entries(quarantined).filter(([, count]) => count > 0)
  const reasons = kept.map(([reason, count]) => `${count} ${reason}`).join(', ')
  const more = [reasons === '' ? '' : `quarantined: ${reasons}`, bad === 0 ? '' : `${bad} bad lines`]
  return [`${name.padEnd(width)}  ${state}`, `${block} blocks`, `${allow} exceptions`, ...more]
    .filter(own => own !== '')
    .join(', ')
}
