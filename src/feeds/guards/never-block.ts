/**
 * Names that no feed may block, whatever it says: the root and public suffixes, under which strangers to each other live; hosts that are shared by
 * their users; names that the network, the state or the operator cannot do without; and what everybody uses. A rule that would reach one of
 * them is quarantined, and the rest of its feed counts. A named person can make an exception, in the configuration.
 *
 * Works in the compiling process. A rule costs some 300 ns, most of it the look into the public suffix list.
 */
import { createRequire } from 'node:module'
import { NAME_OCTETS_MAX } from '../../wire/name.ts'
import { BELOW, EXACT, type Extent } from '../entry.ts'
import { exceptionsByName, type GuardException, hasEnded } from './exception.ts'
import { Reasons } from './reasons.ts'

export const QUARANTINE_REASONS = ['root', 'public-suffix', 'shared-host', 'protected', 'top-list'] as const
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number]

export interface GuardVerdict {
  readonly reason: QuarantineReason
  /** What a person has said about rules of this very name, in force or ended. */
  readonly exception: GuardException | null
  /** Whether the rule is kept back. */
  readonly holds: boolean
}

export interface NeverBlockNames {
  /** Lower-case A-labels without a final dot, as all names here; with `*.` before one, all below it as well. */
  readonly protected: readonly string[]
  readonly topList: readonly string[]
  /** Rules of exactly these names count all the same. */
  readonly exceptions: readonly GuardException[]
  /** Feeds that are only positive lists: what stands there is let through, not blocked. */
  readonly positiveFeeds: readonly string[]
}

/** What an operator who names nothing has. */
export const NOTHING_OF_YOUR_OWN: NeverBlockNames = { protected: [], topList: [], exceptions: [], positiveFeeds: [] }

/** Infrastructure that blocking breaks for everybody: the root's and the large registries' servers, those of .kz, its government and emergencies. */
export const ALWAYS_PROTECTED = [
  '*.root-servers.net',
  '*.gtld-servers.net',
  'iana.org',
  'icann.org',
  '*.nic.kz',
  '*.gov.kz',
  '*.egov.kz',
  'in-addr.arpa',
  'ip6.arpa',
] as const

const DOT = 0x2e
const BELOW_MARK = '*.'
/** A site is known under both names. */
const WWW = 'www.'

/** No public suffix has more labels; deeper names are not looked up. */
const SUFFIX_LABELS_MAX = 5
const SUFFIX_OPTIONS = {
  allowPrivateDomains: true,
  extractHostname: false,
  validateHostname: false,
  mixedInputs: false,
  detectIp: false,
} as const

export class NeverBlock {
  /** What each name is, and what the names above one are: blocking those with all below blocks it as well. */
  private readonly own = new Reasons()
  private readonly above = new Reasons()
  /** Names that are protected with all below them, and their last labels, by which nearly every other name is told at once. */
  private readonly withBelow = new Set<string>()
  private readonly lastLabels = new Set<string>()
  private readonly exceptions: ReadonlyMap<string, GuardException>
  private readonly positiveFeeds: readonly string[]
  private readonly suffixes = publicSuffixes()
  private readonly now: number
  /** Names of more labels are neither any of these nor above one. */
  private labelsMax = SUFFIX_LABELS_MAX

  /** `now`: seconds since 1970. */
  constructor(names: NeverBlockNames, now: number) {
    this.now = now
    this.exceptions = exceptionsByName(names.exceptions)
    this.positiveFeeds = names.positiveFeeds
    for (const name of [...ALWAYS_PROTECTED, ...names.protected]) this.protect(name)
    for (const name of names.topList) this.add(name, 'top-list')
  }

  private protect(written: string): void {
    if (!written.startsWith(BELOW_MARK)) return this.add(written, 'protected')
    const name = written.slice(BELOW_MARK.length)
    this.add(name, 'protected')
    this.above.add(name, 'protected')
    this.withBelow.add(name)
    this.lastLabels.add(lastLabel(name))
  }

  private add(name: string, reason: QuarantineReason): void {
    this.own.add(name, reason)
    this.labelsMax = Math.max(this.labelsMax, name.split('.').length + 1)
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      this.above.add(name.slice(dot + 1), reason)
    }
  }

  /** Whether a feed blocks at all. */
  guards(feed: string): boolean {
    return !this.positiveFeeds.includes(feed)
  }

  /** What a name stands near, in words, or null. For people: a rule near such a name is no mistake in itself. */
  near(name: string): string | null {
    for (let at = 0; at >= 0; at = name.indexOf('.', at) + 1 || -1) {
      const reason = this.own.get(name.slice(at))
      if (reason !== undefined) return `${at === 0 ? 'it is' : 'below'} ${name.slice(at)}, ${reason}`
    }
    const below = this.above.get(name)
    return below === undefined ? null : `above a name that is ${below}`
  }

  /** What the guards say of a rule for the name in wire form; null: nothing. */
  verdict(wire: Uint8Array, extent: Extent): GuardVerdict | null {
    if (wire[0] === 0) return { reason: 'root', exception: null, holds: true }
    const from = lastLabelsFrom(wire, this.labelsMax)
    const name = textOf(wire, from)
    const reason = this.reasonBelow(name) ?? (from > 0 ? null : this.reasonAt(name, extent))
    if (reason === null) return null
    const exception = this.exceptions.get(from > 0 ? textOf(wire, 0) : name) ?? null
    return { reason, exception, holds: exception === null || hasEnded(exception, this.now) }
  }

  private reasonAt(name: string, extent: Extent): QuarantineReason | null {
    return (
      (extent === BELOW ? undefined : this.ownReason(name)) ??
      (extent === EXACT ? undefined : this.above.get(name)) ??
      this.suffixReason(name)
    )
  }

  private ownReason(name: string): QuarantineReason | undefined {
    return this.own.get(name) ?? (name.startsWith(WWW) ? this.own.get(name.slice(WWW.length)) : undefined)
  }

  /** A public suffix, of a registry or of a host that gives its users names of their own. */
  private suffixReason(name: string): QuarantineReason | null {
    if (this.suffixes.getPublicSuffix(name, SUFFIX_OPTIONS) !== name) return null
    const { isPrivate, isIcann } = this.suffixes.parse(name, SUFFIX_OPTIONS)
    if (isPrivate === true) return 'shared-host'
    // A name of one label that no list knows is some network's own: it reaches as far as a registry's would.
    return isIcann === true || !name.includes('.') ? 'public-suffix' : null
  }

  /** Of names below those that are protected with all below them. */
  private reasonBelow(name: string): QuarantineReason | null {
    if (!this.lastLabels.has(lastLabel(name))) return null
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1))
      if (this.withBelow.has(name.slice(dot + 1))) return 'protected'
    return null
  }
}

function lastLabel(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/** Had when it is used: 5 MB that a server need not keep. */
function publicSuffixes(): typeof import('tldts') {
  return createRequire(import.meta.url)('tldts') as typeof import('tldts')
}

/** Where the last so many labels of a name begin; 0 for one that has no more. */
function lastLabelsFrom(wire: Uint8Array, labelsMax: number): number {
  let labels = 0
  for (let at = 0; wire[at] !== 0; at += 1 + wire[at]!) labels++
  let from = 0
  for (let left = labels - labelsMax; left > 0; left--) from += 1 + wire[from]!
  return from
}

const written = Buffer.alloc(NAME_OCTETS_MAX)

/** The labels of a name from there on, as text: made at once, since a string put together octet by octet leaves 40 octets behind for the collector. */
function textOf(wire: Uint8Array, from: number): string {
  let length = 0
  for (let at = from; wire[at] !== 0; ) {
    const end = at + 1 + wire[at]!
    if (length > 0) written[length++] = DOT
    for (at++; at < end; at++) written[length++] = wire[at]!
  }
  return written.toString('latin1', 0, length)
}
