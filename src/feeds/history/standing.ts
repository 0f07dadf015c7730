/**
 * What came of a rule on a day. The day is cut into moments: wherever a version, an urgent change or an entry came or went. At each, the rule is weighed against the exceptions that
 * counted then, as the filter weighs them. Policies are not on record, nor is the order of feeds: where the outcome hangs on these, that is what is told.
 */
import type { RuleClass } from '../../images/classes.ts'
import { DAY_MS } from '../../settings/units.ts'
import { EXACT, type Extent, type Network, SUBTREE } from '../entry.ts'
import type { Explanation } from '../explain.ts'
import type { UrgentBlock, UrgentChange } from '../urgent.ts'
import type { Reading } from './chain.ts'
import type { Guarded } from './guarded.ts'
import { heldAt, reaches } from './urgent-then.ts'

/**
 * The first of these that holds of any rule: `in force` at some time of the day, under every policy that has the rule's category; `unknown`: what would tell is not kept any more;
 * `guards not recorded`: of before the history told what guards kept back; `configuration not recorded`: exceptions overruled it under some policies, or by the order of feeds;
 * `excepted`: they overruled it for everybody.
 */
export const STANDINGS = [
  'in force',
  'unknown',
  'guards not recorded',
  'configuration not recorded',
  'excepted',
  'monitored',
  'quarantined',
  'lifted',
  'not listed',
] as const
export type Standing = (typeof STANDINGS)[number]

export function firstOf(standings: readonly Standing[]): Standing {
  return STANDINGS.find(own => standings.includes(own)) ?? 'not listed'
}

/** A rule to block, or an exception. */
export interface WeighedRule {
  readonly name: string
  readonly addresses?: Network['of']
  readonly extent: Extent
  readonly isAllow: boolean
  readonly isUrgent: boolean
  readonly ruleClass: RuleClass
  /** Rules of which this is the same were of one category, whatever it was. */
  readonly category: string
}

/** What comes of a rule to block, with these exceptions: `depends` on the configuration. */
export type Weigh = (rule: WeighedRule, exceptions: readonly WeighedRule[]) => 'blocks' | 'overruled' | 'depends'

/** A version on the day. */
export interface VersionThen {
  /** When it was in force, on that day. */
  readonly fromMs: number
  readonly untilMs: number
  readonly reading: Reading
  /** How many exceptions it had in all. */
  readonly allow: number
  /** What it has about the subject, as at its first moment; null: it cannot be read any more. */
  readonly entries: readonly Explanation[] | null
  readonly guards: Guarded['guards']
}

/** How things stood from one change of them to the next. */
export interface Moment {
  readonly ms: number
  readonly exceptions: readonly WeighedRule[]
  /** A version that cannot be read any more had exceptions: perhaps also for this. */
  readonly isExceptionLost: boolean
  readonly held: ReadonlyMap<string, UrgentChange>
  readonly categories: ReadonlySet<string>
}

/** `changes`: those for the subject and the names above it. */
export function momentsOf(versions: readonly VersionThen[], changes: readonly UrgentChange[], dayMs: number): Moment[] {
  const ends = versions.flatMap(({ fromMs, untilMs, entries }) => [
    fromMs,
    untilMs,
    ...(entries ?? []).flatMap(({ detail }) => (detail?.expiresAt === undefined ? [] : detail.expiresAt * 1000)),
  ])
  const times = new Set([dayMs, ...ends, ...changes.map(change => Date.parse(change.at))])
  return [...times].filter(ms => ms >= dayMs && ms < dayMs + DAY_MS).map(ms => momentAt(ms, versions, changes))
}

function momentAt(ms: number, versions: readonly VersionThen[], changes: readonly UrgentChange[]): Moment {
  const then = versions.filter(own => own.fromMs <= ms && ms < own.untilMs)
  const categories = new Set(then.map(own => own.reading.category))
  const exceptions = then.flatMap(version =>
    (version.entries ?? [])
      .filter(entry => entry.status === 'allows' && !hasExpired(entry, ms))
      .map(entry => ruleOf(entry, version, categories)),
  )
  const isExceptionLost = then.some(own => own.entries === null && own.allow > 0 && own.reading.mode !== 'monitor')
  return { ms, exceptions, isExceptionLost, held: heldAt(changes, ms), categories }
}

/** Of a rule to block that stands in a version. */
export function ruleStanding(
  entry: Explanation,
  version: VersionThen,
  moments: readonly Moment[],
  weigh: Weigh,
): Standing {
  const own = moments.filter(({ ms }) => version.fromMs <= ms && ms < version.untilMs)
  return firstOf(own.map(moment => standingAt(entry, version, moment, weigh)))
}

function standingAt(entry: Explanation, version: VersionThen, moment: Moment, weigh: Weigh): Standing {
  const { status, name, addresses } = entry
  if (hasExpired(entry, moment.ms)) return 'not listed'
  if (status === 'monitored' || status === 'quarantined') return status
  if (addresses === undefined && moment.held.get(name)?.action === 'withdraw') return 'lifted'
  const standing = afterExceptions(ruleOf(entry, version, moment.categories), moment, weigh)
  // Guards have nothing to do with rules about addresses.
  if (standing === 'excepted' || addresses !== undefined || version.guards === 'recorded') return standing
  return version.guards === 'lost' ? 'unknown' : 'guards not recorded'
}

/** Of urgent blocks for a name or those above it; none where there were none. */
export function urgentStandings(name: string, moments: readonly Moment[], weigh: Weigh): Standing[] {
  return moments.flatMap(moment =>
    [...moment.held.values()].flatMap(change =>
      change.action === 'block' && reaches(change, name) ? afterExceptions(urgentRule(change), moment, weigh) : [],
    ),
  )
}

function afterExceptions(rule: WeighedRule, { exceptions, isExceptionLost }: Moment, weigh: Weigh): Standing {
  const came = weigh(rule, exceptions)
  if (came === 'overruled') return 'excepted'
  if (isExceptionLost) return 'unknown'
  return came === 'blocks' ? 'in force' : 'configuration not recorded'
}

function urgentRule({ name, exact, class: ruleClass, category }: UrgentBlock): WeighedRule {
  return { name, extent: exact === true ? EXACT : SUBTREE, isAllow: false, isUrgent: true, ruleClass, category }
}

/** `categories`: those of feeds then. */
function ruleOf(entry: Explanation, { reading }: VersionThen, categories: ReadonlySet<string>): WeighedRule {
  const { name, addresses, extent, isAllow, ruleClass, category: own } = entry
  // A category of its own counts where the configuration knows it, else that of its feed: which of these it was is not on record where no feed had it.
  const category = own === reading.category || categories.has(own) ? own : `${own} or ${reading.category}`
  return {
    name,
    ...(addresses === undefined ? {} : { addresses }),
    extent,
    isAllow,
    isUrgent: false,
    ruleClass,
    category,
  }
}

function hasExpired({ detail }: Explanation, ms: number): boolean {
  return detail?.expiresAt !== undefined && detail.expiresAt * 1000 <= ms
}
