/**
 * The owners of an RPZ's records: which name each of them triggers on.
 *
 * Owns: `$ORIGIN`, `@`, relative and absolute names, and what the zone's own name is. That is the owner of its SOA; until then the first
 * origin. A file that gives neither is taken to be written relative to its zone throughout, as most are.
 * An owner is a trigger with the zone's name behind it: `bad.example.rpz.test.` in the zone `rpz.test.` triggers on `bad.example`.
 */
import { LABEL_OCTETS_MAX, NAME_OCTETS_MAX, nameFromText, nameToText } from '../wire/name.ts'
import type { Network } from './entry.ts'
import { BELOW, EXACT, type Extent } from './entry.ts'
import { BAD_CHARACTER, EMPTY_LABEL, LONG_LABEL, LONG_NAME, plainName } from './hostname.ts'
import { placeOf, textOf } from './octet-text.ts'
import { networkOf } from './rpz-address.ts'

const STAR = 0x2a
const DOT = 0x2e
const AT = 0x40
const BACKSLASH = 0x5c

/** What an owner stands for. */
export const TRIGGER = 0
/** The zone's own name: its SOA, its NS. */
export const APEX = 1
export const OUT_OF_ZONE = 2
/** `rpz-nsdname` and its like: about the servers of a name, which a forwarder does not see. */
export const OTHER_TRIGGER = 3
/** `*` alone. */
export const EVERY_NAME = 4
export const NOT_A_NAME = 5
/** An absolute owner in a file that does not say what its zone is called. */
export const UNKNOWN_ZONE = 6
/** No record before had an owner. */
export const NO_OWNER = 7
/** `rpz-ip`: addresses in answers; `network` says which, or what is wrong. */
export const ADDRESSES = 8
export type OwnerKind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

const ADDRESS_TRIGGERS: Readonly<Record<string, Network['of']>> = { 'rpz-ip': 'answers', 'rpz-client-ip': 'clients' }
const OTHER_TRIGGERS: readonly string[] = [...Object.keys(ADDRESS_TRIGGERS), 'rpz-nsdname', 'rpz-nsip']

export class RpzOwner {
  kind: OwnerKind = NO_OWNER
  /** The trigger's name in wire form, while `kind` is `TRIGGER`. */
  readonly name = new Uint8Array(NAME_OCTETS_MAX + 1)
  length = 0
  extent: Extent = EXACT
  /** Why it is `NOT_A_NAME`, as `hostname` would say. */
  problem = 0
  /** While `kind` is `ADDRESSES`. */
  network: Network | string = ''
  private origin: Uint8Array | null = null
  private zone: Uint8Array | null = null
  private zoneIsCertain = false
  /** What a relative owner has behind it before the zone's name; null where it is outside the zone. */
  private between: Uint8Array | null = new Uint8Array(0)

  /** `$ORIGIN`. False for what is no name. */
  setOrigin(bytes: Uint8Array, at: number, end: number): boolean {
    const found = this.fullName(bytes, at, end)
    if (found === null) return false
    this.origin = found
    if (!this.zoneIsCertain && this.zone === null && found.length > 1) this.zone = found
    this.settle()
    return true
  }

  /** The owner of the SOA, which tells the zone's name. */
  setApex(bytes: Uint8Array, at: number, end: number): void {
    this.kind = APEX
    const isOrigin = end - at === 1 && bytes[at] === AT
    const found = isOrigin ? this.origin : this.fullName(bytes, at, end)
    if (found === null || found.length <= 1) return
    this.zone = found
    this.zoneIsCertain = true
    this.origin ??= found
    this.settle()
  }

  /** Reads the owner of a record that has one of its own. */
  read(bytes: Uint8Array, at: number, end: number): void {
    if (end - at === 1 && bytes[at] === AT) {
      this.kind = this.between === null ? OUT_OF_ZONE : APEX
      return
    }
    const wild = bytes[at] === STAR && (end - at === 1 || bytes[at + 1] === DOT)
    this.extent = wild ? BELOW : EXACT
    if (wild && end - at === 1) {
      this.kind = this.readWildApex()
      return
    }
    this.kind = this.readName(bytes, wild ? at + 2 : at, end)
    if (this.kind === TRIGGER && this.length <= 1) this.kind = wild ? EVERY_NAME : APEX
    if (this.kind === TRIGGER && isOtherTrigger(this.name, this.length)) this.settleOther()
  }

  private settleOther(): void {
    const labels = nameToText(this.name.slice(0, this.length)).split('.')
    const of = ADDRESS_TRIGGERS[labels.at(-1) ?? '']
    this.kind = of === undefined ? OTHER_TRIGGER : ADDRESSES
    if (of !== undefined) this.network = networkOf(labels.slice(0, -1), of)
  }

  /** `*` alone: below the origin, which is every name where the origin is the zone itself. */
  private readWildApex(): OwnerKind {
    if (this.between === null) return OUT_OF_ZONE
    if (this.between.length === 0) return EVERY_NAME
    this.length = 1
    return this.appendBetween()
  }

  private readName(bytes: Uint8Array, at: number, end: number): OwnerKind {
    this.length = writeName(bytes, at, end, this.name)
    if (this.length < 0) {
      this.problem = this.length
      return NOT_A_NAME
    }
    if (bytes[end - 1] === DOT && bytes[end - 2] !== BACKSLASH) return this.cutZone()
    if (this.between === null) return this.isRootOrigin() ? this.cutZone() : OUT_OF_ZONE
    return this.between.length === 0 ? TRIGGER : this.appendBetween()
  }

  private appendBetween(): OwnerKind {
    const { between } = this
    const length = this.length + between!.length
    if (length > NAME_OCTETS_MAX) {
      this.problem = LONG_NAME
      return NOT_A_NAME
    }
    this.name.set(between!, this.length - 1)
    this.name[length - 1] = 0
    this.length = length
    return TRIGGER
  }

  private cutZone(): OwnerKind {
    if (this.zone === null) return UNKNOWN_ZONE
    const kept = lengthAbove(this.name, this.length, this.zone)
    if (kept < 0) return OUT_OF_ZONE
    this.name[kept] = 0
    this.length = kept + 1
    return TRIGGER
  }

  private isRootOrigin(): boolean {
    return this.origin?.length === 1
  }

  private settle(): void {
    if (this.origin === null) return
    const kept = this.zone === null ? -1 : lengthAbove(this.origin, this.origin.length, this.zone)
    this.between = kept < 0 ? null : this.origin.slice(0, kept)
  }

  private fullName(bytes: Uint8Array, at: number, end: number): Uint8Array | null {
    if (end - at === 1 && bytes[at] === DOT) return new Uint8Array(1)
    const name = new Uint8Array(NAME_OCTETS_MAX + 1)
    const length = writeName(bytes, at, end, name)
    if (length < 0) return null
    const isRelative = bytes[end - 1] !== DOT && this.origin !== null
    const whole = isRelative ? [...name.subarray(0, length - 1), ...this.origin!] : name.slice(0, length)
    return whole.length > NAME_OCTETS_MAX ? null : Uint8Array.from(whole)
  }
}

/** A name in wire form, or a negative constant of `hostname.ts`. Escapes are rare, and go through a string. */
function writeName(bytes: Uint8Array, at: number, end: number, out: Uint8Array): number {
  const length = plainName(bytes, at, end, out)
  if (length > 0) return length
  if (placeOf(BACKSLASH, bytes, at, end) === end) return unusualName(bytes, at, end, out)
  const text = textOf(bytes, at, end)
  const after = text === null ? -1 : nameFromText(text, out)
  return after < 0 || after > NAME_OCTETS_MAX ? BAD_CHARACTER : after
}

/** Host names have few characters, owners may have any: `_`, `!`, a `*` further on. */
function unusualName(bytes: Uint8Array, at: number, end: number, out: Uint8Array): number {
  if (end - at === 0 || end - at > NAME_OCTETS_MAX) return end === at ? EMPTY_LABEL : LONG_NAME
  for (let i = at; i < end; i++) if (bytes[i]! <= 0x20 || bytes[i]! > 0x7e) return BAD_CHARACTER
  const text = textOf(bytes, at, end) ?? ''
  const after = nameFromText(text, out)
  if (after >= 0 && after <= NAME_OCTETS_MAX) return after
  const labels = text.replace(/\.$/, '').split('.')
  if (labels.some(label => label.length > LABEL_OCTETS_MAX)) return LONG_LABEL
  return labels.includes('') ? EMPTY_LABEL : LONG_NAME
}

/** Octets of `name` before `zone`, which it ends with at the border of a label, or -1. */
function lengthAbove(name: Uint8Array, length: number, zone: Uint8Array): number {
  const kept = length - zone.length
  if (kept < 0) return -1
  let at = 0
  while (at < kept) at += name[at]! + 1
  if (at !== kept) return -1
  for (let i = 0; i < zone.length; i++) if (name[kept + i] !== zone[i]) return -1
  return kept
}

function isOtherTrigger(name: Uint8Array, length: number): boolean {
  let at = 0
  for (let next = 0; next < length - 1; next += name[next]! + 1) at = next
  // All of them begin with `rpz-`, and hardly any name of a host ends so.
  if (name[at]! > LABEL_OCTETS_MAX || name[at + 4] !== 0x2d || name[at + 1] !== 0x72) return false
  return OTHER_TRIGGERS.includes(textOf(name, at + 1, at + 1 + name[at]!) ?? '')
}
