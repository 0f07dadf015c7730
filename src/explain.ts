/**
 * `qalqan explain`: whether and why a name, or an address in answers, is blocked. The entries that speak of it are gathered from the feeds, an image is made of
 * just these, and the filter stage judges: so the answer is the resolver's own.
 */

import { isIP } from 'node:net'
import { asked } from './asked-name.ts'
import type { EntryDetail, Extent } from './feeds/entry.ts'
import { type Explanation, explainSubject, type Subject } from './feeds/explain.ts'
import { filterSink } from './feeds/filter-sink.ts'
import { endText, type GuardException, hasEnded } from './feeds/guards/exception.ts'
import { networkFromText, wideOctets } from './feeds/network.ts'
import { readOnly } from './feeds/read-only.ts'
import type { FeedReport } from './feeds/report.ts'
import { compileOverlay, readUrgent, type UrgentChange } from './feeds/urgent.ts'
import { FilterBuilder } from './images/filter/builder.ts'
import { categoriesOf } from './policy/categories.ts'
import { compilePolicies, policyNumber } from './policy/compile.ts'
import { policyOfClient } from './policy/find-block.ts'
import { Judge, type Judgement } from './policy/judge.ts'
import { openImages } from './resolver/assemble.ts'
import type { FilterImages } from './resolver/filter.ts'
import { visible } from './settings/problems.ts'
import type { Settings } from './settings/settings.ts'
import { addressOctets } from './wire/address-text.ts'
import { nameFromText } from './wire/name.ts'

export interface ExplainRequest {
  /** Or an IP address. */
  readonly name: string
  /** An address that asks; null: whoever no policy names. */
  readonly client: string | null
  /** A policy by its name, in place of a client's. */
  readonly policy: string | null
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

export interface Explained {
  readonly name: string
  readonly policy: string
  readonly blocked: boolean
  readonly judgement: Judgement | null
  /** Every entry that speaks of the name, the address or the client, in force or not. */
  readonly entries: readonly Explanation[]
  /** Urgent changes for the name and those above it. */
  readonly urgent: readonly UrgentChange[]
  /** What persons have said of the name, and of those above it, so that guards let rules count; in force or ended. */
  readonly exceptions: readonly (GuardException & { readonly hasEnded: boolean })[]
  readonly failures: readonly { readonly feed: string; readonly problem: string; readonly fromLastGood: boolean }[]
}

/** Throws TypeError for what is no domain name. Reads the feeds; writes nothing. */
export function explain(settings: Settings, request: ExplainRequest): Explained {
  const { name, wire } = asked(request.name)
  if (request.client !== null && isIP(request.client) === 0) {
    throw new TypeError(`not an IP address: ${visible(request.client)}`)
  }
  const subject: Subject = {
    ...(wire === null ? { answer: wideOctets(name) } : { name: wire }),
    ...(request.client === null ? {} : { client: wideOctets(request.client) }),
  }
  const { entries, reports } = explainSubject(subject, settings.feeds, readOnly(settings, request.nowMs))
  const categories = categoriesOf(settings)
  const { changes } = readUrgent(settings.data)
  const images = imagesOf(settings, categories, entries, changes)
  const policy =
    request.policy !== null
      ? policyNumber(settings, request.policy)
      : request.client !== null
        ? policyOfClient(request.client, images)
        : images.policies.fallback
  const judge = new Judge(categories)
  const judgement =
    wire === null
      ? judge.judgeAddress(addressOctets(name), policy, images)
      : judge.judge(name, policy, images, request.client === null ? null : addressOctets(request.client))
  return {
    name,
    policy: settings.policies[policy]!.name,
    blocked: judgement !== null,
    judgement,
    entries,
    urgent: changes.filter(change => isAtOrAbove(change.name, name)),
    exceptions: settings.guards.exceptions
      .filter(own => isAtOrAbove(own.name, name))
      .map(own => ({ ...own, hasEnded: hasEnded(own, Math.floor(request.nowMs / 1000)) })),
    failures: reports.flatMap(failureOf),
  }
}

/** The images of the configuration, with only the entries in hand. */
function imagesOf(
  settings: Settings,
  categories: readonly string[],
  entries: readonly Explanation[],
  changes: readonly UrgentChange[],
): FilterImages {
  const builder = new FilterBuilder(0)
  for (const [feedNumber, feed] of settings.feeds.entries()) {
    const sink = filterSink(feed, { builder, categories, feedNumber })
    for (const entry of entries) {
      if (entry.feed !== feed.name || (entry.status !== 'blocks' && entry.status !== 'allows')) continue
      if (entry.addresses !== undefined) {
        sink.prefix?.(networkFromText(entry.name, entry.addresses), entry.status === 'allows', entry.detail, entry.line)
        continue
      }
      const octets = nameFromText(entry.name, sink.name)
      if (entry.status === 'blocks') sink.block(octets, entry.extent, entry.detail, entry.line)
      else sink.allow(octets, entry.extent, entry.detail, entry.line)
    }
  }
  return openImages({
    filter: builder.finish(0),
    overlay: compileOverlay(changes, { seed: 0, categories, generation: 0 }).image,
    policies: compilePolicies(settings, categories),
    notListedCategory: categories.length - 1,
  })
}

function failureOf({ name, failure, fromLastGood }: FeedReport) {
  return failure === null ? [] : [{ feed: name, problem: failure, fromLastGood }]
}

const EXTENTS: Readonly<Record<Extent, string>> = { 0: 'that name alone', 1: 'it and all below', 2: 'all below it' }

const ADDRESSES = { answers: 'addresses in answers', clients: 'whoever asks from there' } as const

/** For a person: the verdict first, then the chain of what decided. */
export function explainText({ name, policy, judgement, entries, urgent, exceptions, failures }: Explained): string {
  const lines = [`${name}: ${verdict(judgement)} (policy ${policy})`]
  if (judgement !== null && judgement.caseNumber !== '') lines.push(`  number   ${judgement.caseNumber}`)
  if (judgement?.listedAt) lines.push(`  listed   ${day(judgement.listedAt)}`)
  for (const entry of entries) lines.push(...entryLines(entry))
  for (const change of urgent) lines.push(urgentLine(change))
  for (const own of exceptions)
    lines.push(
      `  exception  ${own.name}: guards ${own.hasEnded ? 'let its rules count no more' : 'let its rules count'}, by ${own.by}, ${endText(own)}: ${own.reason}`,
    )
  if (entries.length === 0) lines.push('  no feed speaks of it')
  for (const { feed, problem, fromLastGood } of failures) {
    lines.push(`  feed ${feed} ${fromLastGood ? 'is in force from its last good copy' : 'is not in force'}: ${problem}`)
  }
  return lines.join('\n')
}

function isAtOrAbove(ancestor: string, name: string): boolean {
  return name === ancestor || name.endsWith(`.${ancestor}`)
}

function urgentLine(change: UrgentChange): string {
  const what =
    change.action === 'block'
      ? `blocked, ${change.class}, case ${change.case}`
      : 'what feeds have for this very name is lifted'
  return `  urgent     ${change.name}: ${what}, ${change.at}${change.reason === undefined ? '' : `: ${visible(change.reason)}`}`
}

function verdict(judgement: Judgement | null): string {
  if (judgement === null) return 'not blocked'
  if (judgement.rule === null) return 'blocked, household: not on the policy’s positive list'
  return `blocked, ${judgement.ruleClass}, category ${judgement.category}, by ${judgement.rule}`
}

/** What an entry is about, and how far it reaches; that it is an exception, where its status does not say so. */
export function placeText({ status, isAllow, name, addresses, extent }: Explanation): string {
  const what = isAllow && status !== 'allows' ? 'exception for ' : ''
  return `${what}${name} (${addresses === undefined ? EXTENTS[extent] : ADDRESSES[addresses]})`
}

function entryLines(own: Explanation): string[] {
  const { feed, line, status, ruleClass, category, detail, guard } = own
  return [
    `  ${status.padEnd(10)} ${placeText(own)}: feed ${feed}, line ${line}, ${ruleClass}, ${category}`,
    ...(guard === undefined ? [] : [`             kept back: ${guard}`]),
    ...detailLines(detail),
  ]
}

function detailLines(detail: EntryDetail | null): string[] {
  if (detail === null) return []
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['case', detail.caseNumber],
    ['reason', detail.reason],
    ['basis', detail.basis],
    ['reviewed by', detail.reviewedBy],
    ['source', detail.source],
    ['url', detail.url],
    ['listed', detail.listedAt === undefined ? undefined : day(detail.listedAt)],
    ['expires', detail.expiresAt === undefined ? undefined : day(detail.expiresAt)],
    ['re-check', detail.recheckAt === undefined ? undefined : day(detail.recheckAt)],
  ]
  return facts.flatMap(([what, value]) => (value === undefined ? [] : [`             ${what}: ${value}`]))
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}
