/**
 * Reads response policy zones from zone files, as far as they look at the name asked for, at addresses in its answer, or at who asks.
 *
 * `name` is the name alone, `*.name` what is below it. CNAME to `.` is NXDOMAIN, to `*.` NODATA, to `rpz-passthru.` or to itself an
 * exception, to `rpz-drop.` silence; to any other name it blocks with the feed's own answer instead of that walled garden. A and AAAA
 * records that stand together under one owner are one rule with these addresses. Other triggers, other types, and what is
 * outside the zone are skipped. Memory: one record and the addresses of one owner.
 */
import { isIP } from 'node:net'
import { namesEqual } from '../wire/name.ts'
import { AddressAnswers, DROP, NODATA, NXDOMAIN } from './addresses.ts'
import { type EntryDetail, EXACT, type Extent, type Network } from './entry.ts'
import { AN_ADDRESS, endsInNumber, isTopLevel, plainName, problemText, TOP_LEVEL } from './hostname.ts'
import { isWord, shownText, textOf } from './octet-text.ts'
import type { FeedReader, FeedSink, ReaderContext } from './reader.ts'
import {
  ADDRESSES,
  APEX,
  EVERY_NAME,
  NO_OWNER,
  NOT_A_NAME,
  OTHER_TRIGGER,
  OUT_OF_ZONE,
  RpzOwner,
  TRIGGER,
  UNKNOWN_ZONE,
} from './rpz-owner.ts'
import { type RecordTarget, ZoneScanner } from './zone-file.ts'

const DOLLAR = 0x24
const CLASSES: readonly string[] = ['in', 'ch', 'hs', 'cs']
/** Types that a zone file can hold; anything else where a type belongs is a mistake. */
const TYPES: ReadonlySet<string> = new Set(
  (
    'a aaaa afsdb apl caa cdnskey cds cert cname csync dhcid dlv dname dnskey ds eui48 eui64 hinfo hip https ipseckey key kx loc mx ' +
    'naptr ns nsec nsec3 nsec3param openpgpkey ptr rp rrsig sig smimea soa spf srv sshfp svcb tlsa txt uri zonemd'
  ).split(' '),
)
/** What a CNAME to these asks for; to any other name it blocks with the feed's own answer. */
const ACTIONS: Readonly<Record<string, EntryDetail>> = { '.': NXDOMAIN, '*.': NODATA, 'rpz-drop.': DROP }
/** Addresses of one owner that are kept; an answer needs no more. */
const ADDRESSES_MAX = 32

export function readRpz(context: ReaderContext): FeedReader {
  return new RpzReader(context.sink)
}

class RpzReader implements FeedReader, RecordTarget {
  private readonly sink: FeedSink
  private readonly scanner: ZoneScanner
  private readonly owner = new RpzOwner()
  private readonly answers = new AddressAnswers()
  private readonly target = new Uint8Array(256)
  private readonly localName = new Uint8Array(256)
  private localLength = 0
  private localExtent: Extent = EXACT
  private localLine = 0
  private localAddresses: string[] = []

  constructor(sink: FeedSink) {
    this.sink = sink
    this.scanner = new ZoneScanner(this)
  }

  line(bytes: Uint8Array, at: number, end: number, number: number): void {
    this.scanner.line(bytes, at, end, number)
  }

  finish(): void {
    this.scanner.finish()
    this.closeLocalData()
  }

  record(bytes: Uint8Array, places: Int32Array, count: number, inherits: boolean, line: number): void {
    if (bytes[places[0]!] === DOLLAR && !inherits) {
      this.directive(bytes, places, count, line)
      return
    }
    const type = typeIndex(bytes, places, count, inherits ? 0 : 1)
    if (type < 0) {
      this.bad(bytes, places, count, 'no record type', line)
      return
    }
    const isSoa = isWord('soa', bytes, places[2 * type]!, places[2 * type + 1]!)
    if (!inherits && isSoa) this.owner.setApex(bytes, places[0]!, places[1]!)
    else if (!inherits) this.owner.read(bytes, places[0]!, places[1]!)
    if (this.owner.kind === TRIGGER) this.trigger(bytes, places, count, type, line)
    else if (this.owner.kind === ADDRESSES) this.addresses(bytes, places, count, type, line)
    else this.notTrigger(bytes, places, count, line)
  }

  unclosed(line: number): void {
    this.sink.bad(line, 'a parenthesis that is never closed', '(')
  }

  private directive(bytes: Uint8Array, places: Int32Array, count: number, line: number): void {
    const [at, end] = [places[0]!, places[1]!]
    if (isWord('$ttl', bytes, at, end)) return
    if (isWord('$include', bytes, at, end)) {
      this.sink.skip(line, 'includes another file')
      return
    }
    if (isWord('$generate', bytes, at, end)) {
      this.sink.skip(line, 'generates records')
      return
    }
    const isOrigin = isWord('$origin', bytes, at, end) && count > 1
    if (!isOrigin || !this.owner.setOrigin(bytes, places[2]!, places[3]!))
      this.bad(bytes, places, count, 'not a directive', line)
  }

  /** The record's owner is no name to look for: the zone's own data passes in silence, all else has its reason. */
  private notTrigger(bytes: Uint8Array, places: Int32Array, count: number, line: number): void {
    const { kind } = this.owner
    if (kind === APEX) return
    if (kind === OUT_OF_ZONE) this.sink.skip(line, 'outside the zone')
    else if (kind === UNKNOWN_ZONE) this.sink.skip(line, 'an absolute owner before the name of the zone is known')
    else if (kind === OTHER_TRIGGER) this.sink.skip(line, 'a trigger about the servers of a name')
    else if (kind === EVERY_NAME) this.bad(bytes, places, count, 'a rule for every name', line)
    else if (kind === NOT_A_NAME) this.bad(bytes, places, count, problemText(this.owner.problem), line)
    else if (kind === NO_OWNER) this.bad(bytes, places, count, 'a record without an owner', line)
  }

  /** A rule for addresses; one record is one rule. */
  private addresses(bytes: Uint8Array, places: Int32Array, count: number, type: number, line: number): void {
    const { network } = this.owner
    if (typeof network === 'string') return this.bad(bytes, places, count, network, line)
    if (type + 1 >= count) return this.bad(bytes, places, count, 'a record without data', line)
    const what = (textOf(bytes, places[2 * type]!, places[2 * type + 1]!) ?? '').toLowerCase()
    const data = textOf(bytes, places[2 * type + 2]!, places[2 * type + 3]!) ?? ''
    if (what === 'cname') return this.addressesTo(network, data.toLowerCase(), line)
    if (what !== 'a' && what !== 'aaaa') return this.sink.skip(line, 'a record of another type than CNAME, A and AAAA')
    if (isIP(data) !== (what === 'a' ? 4 : 6) || data.includes('%'))
      return this.bad(bytes, places, count, 'not an address of the type', line)
    this.sink.prefix?.(network, false, this.answers.detailFor([data]), line)
  }

  private addressesTo(network: Network, target: string, line: number): void {
    if (target === 'rpz-tcp-only.') return this.sink.skip(line, 'asks for TCP only')
    const isAllow = target === 'rpz-passthru.'
    const detail = ACTIONS[target] ?? null
    this.sink.prefix?.(network, isAllow, detail, line)
  }

  private trigger(bytes: Uint8Array, places: Int32Array, count: number, type: number, line: number): void {
    const at = places[2 * type]!
    const end = places[2 * type + 1]!
    if (type + 1 >= count) {
      this.bad(bytes, places, count, 'a record without data', line)
      return
    }
    if (isWord('cname', bytes, at, end)) this.cname(bytes, places, type + 1, line)
    else if (isWord('a', bytes, at, end)) this.localData(bytes, places, type + 1, 4, line)
    else if (isWord('aaaa', bytes, at, end)) this.localData(bytes, places, type + 1, 6, line)
    else this.sink.skip(line, 'a record of another type than CNAME, A and AAAA')
  }

  private cname(bytes: Uint8Array, places: Int32Array, word: number, line: number): void {
    const at = places[2 * word]!
    const end = places[2 * word + 1]!
    if (isWord('.', bytes, at, end)) this.give(bytes, places, NXDOMAIN, line)
    else if (isWord('*.', bytes, at, end)) this.give(bytes, places, NODATA, line)
    else if (isWord('rpz-passthru.', bytes, at, end) || this.isItself(bytes, at, end)) this.allow(line)
    else if (isWord('rpz-drop.', bytes, at, end)) this.give(bytes, places, DROP, line)
    else if (isWord('rpz-tcp-only.', bytes, at, end)) this.sink.skip(line, 'asks for TCP only')
    else this.give(bytes, places, null, line)
  }

  /** The way to write PASSTHRU before it had a name: `name CNAME name.` */
  private isItself(bytes: Uint8Array, at: number, end: number): boolean {
    if (end - at !== this.owner.length - 1 || this.owner.extent !== EXACT) return false
    return plainName(bytes, at, end, this.target) > 0 && namesEqual(this.target, 0, this.owner.name, 0)
  }

  private localData(bytes: Uint8Array, places: Int32Array, word: number, family: 4 | 6, line: number): void {
    const address = textOf(bytes, places[2 * word]!, places[2 * word + 1]!) ?? ''
    if (isIP(address) !== family || address.includes('%')) {
      this.bad(bytes, places, word + 1, 'not an address of the type', line)
      return
    }
    if (!this.isLocalOwner()) {
      this.closeLocalData()
      if (this.isRefused(bytes, places, line)) return
      this.localLength = this.owner.length
      this.localName.set(this.owner.name.subarray(0, this.localLength))
      this.localExtent = this.owner.extent
      this.localLine = line
    }
    if (this.localAddresses.length < ADDRESSES_MAX) this.localAddresses.push(address)
  }

  private isLocalOwner(): boolean {
    const { owner } = this
    if (this.localLength !== owner.length || this.localExtent !== owner.extent) return false
    return namesEqual(this.localName, 0, owner.name, 0)
  }

  private closeLocalData(): void {
    if (this.localLength === 0) return
    this.sink.name.set(this.localName.subarray(0, this.localLength))
    this.sink.block(this.localLength, this.localExtent, this.answers.detailFor(this.localAddresses), this.localLine)
    this.localLength = 0
    this.localAddresses = []
  }

  private give(bytes: Uint8Array, places: Int32Array, detail: EntryDetail | null, line: number): void {
    if (this.isRefused(bytes, places, line)) return
    this.copyOwner()
    this.sink.block(this.owner.length, this.owner.extent, detail, line)
  }

  private allow(line: number): void {
    this.copyOwner()
    this.sink.allow(this.owner.length, this.owner.extent, null, line)
  }

  private copyOwner(): void {
    const { name, length } = this.owner
    const to = this.sink.name
    for (let i = 0; i < length; i++) to[i] = name[i]!
  }

  private isRefused(bytes: Uint8Array, places: Int32Array, line: number): boolean {
    const { name, length } = this.owner
    if (isTopLevel(name, length)) this.bad(bytes, places, 1, problemText(TOP_LEVEL), line)
    else if (endsInNumber(name, length)) this.sink.skip(line, problemText(AN_ADDRESS))
    else return false
    return true
  }

  private bad(bytes: Uint8Array, places: Int32Array, count: number, why: string, line: number): void {
    this.sink.bad(line, why, shownText(bytes, places[0]!, places[2 * count - 1]!))
  }
}

/** The word that is the record's type, behind a TTL and a class in either order, or -1. */
function typeIndex(bytes: Uint8Array, places: Int32Array, count: number, from: number): number {
  for (let word = from; word < count && word < from + 3; word++) {
    const at = places[2 * word]!
    const end = places[2 * word + 1]!
    if (isTtl(bytes, at, end)) continue
    if (end - at === 2 && CLASSES.some(name => isWord(name, bytes, at, end))) continue
    return isType(bytes, at, end) ? word : -1
  }
  return -1
}

/** Seconds, or with units as BIND writes them: `1h30m`. */
function isTtl(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at]! < 0x30 || bytes[at]! > 0x39) return false
  return /^(?:\d+[smhdw]?)+$/i.test(textOf(bytes, at, end) ?? '')
}

function isType(bytes: Uint8Array, at: number, end: number): boolean {
  if (isWord('cname', bytes, at, end)) return true
  const text = (textOf(bytes, at, end) ?? '').toLowerCase()
  return TYPES.has(text) || /^type\d{1,5}$/.test(text)
}
