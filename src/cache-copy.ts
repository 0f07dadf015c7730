/**
 * A copy of a cache that outlives its process: made when a worker ends, read when one starts. Off the hot path.
 *
 * Owns: the form of the copy. Never: trusts it. A copy that is not whole, or is of another form, is as if there were none; each entry is
 * checked like a stranger's before it is kept. It has the names that were asked for, and so is only made where the operator wants it.
 *
 *     magic (8) │ seconds since 1970 (8) │ entries … │ SHA-256 of all before (32)
 *     entry   octets of records (2) │ TTL offsets (2) │ answers (2) │ authorities (2) │ rcode, AD, marks, octets of the name (1 each) │ EDE + 1 (2)
 *             │ type (2) │ key flags (1) │ seconds to live (4) │ age (4) │ TTL offsets │ name │ records
 */

import { createHash } from 'node:crypto'
import { type AnswerCache, type AnswerKey, newRecords, RECORD_COUNT_MAX } from './resolver/cache.ts'
import { hashFor } from './resolver/key.ts'
import { QuerySlot } from './resolver/query.ts'
import { readName } from './resolver/question-name.ts'
import { BAD_NAME, NAME_OCTETS_MAX, nameEnd } from './wire/name.ts'
import { nameAt as nameAtOf, nameHash, roomOctets } from './wire/name-room.ts'

const MAGIC = 'QALQANC1'
const HEADER_OCTETS = 16
const HASH_OCTETS = 32
const ENTRY_OCTETS = 25

/** The answers of a cache that are still true, at most `octetsMax` octets of them. `unixSeconds` is the time of day at `now`. */
export function copyOfCache(cache: AnswerCache, now: number, unixSeconds: number, octetsMax: number): Buffer {
  const header = Buffer.alloc(HEADER_OCTETS)
  header.write(MAGIC, 'latin1')
  header.writeBigUInt64BE(BigInt(unixSeconds), 8)
  const parts: Uint8Array[] = [header]
  const records = newRecords(RECORD_COUNT_MAX * 2)
  const key = { name: new Uint8Array(0), nameAt: 0, nameOctets: 0, hash: 0, type: 0, keyFlags: 0 }
  let octets = HEADER_OCTETS + HASH_OCTETS
  for (let place = 0; place < cache.places && octets < octetsMax; place++) {
    if (!cache.visit(place, now, key, records)) continue
    const entry = encodeEntry(key, records)
    octets += entry.length
    parts.push(entry)
  }
  const whole = Buffer.concat(parts)
  return Buffer.concat([whole, createHash('sha256').update(whole).digest()])
}

function encodeEntry(key: AnswerKey, records: ReturnType<typeof newRecords>): Buffer {
  const fixed = Buffer.alloc(ENTRY_OCTETS + 2 * records.ttlCount)
  fixed.writeUInt16BE(records.octets, 0)
  fixed.writeUInt16BE(records.ttlCount, 2)
  fixed.writeUInt16BE(records.answers, 4)
  fixed.writeUInt16BE(records.authorities, 6)
  fixed.set([records.rcode, records.authenticData ? 1 : 0, records.marks, key.nameOctets], 8)
  fixed.writeUInt16BE(records.ede + 1, 12)
  fixed.writeUInt16BE(key.type, 14)
  fixed[16] = key.keyFlags
  fixed.writeUInt32BE(records.ttlSeconds, 17)
  fixed.writeUInt32BE(records.ageSeconds, 21)
  for (let i = 0; i < records.ttlCount; i++) fixed.writeUInt16BE(records.ttlOffsets[i]!, ENTRY_OCTETS + 2 * i)
  const name = key.name.subarray(key.nameAt, key.nameAt + key.nameOctets)
  return Buffer.concat([fixed, name, records.bytes.subarray(records.at, records.at + records.octets)])
}

/** Puts the answers of a copy that are still true into a cache; returns how many, or why the copy is of no use. `seed` is that of the names' hashes. */
export function readCopy(
  copy: Buffer,
  cache: AnswerCache,
  now: number,
  unixSeconds: number,
  seed: number,
): number | string {
  const end = copy.length - HASH_OCTETS
  if (end < HEADER_OCTETS || copy.toString('latin1', 0, MAGIC.length) !== MAGIC) return 'it is not a copy of a cache'
  if (!createHash('sha256').update(copy.subarray(0, end)).digest().equals(copy.subarray(end))) return 'it is damaged'
  const elapsed = unixSeconds - Number(copy.readBigUInt64BE(8))
  if (elapsed < 0) return 'it is from the future'
  const reader = new EntryReader(copy.subarray(0, end), seed)
  let kept = 0
  for (let at = HEADER_OCTETS; at < end; ) {
    at = reader.read(at, elapsed)
    if (at < 0) return 'an entry makes no sense'
    if (reader.records.ttlSeconds > 0 && cache.insert(reader.key, reader.records, now)) kept++
  }
  return kept
}

class EntryReader {
  readonly records = newRecords(RECORD_COUNT_MAX * 2)
  readonly key = { name: roomOctets, nameAt: 0, nameOctets: 0, hash: 0, type: 0, keyFlags: 0 }
  private readonly copy: Buffer
  private readonly seed: number
  private readonly slot: QuerySlot

  constructor(copy: Buffer, seed: number) {
    this.copy = copy
    this.seed = seed
    this.slot = new QuerySlot(copy, new Uint8Array(0))
  }

  /** Reads the entry at `at`, `elapsed` seconds after it was written; returns the offset after it, or -1. */
  read(at: number, elapsed: number): number {
    const { copy, records } = this
    if (at + ENTRY_OCTETS > copy.length) return -1
    records.octets = copy.readUInt16BE(at)
    records.ttlCount = copy.readUInt16BE(at + 2)
    const nameOctets = copy[at + 11]!
    const nameAt = at + ENTRY_OCTETS + 2 * records.ttlCount
    const end = nameAt + nameOctets + records.octets
    if (end > copy.length || records.ttlCount > records.ttlOffsets.length || nameOctets > NAME_OCTETS_MAX) return -1
    for (let i = 0; i < records.ttlCount; i++) {
      records.ttlOffsets[i] = copy.readUInt16BE(at + ENTRY_OCTETS + 2 * i)
      if (records.ttlOffsets[i]! + 4 > records.octets) return -1
    }
    this.readRecords(at, elapsed)
    records.at = nameAt + nameOctets
    return this.readKey(at, nameAt, nameOctets) ? end : -1
  }

  private readRecords(at: number, elapsed: number): void {
    const { copy, records } = this
    records.bytes = copy
    records.answers = copy.readUInt16BE(at + 4)
    records.authorities = copy.readUInt16BE(at + 6)
    records.rcode = copy[at + 8]! & 0xf
    records.authenticData = copy[at + 9] === 1
    records.marks = copy[at + 10]!
    records.ede = copy.readUInt16BE(at + 12) - 1
    records.ttlSeconds = copy.readUInt32BE(at + 17) - elapsed
    records.ageSeconds = copy.readUInt32BE(at + 21) + elapsed
  }

  private readKey(at: number, nameAt: number, nameOctets: number): boolean {
    const { copy, key, slot } = this
    if (nameEnd(copy, nameAt, nameAt + nameOctets) !== nameAt + nameOctets) return false
    if (readName(slot, nameAt, nameAt + nameOctets, this.seed) === BAD_NAME) return false
    key.nameAt = nameAtOf(slot)
    key.nameOctets = nameOctets
    key.type = copy.readUInt16BE(at + 14)
    key.keyFlags = copy[at + 16]!
    key.hash = hashFor(nameHash(slot), key.type)
    return true
  }
}
