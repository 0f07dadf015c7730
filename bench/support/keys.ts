/** Keys and an answer for benches of the cache alone: names made from numbers, packed one behind the other. */

import { admit } from '../../src/resolver/admit.ts'
import { type AnswerKey, type AnswerRecords, newRecords } from '../../src/resolver/cache.ts'
import { answerHash } from '../../src/resolver/key.ts'
import { nameAt, roomOctets } from '../../src/wire/name-room.ts'
import { copyOctets } from '../../src/wire/octets.ts'
import { addressRecordOctets, TTL_AT, writeAddressRecord } from '../../src/wire/records.ts'
import { TYPE_A } from '../../src/wire/types.ts'
import { SEED } from './images.ts'
import { makeSlots, QueryDeck } from './workload.ts'

/** `count` keys as the cache stage makes them from queries; one of them at a time. */
export class KeyDeck implements AnswerKey {
  readonly count: number
  readonly name: Uint8Array
  nameAt = 0
  nameOctets = 0
  hash = 0
  readonly type = TYPE_A
  readonly keyFlags = 0
  private readonly starts: Uint32Array
  private readonly hashes: Int32Array

  constructor(names: readonly string[]) {
    this.count = names.length
    this.name = new Uint8Array(names.reduce((sum, name) => sum + name.length + 2, 0))
    this.starts = new Uint32Array(names.length + 1)
    this.hashes = new Int32Array(names.length)
    const queries = new QueryDeck(names)
    const slot = makeSlots(1)[0]!
    for (let i = 0; i < names.length; i++) {
      queries.point(slot, i)
      admit(slot, SEED)
      this.starts[i + 1] = copyOctets(roomOctets, nameAt(slot), this.name, this.starts[i]!, slot.nameOctets)
      this.hashes[i] = answerHash(slot)
    }
  }

  at(index: number): this {
    this.nameAt = this.starts[index]!
    this.nameOctets = this.starts[index + 1]! - this.nameAt
    this.hash = this.hashes[index]!
    return this
  }

  hashAt(index: number): number {
    return this.hashes[index]!
  }
}

/** One address record behind a question; `ttlSeconds` says how long it may be kept. */
export function addressAnswer(ttlSeconds: number): AnswerRecords {
  const bytes = new Uint8Array(64)
  writeAddressRecord(bytes, 0, 12, TYPE_A, ttlSeconds, 4)
  return {
    ...emptyRecords(),
    bytes,
    octets: addressRecordOctets(4),
    answers: 1,
    ttlOffsets: Uint16Array.of(2 + TTL_AT),
    ttlCount: 1,
    ttlSeconds,
  }
}

/** What a cache reads an entry into. */
export function emptyRecords(): AnswerRecords {
  return newRecords(8192)
}
