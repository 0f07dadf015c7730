/** The tables of questions in flight and of those who wait, against plain lists. */
import { describe, expect, test } from 'vitest'
import type { AnswerKey } from '../../src/resolver/cache.ts'
import { ADDRESS_OCTETS, QuerySlot } from '../../src/resolver/query.ts'
import { CHAIN_MAX, NONE, QUESTIONS, Questions, WAITERS } from '../../src/resolver/questions.ts'
import { join, labels, seeded, wireName } from '../support/octets.ts'

function keyFor(name: string, type = 1, keyFlags = 0, hash = 77): AnswerKey {
  const wire = wireName(name)
  return { name: join([1, 2, 3], wire), nameAt: 3, nameOctets: wire.length, hash, type, keyFlags }
}

function slotFor(id: number, name: Uint8Array, more: Partial<QuerySlot> = {}): QuerySlot {
  const slot = new QuerySlot(join(new Uint8Array(5), name), new Uint8Array(0))
  slot.nameAt = 5
  slot.nameOctets = name.length
  slot.id = id
  return Object.assign(slot, more)
}

const name = labels('a', 'test')

describe('a question', () => {
  test('is found by its key and no other', () => {
    const table = new Questions()
    const question = table.open(keyFor('a.test'))
    expect(table.find(keyFor('a.test'))).toBe(question)
    for (const other of [
      keyFor('b.test'),
      keyFor('a.test', 28),
      keyFor('a.test', 1, 1),
      keyFor('a.test', 1, 0, 78),
      keyFor('a.test.test'),
    ]) {
      expect(table.find(other)).toBe(NONE)
    }
    table.close(question)
    expect(table.find(keyFor('a.test'))).toBe(NONE)
    expect(table.inFlight).toBe(0)
  })

  test('begins afresh in a place that another had', () => {
    const table = new Questions()
    const first = table.open(keyFor('a.test'))
    table.attempts[first] = 3
    table.tried[first] = 0xffffffff
    table.plain[first] = 1
    table.via[first] = 1
    table.list(first, 500)
    table.close(first)
    const second = table.open(keyFor('b.test'))
    expect(second).toBe(first)
    expect([table.attempts[second], table.tried[second], table.plain[second], table.via[second]]).toEqual([0, 0, 0, 0])
    expect(table.overdue(1e9)).toBe(NONE)
  })
})

test('a bucket takes so many questions, and has room again when one is closed', () => {
  const table = new Questions()
  const opened = Array.from({ length: CHAIN_MAX }, (_, i) => table.open(keyFor(`n${i}.test`)))
  expect(opened).not.toContain(NONE)
  expect(table.open(keyFor('one-more.test'))).toBe(NONE)
  expect(table.open(keyFor('elsewhere.test', 1, 0, 78))).not.toBe(NONE)
  expect(table.find(keyFor('n0.test'))).toBe(opened[0])
  table.close(opened[7]!)
  expect(table.open(keyFor('one-more.test'))).toBe(opened[7])
})

describe('who waits', () => {
  test('gets back everything an answer needs', () => {
    const table = new Questions()
    const question = table.open(keyFor('a.test', 28))
    const asked = slotFor(0xbeef, labels('A', 'TesT'), {
      flags: 0x0130,
      hasOpt: true,
      dnssecOk: true,
      payloadMax: 1232,
      transport: 1,
      listener: 3,
      connection: 70_000,
      policy: 9,
    })
    for (let i = 0; i < ADDRESS_OCTETS; i++) asked.client[asked.clientAt + i] = 100 + i
    asked.client[asked.localAt] = 42
    table.join(question, asked, 123.5)
    const back = new QuerySlot(new Uint8Array(0), new Uint8Array(0))
    expect(table.takeWaiter(question, back)).toBe(123.5)
    expect(back).toMatchObject({
      id: 0xbeef,
      flags: 0x0130,
      hasOpt: true,
      dnssecOk: true,
      payloadMax: 1232,
      transport: 1,
      listener: 3,
      connection: 70_000,
      policy: 9,
      type: 28,
      qclass: 1,
      nameOctets: 8,
    })
    expect(back.bytes.slice(back.nameAt, back.nameAt + 8)).toEqual(labels('A', 'TesT'))
    expect([...back.client.subarray(back.clientAt, back.clientAt + 3)]).toEqual([100, 101, 102])
    expect(back.client[back.localAt]).toBe(42)
    expect(table.takeWaiter(question, back)).toBe(NONE)
    expect(table.waiting).toBe(0)
  })

  test('over TCP keeps the largest size that there is', () => {
    const table = new Questions()
    const question = table.open(keyFor('a.test'))
    table.join(question, slotFor(1, name, { payloadMax: 65_535 }), 0)
    const back = new QuerySlot(new Uint8Array(0), new Uint8Array(0))
    table.takeWaiter(question, back)
    expect(back.payloadMax).toBe(65_535)
  })
})

describe('full tables', () => {
  test('say so, and have room again once something ends', () => {
    const table = new Questions()
    const open = Array.from({ length: QUESTIONS }, (_, i) => table.open(keyFor(`n${i}.test`, 1, 0, i * 31)))
    expect(new Set(open).size).toBe(QUESTIONS)
    expect(table.open(keyFor('more.test'))).toBe(NONE)
    expect(table.inFlight).toBe(QUESTIONS)
    table.close(open[77]!)
    expect(table.open(keyFor('more.test'))).toBe(open[77])
    expect(table.find(keyFor('n76.test', 1, 0, 76 * 31))).toBe(open[76])
  })

  test('of waiters: the last is turned away', () => {
    const table = new Questions()
    const question = table.open(keyFor('a.test'))
    const slot = slotFor(1, name)
    for (let i = 0; i < WAITERS; i++) if (!table.join(question, slot, i)) throw new Error(`no room at ${i}`)
    expect(table.join(question, slot, 0)).toBe(false)
    expect(table.waiting).toBe(WAITERS)
    let taken = 0
    while (table.takeWaiter(question, slot) !== NONE) taken++
    expect(taken).toBe(WAITERS)
    expect(table.join(question, slotFor(2, name), 0)).toBe(true)
  })
})

describe('deadlines', () => {
  test('come in the order in which they were set, and each once', () => {
    const table = new Questions()
    const [a, b, c] = ['a', 'b', 'c'].map(own => table.open(keyFor(`${own}.test`)))
    table.list(a!, 10)
    table.list(b!, 20)
    table.list(c!, 20)
    expect(table.overdue(9.9)).toBe(NONE)
    expect(table.overdue(10)).toBe(a)
    table.list(a!, 30)
    expect(table.overdue(25)).toBe(b)
    table.close(b!)
    expect(table.overdue(25)).toBe(c)
    table.close(c!)
    expect(table.overdue(25)).toBe(NONE)
    expect(table.any()).toBe(a)
    table.close(a!)
    expect(table.any()).toBe(NONE)
  })
})

interface Modelled {
  readonly question: number
  readonly key: AnswerKey
  deadlineMs: number
  listed: number
  waiters: number[]
}

test('200,000 random steps agree with plain lists', () => {
  const random = seeded(99)
  const table = new Questions()
  const model = new Map<string, Modelled>()
  const back = new QuerySlot(new Uint8Array(0), new Uint8Array(0))
  let nowMs = 1
  let steps = 0
  const pick = () => [...model.values()][random(model.size)]
  for (; steps < 200_000; steps++) {
    const kind = random(10)
    const text = `n${random(40)}.test`
    const key = keyFor(text, 1 + random(2), 0, random(4))
    const id = `${text} ${key.type} ${key.hash}`
    const known = model.get(id)
    if (table.find(key) !== (known?.question ?? NONE)) throw new Error(`step ${steps}: another question`)
    if (kind < 3 && known === undefined) {
      const question = table.open(key)
      const meeting = [...model.values()].filter(own => own.key.hash === key.hash).length
      if (question === NONE) expect(meeting).toBe(CHAIN_MAX)
      else model.set(id, { question, key, deadlineMs: 0, listed: 0, waiters: [] })
    } else if (kind < 6 && known !== undefined) {
      table.join(known.question, slotFor(steps & 0xffff, name), steps)
      known.waiters.push(steps & 0xffff)
    } else if (kind < 8 && known !== undefined) {
      nowMs += random(3)
      table.list(known.question, nowMs)
      Object.assign(known, { deadlineMs: nowMs, listed: steps })
    } else if (kind === 8 && model.size > 0) {
      const ended = pick()!
      const taken: number[] = []
      while (table.takeWaiter(ended.question, back) !== NONE) taken.push(back.id)
      expect(taken.sort()).toEqual([...ended.waiters].sort())
      table.close(ended.question)
      for (const [own, value] of model) if (value === ended) model.delete(own)
    }
    if (steps % 64 === 0) checkOldest(table, [...model.values()])
  }
  expect(table.inFlight).toBe(model.size)
  expect(table.waiting).toBe([...model.values()].reduce((sum, own) => sum + own.waiters.length, 0))
})

function checkOldest(table: Questions, model: readonly Modelled[]): void {
  const listed = model
    .filter(own => own.deadlineMs > 0)
    .sort((a, b) => a.deadlineMs - b.deadlineMs || a.listed - b.listed)
  expect(table.any()).toBe(listed[0]?.question ?? NONE)
  if (listed.length === 0) return
  expect(table.overdue(listed[0]!.deadlineMs)).toBe(listed[0]!.question)
  expect(table.overdue(listed[0]!.deadlineMs - 1)).toBe(NONE)
}
