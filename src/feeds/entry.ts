/**
 * The seam between the readers of feeds and the builder of the filter image.
 *
 * A reader writes each name into `sink.name` and calls one method; it keeps no entry and makes no object for a line that
 * has only a name, so that ten million of them cost no garbage. The sink copies what it needs before it returns.
 */
import type { AnswerMode, RuleClass } from '../images/classes.ts'
import type { GivenAddresses } from '../images/filter/given.ts'
import { nameToText } from '../wire/name.ts'

export type { GivenAddresses }

/** What a rule covers: the name alone, the name and all below it, or only what is below it (an RPZ wildcard). */
export const EXACT = 0
export const SUBTREE = 1
export const BELOW = 2
export type Extent = typeof EXACT | typeof SUBTREE | typeof BELOW

/** What an entry says beyond its name. Absent fields come from the feed. Times are whole seconds since 1970. */
export interface EntryDetail {
  readonly caseNumber?: string
  readonly category?: string
  readonly ruleClass?: RuleClass
  readonly reason?: string
  readonly basis?: string
  /** Who has checked it: an organisation or a role, never a person to be reached. */
  readonly reviewedBy?: string
  readonly source?: string
  readonly url?: string
  readonly listedAt?: number
  readonly expiresAt?: number
  /** When somebody should look whether it still has a ground. */
  readonly recheckAt?: number
  /** How this entry wants to be answered; absent: as the feed or the configuration says. */
  readonly answer?: AnswerMode | 'drop' | GivenAddresses
}

/** Addresses that a rule is about: those in answers, or those of clients. */
export interface Network {
  readonly of: 'answers' | 'clients'
  /** 16 octets in network order, IPv4 below ::ffff:0:0/96; those behind the first `bits` are zero. */
  readonly octets: Uint8Array
  readonly bits: number
}

export interface RuleSink {
  /** The next name: wire form, A-labels, lower case, root label last (RFC 1035 §3.1). At least 255 octets. */
  readonly name: Uint8Array
  /** A name to block. `line` counts from 1. */
  block(nameLength: number, extent: Extent, detail: EntryDetail | null, line: number): void
  /** A name that the feed excepts: `@@||name^`, RPZ PASSTHRU. */
  allow(nameLength: number, extent: Extent, detail: EntryDetail | null, line: number): void
  /** Addresses that are blocked (RPZ-IP, RPZ-CLIENT-IP), or with `isAllow` excepted. A sink that is about names has no such method. */
  prefix?(network: Network, isAllow: boolean, detail: EntryDetail | null, line: number): void
  /** A URL that says nothing of its whole site; it blocks nothing. The name is its host. */
  page(nameLength: number, detail: EntryDetail | null, line: number): void
  /** A line that is well-formed but cannot be a DNS rule, such as a cosmetic Adblock rule. */
  skip(line: number, why: string): void
  /** A line that is not well-formed. `text` is what was read, for the operator, at most 200 characters. */
  bad(line: number, why: string, text: string): void
}

/** A rule in short: `name` with all below it, `=name` alone, `*.name` only what is below. The name is in wire form. */
export function ruleText(name: Uint8Array, extent: Extent): string {
  return markedRule(nameToText(name), extent)
}

export function markedRule(name: string, extent: Extent): string {
  return `${extent === EXACT ? '=' : extent === BELOW ? '*.' : ''}${name}`
}
