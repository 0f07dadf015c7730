/**
 * Names that no feed may block, whatever it says: the root and public suffixes, under which strangers to each other live; hosts that are shared by
 * their users; names that the network, the state or the operator cannot do without; and what everybody uses. A rule that would reach one of
 * them is quarantined, and the rest of its feed counts. A named person can make an exception, in the configuration.
 *
 * Works on the compiling thread. A rule costs some 400 ns, nearly all of it the look into the public suffix list.
 */
import { getPublicSuffix, parse } from 'tldts'
import { LABELS_MAX } from '../../wire/name.ts'
import { BELOW, EXACT, type Extent } from '../entry.ts'

export const QUARANTINE_REASONS = ['root', 'public-suffix', 'shared-host', 'protected', 'top-list'] as const
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number]

export interface NeverBlockNames {
  /** Lower-case A-labels without a final dot, as all names here. */
  readonly protected: readonly string[]
  readonly topList: readonly string[]
  /** Rules of exactly these names count all the same. */
  readonly exceptions: readonly string[]
  /** Feeds that are only positive lists: what stands there is let through, not blocked. */
  readonly positiveFeeds: readonly string[]
}

/** What an operator who names nothing has. */
export const NOTHING_OF_YOUR_OWN: NeverBlockNames = { protected: [], topList: [], exceptions: [], positiveFeeds: [] }

/** Infrastructure that blocking breaks for everybody: the root's and the large registries' servers, those of .kz, its government and emergencies. */
export const ALWAYS_PROTECTED = [
  'root-servers.net',
  'gtld-servers.net',
  'iana.org',
  'icann.org',
  'nic.kz',
  'gov.kz',
  'egov.kz',
  'in-addr.arpa',
  'ip6.arpa',
] as const

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
  private readonly own = new Map<string, QuarantineReason>()
  private readonly above = new Map<string, QuarantineReason>()
  private readonly exceptions: ReadonlySet<string>
  private readonly positiveFeeds: readonly string[]
  private readonly depthMax: number

  constructor(names: NeverBlockNames) {
    this.exceptions = new Set(names.exceptions)
    this.positiveFeeds = names.positiveFeeds
    for (const name of [...ALWAYS_PROTECTED, ...names.protected]) this.add(name, 'protected')
    for (const name of names.topList) this.add(name, 'top-list')
    const deepest = Math.max(...[...this.own.keys()].map(name => name.split('.').length))
    this.depthMax = Math.max(SUFFIX_LABELS_MAX, deepest)
  }

  private add(name: string, reason: QuarantineReason): void {
    if (!this.own.has(name)) this.own.set(name, reason)
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const ancestor = name.slice(dot + 1)
      if (!this.above.has(ancestor)) this.above.set(ancestor, reason)
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

  /** Why a rule for the name in wire form may not count, or null. */
  reason(wire: Uint8Array, extent: Extent): QuarantineReason | null {
    if (wire[0] === 0) return 'root'
    const name = textOf(wire, this.depthMax)
    if (name === null || this.exceptions.has(name)) return null
    const reason =
      (extent === BELOW ? undefined : this.own.get(name)) ?? (extent === EXACT ? undefined : this.above.get(name))
    return reason ?? suffixReason(name)
  }
}

/** A public suffix, of a registry or of a host that gives its users names of their own. */
function suffixReason(name: string): QuarantineReason | null {
  if (getPublicSuffix(name, SUFFIX_OPTIONS) !== name) return null
  const { isPrivate, isIcann } = parse(name, SUFFIX_OPTIONS)
  if (isPrivate === true) return 'shared-host'
  // A name of one label that no list knows is some network's own: it reaches as far as a registry's would.
  return isIcann === true || !name.includes('.') ? 'public-suffix' : null
}

/** A name as text; null for one with more labels than matter. */
function textOf(wire: Uint8Array, labelsMax: number): string | null {
  let text = ''
  let labels = 0
  for (let at = 0; wire[at] !== 0 && labels <= LABELS_MAX; labels++) {
    if (labels === labelsMax) return null
    const end = at + 1 + wire[at]!
    if (text !== '') text += '.'
    for (at++; at < end; at++) text += String.fromCharCode(wire[at]!)
  }
  return text
}
