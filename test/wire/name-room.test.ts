/** Names in rooms: folded, their endings found and hashed, as the octets one by one have it; for any name, wherever it stands. */
import { describe, expect, test } from 'vitest'
import { hashName } from '../../src/wire/hash.ts'
import { BAD_NAME, FOLD } from '../../src/wire/name.ts'
import {
  endingAt,
  endingHash,
  endingOctets,
  nameAt,
  nameHash,
  ROOMS,
  type RoomName,
  readIntoRoom,
  roomOctets,
} from '../../src/wire/name-room.ts'
import { guarded, seeded } from '../support/octets.ts'

const random = seeded(29)
const SEED = 0x5eed

/** A name in wire form of any octets, up to 255 of them. */
function anyName(): Uint8Array {
  const octets: number[] = []
  const most = random(4) === 0 ? 254 : 40
  const longest = random(3) === 0 ? 63 : random(3) === 0 ? 1 : 12
  for (;;) {
    const length = 1 + random(longest)
    if (octets.length + 1 + length > most) break
    octets.push(length, ...Array.from({ length }, () => (random(3) === 0 ? random(256) : 0x41 + random(58))))
  }
  return Uint8Array.from([...octets, 0])
}

function startsOf(name: Uint8Array): number[] {
  const starts: number[] = []
  for (let at = 0; name[at] !== 0; at += name[at]! + 1) starts.push(at)
  return starts
}

const inRoom = (room: number): RoomName => ({ room, labelCount: -1, nameOctets: -1 })

describe('a name that is read into a room', () => {
  test('is there folded, with each ending and its hash: 2,000 names, at any place of a memory, in any room', () => {
    for (let round = 0; round < 2000; round++) {
      const name = anyName()
      const start = random(9)
      const memory = new Uint8Array(start + name.length + random(3)).fill(random(256))
      memory.set(name, start)
      const own = inRoom(random(ROOMS))
      // Nothing behind the name is looked at.
      const seen = round % 50 === 0 ? guarded(memory, 0, start + name.length) : memory
      expect(readIntoRoom(own, seen, start, memory.length, SEED)).toBe(start + name.length)
      const folded = name.map((octet, i) => (startsOf(name).includes(i) ? octet : FOLD[octet]!))
      const starts = startsOf(name)
      expect([own.labelCount, own.nameOctets]).toEqual([starts.length, name.length])
      const at = nameAt(own)
      expect(roomOctets.slice(at, at + name.length)).toEqual(folded)
      expect(nameHash(own)).toBe(hashName(folded, 0, folded.length, SEED))
      expect(endingHash(own.room, 0)).toBe(hashName(Uint8Array.of(0), 0, 1, SEED))
      for (let depth = 1; depth <= starts.length; depth++) {
        const from = starts[starts.length - depth]!
        expect(endingAt(own, depth)).toBe(at + from)
        expect(endingOctets(own, depth)).toBe(name.length - from)
        expect(endingHash(own.room, depth)).toBe(hashName(folded, from, folded.length, SEED))
      }
    }
  })

  test('stays while the other rooms are used', () => {
    const names = Array.from({ length: ROOMS }, anyName)
    const own = names.map((name, room) => {
      const read = inRoom(room)
      readIntoRoom(read, name, 0, name.length, SEED)
      return read
    })
    for (const [room, name] of names.entries()) {
      const at = nameAt(own[room]!)
      expect([...roomOctets.slice(at, at + name.length)]).toEqual([...name].map(octet => FOLD[octet]!))
      const folded = name.map(octet => FOLD[octet]!)
      expect(nameHash(own[room]!)).toBe(hashName(folded, 0, folded.length, SEED))
    }
  })

  const bad: readonly (readonly [string, Uint8Array])[] = [
    ['that does not end', Uint8Array.of(3, 1, 2, 3)],
    ['whose label goes on behind the end', Uint8Array.of(9, 1, 2, 3, 0)],
    ['with a pointer', Uint8Array.of(1, 0x61, 0xc0, 0x0c)],
    ['with a label of 64 octets', Uint8Array.from([64, ...new Uint8Array(64), 0])],
    ['of 256 octets', Uint8Array.from([...Array.from({ length: 127 }, () => [1, 0x61]).flat(), 1, 0x61, 0])],
    ['of nothing', new Uint8Array(0)],
  ]
  test.each(bad)('is none %s', (_, octets) => {
    expect(readIntoRoom(inRoom(0), octets, 0, octets.length, SEED)).toBe(BAD_NAME)
  })

  test('may be the root', () => {
    const own = inRoom(5)
    expect(readIntoRoom(own, Uint8Array.of(0), 0, 1, SEED)).toBe(1)
    expect([own.labelCount, own.nameOctets, nameHash(own)]).toEqual([0, 1, endingHash(5, 0)])
  })
})
