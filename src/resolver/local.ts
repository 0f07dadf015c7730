/**
 * Data plane. The local stage: names that are answered here. The operator's records (`records:` in the configuration) and the names that
 * must not leave a host or a site: localhost (RFC 6761 §6.3), invalid (§6.4), onion (RFC 7686 §2), alt (RFC 9476 §2), resolver.arpa
 * (RFC 9462 §6.4: NODATA, or clients would be led past this resolver), use-application-dns.net.
 *
 * The names of private networks' reverse zones (RFC 6303 §4, RFC 7793) are answered here as well: there is no such name.
 */
import * as fromCounters from '../images/counters.ts'
import * as fromTypes from '../wire/types.ts'
import * as fromBlocked from './blocked.ts'
import { NameTable } from './name-table.ts'
import type { QuerySlot } from './query.ts'
import * as fromQuery from './query.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { FROM_LOCAL } = fromCounters
const { NOERROR, NXDOMAIN, TYPE_A, TYPE_AAAA, TYPE_ANY } = fromTypes
const { answerAddresses, answerNothing } = fromBlocked
const { ANSWERED, PASS } = fromQuery

/** What a name is answered with: these addresses, NODATA for any other type; or that there is no such name. */
export interface LocalName {
  /** Text, without a final dot. */
  readonly name: string
  readonly ipv4: readonly Uint8Array[]
  readonly ipv6: readonly Uint8Array[]
  /** The names below it are answered the same way. */
  readonly subtree: boolean
  readonly exists: boolean
}

const LOOPBACK4 = Uint8Array.of(127, 0, 0, 1)
const LOOPBACK6 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
const nowhere = (name: string): LocalName => ({ name, ipv4: [], ipv6: [], subtree: true, exists: false })

/** Names with a meaning of their own (RFC 6761); a record of the operator for one of them goes before. */
export const SPECIAL_NAMES: readonly LocalName[] = [
  { name: 'localhost', ipv4: [LOOPBACK4], ipv6: [LOOPBACK6], subtree: true, exists: true },
  nowhere('invalid'),
  nowhere('onion'),
  nowhere('alt'),
  nowhere('use-application-dns.net'),
  { name: 'resolver.arpa', ipv4: [], ipv6: [], subtree: true, exists: true },
]

/** Reverse zones of addresses that many networks use at once (RFC 6303 §4, RFC 7793 §2): upstream nobody knows whose they are. */
export const PRIVATE_REVERSE_ZONES: readonly LocalName[] = [
  ...['0', '10', '127', '254.169', '168.192', '2.0.192', '100.51.198', '113.0.203', '255.255.255.255'],
  ...Array.from({ length: 16 }, (_, i) => `${16 + i}.172`),
  ...Array.from({ length: 64 }, (_, i) => `${64 + i}.100`),
]
  .map(zone => nowhere(`${zone}.in-addr.arpa`))
  .concat(
    [
      `0.${'0.'.repeat(31)}`,
      `1.${'0.'.repeat(31)}`,
      'd.f.',
      '8.e.f.',
      '9.e.f.',
      'a.e.f.',
      'b.e.f.',
      '8.b.d.0.1.0.0.2.',
    ].map(zone => nowhere(`${zone}ip6.arpa`)),
    nowhere('home.arpa'),
  )

const TTL_SECONDS = 300

export class LocalNames {
  private readonly table: NameTable
  private readonly exists: Uint8Array
  private readonly addresses4: Uint8Array[]
  private readonly addresses6: Uint8Array[]

  constructor(entries: readonly LocalName[], seed: number) {
    const unique = new Map<string, LocalName>()
    for (const entry of entries) if (!unique.has(entry.name)) unique.set(entry.name, entry)
    const kept = [...unique.values()]
    this.table = new NameTable(
      kept.map(entry => entry.name),
      seed,
      kept.map(entry => entry.subtree),
    )
    this.exists = Uint8Array.from(kept, entry => (entry.exists ? 1 : 0))
    this.addresses4 = kept.map(entry => Uint8Array.from(entry.ipv4.flatMap(own => [...own])))
    this.addresses6 = kept.map(entry => Uint8Array.from(entry.ipv6.flatMap(own => [...own])))
  }

  /** The entry that covers a query's name, the most specific first; -1 where there is none. */
  find(query: QuerySlot): number {
    return this.table.find(query)
  }

  answer(query: QuerySlot, entry: number): void {
    const ipv4 = this.addresses4[entry]!
    const ipv6 = this.addresses6[entry]!
    const any = query.type === TYPE_ANY
    if (ipv4.length > 0 && (query.type === TYPE_A || any)) {
      answerAddresses(query, TYPE_A, ipv4, 0, ipv4.length >>> 2, TTL_SECONDS)
    } else if (ipv6.length > 0 && (query.type === TYPE_AAAA || any)) {
      answerAddresses(query, TYPE_AAAA, ipv6, 0, ipv6.length >>> 4, TTL_SECONDS)
    } else answerNothing(query, this.exists[entry] === 1 ? NOERROR : NXDOMAIN, TTL_SECONDS)
  }
}

export function answerLocally(query: QuerySlot, names: LocalNames): typeof PASS | typeof ANSWERED {
  const entry = names.find(query)
  if (entry < 0) return PASS
  query.source = FROM_LOCAL
  names.answer(query, entry)
  return ANSWERED
}
