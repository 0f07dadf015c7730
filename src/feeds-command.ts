/** `qalqan feeds approve` and `rollback`: a person's word on which version counts. */
import type { CompileOptions } from './feeds/compile.ts'
import { appendDecision } from './feeds/decisions.ts'
import { readHistory } from './feeds/history/chain.ts'
import { findVersion, versionBefore } from './feeds/history/versions.ts'
import { readOnly, reportOn } from './feeds/read-only.ts'
import type { FeedSettings, Settings } from './settings/settings.ts'

/** Approves of the version of a feed that is held back, or ends a rollback. Throws TypeError where there is neither. */
export function approveFeed(settings: Settings, name: string, by: string, nowMs: number): string {
  const feed = feedCalled(settings, name)
  needsPerson(by)
  const options = readOnly(settings, nowMs)
  const report = reportOn(feed, options)
  if (!report.isHeld && report.pinned === null) throw new TypeError(`feed ${name} is not held back`)
  const sha256 = heldVersion(feed, options)
  appendDecision(settings.data, { at: new Date(nowMs).toISOString(), by, feed: name, act: 'approve', sha256 })
  const what = report.isHeld ? report.failure : 'its source counts again'
  return `${name}: approved by ${by}: ${what}; sha256 ${sha256}`
}

export interface Rollback {
  readonly name: string
  /** As `findVersion` takes it; null: the one before that in force. */
  readonly to: string | null
  readonly by: string
  readonly reason: string | undefined
}

/** Goes back to a version, which counts until a person approves of the source again. Throws TypeError where it cannot be had. */
export function rollBackFeed(settings: Settings, { name, to, by, reason }: Rollback, nowMs: number): string {
  const feed = feedCalled(settings, name)
  needsPerson(by)
  const { lines } = readHistory(settings.data)
  const version = to === null ? versionBefore(lines, name) : findVersion(lines, name, to)
  if (version === null) throw new TypeError(`feed ${name} has had no other version`)
  const { sha256, at } = version
  const report = reportOn(feed, {
    ...readOnly(settings, nowMs),
    decisions: [{ at, by, feed: name, act: 'rollback', sha256 }],
  })
  if (report.pinned === null) throw new TypeError(`feed ${name} cannot go back: ${report.warnings.join('; ')}`)
  const decision = { at: new Date(nowMs).toISOString(), by, feed: name, act: 'rollback' as const, sha256 }
  appendDecision(settings.data, { ...decision, ...(reason === undefined ? {} : { reason }) })
  return `${name}: back to version ${version.seq} of ${at}, ${report.blocked} blocks, until feeds approve ${name}; sha256 ${sha256}`
}

/** Throws TypeError where there is none. */
export function feedCalled(settings: Settings, name: string): FeedSettings {
  const feed = settings.feeds.find(own => own.name === name)
  if (feed === undefined) throw new TypeError(`no feed is called ${JSON.stringify(name)}`)
  return feed
}

function needsPerson(by: string): void {
  if (by.trim() === '') throw new TypeError('this needs the name of a person: --by NAME')
}

/** What the source has now: read without a memory of what was in force, nothing is held back. */
function heldVersion(feed: FeedSettings, options: CompileOptions): string {
  return reportOn({ ...feed, limits: null }, { ...options, decisions: [] }).sha256
}
