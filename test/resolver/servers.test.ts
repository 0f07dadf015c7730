/** Which upstream is asked: the faster of two drawn at random, none that fails again and again, one that is back. */
import { describe, expect, test } from 'vitest'
import { Servers } from '../../src/resolver/servers.ts'
import { seeded } from '../support/octets.ts'

function servers(count: number, seed = 1): Servers {
  const random = seeded(seed)
  return new Servers([count], () => random(65_536))
}

/** How often each server is chosen in `rounds`. */
function shares(own: Servers, rounds: number, nowMs = 0): number[] {
  const counts = new Array<number>(own.count).fill(0)
  for (let i = 0; i < rounds; i++) counts[own.choose(0, nowMs)]!++
  return counts
}

function failTimes(own: Servers, server: number, times: number, nowMs: number): void {
  for (let i = 0; i < times; i++) own.failed(server, 1000, nowMs)
}

describe('choosing', () => {
  test('there is none of none', () => expect(servers(0).choose(0, 0)).toBe(-1))
  test('one is always chosen', () => expect(shares(servers(1), 100)).toEqual([100]))

  test('equal servers are asked about equally', () => {
    const own = servers(4)
    // Equal means choose the first drawn: uniform.
    for (const share of shares(own, 40_000)) expect(share).toBeGreaterThan(9000)
  })

  test('the faster of two drawn is asked: the slowest of three one time in nine', () => {
    const own = servers(3)
    for (let i = 0; i < 100; i++) for (const [server, ms] of [10, 20, 300].entries()) own.answered(server, ms)
    const [fast, middle, slow] = shares(own, 90_000)
    expect(fast! / 90_000).toBeCloseTo(5 / 9, 1)
    expect(middle! / 90_000).toBeCloseTo(3 / 9, 1)
    expect(slow! / 90_000).toBeCloseTo(1 / 9, 1)
  })

  test('one that was tried is not asked again while another is left', () => {
    const own = servers(3)
    for (let i = 0; i < 100; i++) expect(own.choose(own.bitOf(0, 0) | own.bitOf(2, 0), 0)).toBe(1)
  })

  test('when all were tried, any is better than none', () => {
    const own = servers(2)
    expect([0, 1]).toContain(own.choose(own.bitOf(0, 0) | own.bitOf(1, 0), 0))
  })

  test('with forty servers the bits do not run out', () => {
    const own = servers(40)
    expect(own.choose(0x7fffffff, 0)).toBeGreaterThanOrEqual(31)
    const chosen = own.choose(0xffffffff, 0)
    expect(chosen >= 0 && chosen < 40).toBe(true)
  })
})

describe('a server that fails', () => {
  test('twice is still asked', () => {
    const own = servers(2)
    failTimes(own, 0, 2, 100)
    expect(own.isAside(0, 100)).toBe(false)
  })

  test('three times in a row is set aside for a second', () => {
    const own = servers(2)
    failTimes(own, 0, 3, 100)
    expect(own.isAside(0, 1099)).toBe(true)
    expect(own.isAside(0, 1100)).toBe(false)
    expect(shares(own, 100, 500)).toEqual([0, 100])
  })

  test('and again for twice as long each time, half a minute at most', () => {
    const own = servers(2)
    failTimes(own, 0, 4, 0)
    expect([own.isAside(0, 1999), own.isAside(0, 2000)]).toEqual([true, false])
    failTimes(own, 0, 100, 0)
    expect([own.isAside(0, 29_999), own.isAside(0, 30_000)]).toEqual([true, false])
  })

  test('gets one question when its time is over, and others once it has answered', () => {
    const own = servers(2)
    failTimes(own, 0, 3, 0)
    own.answered(1, 500)
    let asked = 0
    for (let i = 0; i < 1000; i++) if (own.choose(0, 1500) === 0) asked++
    expect(asked).toBe(1)
    own.answered(0, 5)
    expect(own.isAside(0, 1500)).toBe(false)
    expect(shares(own, 1000, 1500)[0]).toBeGreaterThan(100)
  })

  test('counts anew after an answer', () => {
    const own = servers(2)
    failTimes(own, 0, 2, 0)
    own.answered(0, 10)
    failTimes(own, 0, 2, 0)
    expect(own.isAside(0, 0)).toBe(false)
  })

  test('when all are set aside, the one that is back soonest is asked', () => {
    const own = servers(3)
    failTimes(own, 0, 5, 0)
    failTimes(own, 1, 3, 0)
    failTimes(own, 2, 4, 0)
    expect(own.choose(0, 10)).toBe(1)
    expect(own.choose(own.bitOf(1, 0), 10)).toBe(2)
    expect(own.choose(own.bitOf(1, 0) | own.bitOf(2, 0), 10)).toBe(0)
  })

  test('a late failure does not make its mean look faster', () => {
    const own = servers(1)
    own.answered(0, 800)
    const before = own.meanMs[0]!
    own.failed(0, 1, 0)
    expect(own.meanMs[0]).toBeGreaterThanOrEqual(before)
  })
})

test('the mean follows the latest by an eighth (RFC 6298 §2)', () => {
  const own = servers(1)
  const before = own.meanMs[0]!
  own.answered(0, 100)
  expect(own.meanMs[0]).toBeCloseTo(before * (7 / 8) + 100 / 8)
})
