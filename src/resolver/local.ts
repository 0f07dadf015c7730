/**
 * Data plane. The local stage: names that are answered here. The operator's records (`records:` in the configuration) and the names that
 * must not leave a host or a site: localhost (RFC 6761 §6.3), invalid (§6.4), onion (RFC 7686 §2), alt (RFC 9476 §2), resolver.arpa
 * (RFC 9462 §6.4: NODATA, or clients would be led past this resolver), use-application-dns.net.
 *
 * The table is small and made once: open addressing on the name's hash, the names themselves compared.
 */
import { FROM_LOCAL } from '../images/counters.ts'
import { hashLabel, spread } from '../wire/hash.ts'
import { BAD_NAME, nameFromText } from '../wire/name.ts'
import { NOERROR, NXDOMAIN, TYPE_A, TYPE_AAAA, TYPE_ANY } from '../wire/types.ts'
import { answerAddresses, answerNothing } from './blocked.ts'
import { ANSWERED, PASS, type QuerySlot } from './query.ts'

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

const SUBTREE = 1
const EXISTS = 2
const TTL_SECONDS = 300

export class LocalNames {
  /** Nothing with fewer or more labels is here: most queries end at this comparison. */
  private readonly depthMax: number
  private readonly buckets: Int32Array
  private readonly hashes: Int32Array
  private readonly names: Uint8Array[]
  private readonly flags: Uint8Array
  private readonly addresses4: Uint8Array[]
  private readonly addresses6: Uint8Array[]

  constructor(entries: readonly LocalName[], seed: number) {
    const unique = new Map<string, LocalName>()
    for (const entry of entries) if (!unique.has(entry.name)) unique.set(entry.name, entry)
    const kept = [...unique.values()]
    const wire = new Uint8Array(256)
    this.names = kept.map(entry => {
      const end = nameFromText(entry.name, wire)
      if (end === BAD_NAME) throw new TypeError(`not a domain name: ${entry.name}`)
      return wire.slice(0, end)
    })
    this.hashes = Int32Array.from(this.names, name => hashName(name, seed))
    this.flags = Uint8Array.from(kept, entry => (entry.subtree ? SUBTREE : 0) | (entry.exists ? EXISTS : 0))
    this.addresses4 = kept.map(entry => Uint8Array.from(entry.ipv4.flatMap(own => [...own])))
    this.addresses6 = kept.map(entry => Uint8Array.from(entry.ipv6.flatMap(own => [...own])))
    this.depthMax = Math.max(0, ...this.names.map(countLabels))
    this.buckets = new Int32Array(2 ** Math.ceil(Math.log2(kept.length * 4 + 4))).fill(-1)
    for (let i = 0; i < kept.length; i++) {
      let place = this.hashes[i]! & (this.buckets.length - 1)
      while (this.buckets[place] !== -1) place = (place + 1) & (this.buckets.length - 1)
      this.buckets[place] = i
    }
  }

  /** The entry that covers a query's name, the most specific first; -1 where there is none. */
  find(query: QuerySlot): number {
    for (let depth = Math.min(query.labelCount, this.depthMax); depth > 0; depth--) {
      const entry = this.at(query, depth)
      if (entry >= 0 && (depth === query.labelCount || (this.flags[entry]! & SUBTREE) !== 0)) return entry
    }
    return -1
  }

  private at(query: QuerySlot, depth: number): number {
    const hash = spread(query.states[depth]!)
    let place = hash & (this.buckets.length - 1)
    for (;;) {
      const entry = this.buckets[place]!
      if (entry < 0) return -1
      if (this.hashes[entry] === hash && this.isNamed(entry, query, query.labels[query.labelCount - depth]!))
        return entry
      place = (place + 1) & (this.buckets.length - 1)
    }
  }

  private isNamed(entry: number, query: QuerySlot, at: number): boolean {
    const name = this.names[entry]!
    for (let i = 0; i < name.length; i++) if (name[i] !== query.name[at + i]) return false
    return true
  }

  answer(query: QuerySlot, entry: number): void {
    const ipv4 = this.addresses4[entry]!
    const ipv6 = this.addresses6[entry]!
    const any = query.type === TYPE_ANY
    if (ipv4.length > 0 && (query.type === TYPE_A || any)) {
      answerAddresses(query, TYPE_A, ipv4, 0, ipv4.length >>> 2, TTL_SECONDS)
    } else if (ipv6.length > 0 && (query.type === TYPE_AAAA || any)) {
      answerAddresses(query, TYPE_AAAA, ipv6, 0, ipv6.length >>> 4, TTL_SECONDS)
    } else answerNothing(query, (this.flags[entry]! & EXISTS) !== 0 ? NOERROR : NXDOMAIN, TTL_SECONDS)
  }
}

export function answerLocally(query: QuerySlot, names: LocalNames): typeof PASS | typeof ANSWERED {
  const entry = names.find(query)
  if (entry < 0) return PASS
  query.source = FROM_LOCAL
  names.answer(query, entry)
  return ANSWERED
}

function countLabels(name: Uint8Array): number {
  let count = 0
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) count++
  return count
}

function hashName(name: Uint8Array, seed: number): number {
  const labels: number[] = []
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) labels.push(at)
  return spread(labels.reduceRight((state, at) => hashLabel(state, name, at), seed))
}
