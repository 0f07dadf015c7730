/** Whoever goes last does so as long as it gets a share of a processor, and no longer. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Patience, startPatience } from '../../src/feeds/patience.ts'

const PATIENT_MS = 10_000
const LOOK_MS = 1000

let usedMs: number | null
let goOn: ReturnType<typeof vi.fn<() => void>>
let patience: Patience
beforeEach(() => {
  vi.useFakeTimers()
  usedMs = 0
  goOn = vi.fn<() => void>()
  patience = startPatience(PATIENT_MS, () => usedMs, goOn)
})
afterEach(() => {
  patience.end()
  vi.useRealTimers()
})

const seen = () => ({ isLeft: patience.isLeft, goneOn: goOn.mock.calls.length })

test('at first it is left to its fate, whatever it gets', () => {
  vi.advanceTimersByTime(PATIENT_MS - 1)
  expect(seen()).toEqual({ isLeft: true, goneOn: 0 })
})

test('who got nothing goes on, and is told so again and again', () => {
  vi.advanceTimersByTime(PATIENT_MS)
  expect(seen()).toEqual({ isLeft: false, goneOn: 1 })
  vi.advanceTimersByTime(3 * LOOK_MS)
  expect(seen()).toEqual({ isLeft: false, goneOn: 4 })
})

test('who gets a tenth of a core is left last, for however long', () => {
  usedMs = PATIENT_MS / 10
  vi.advanceTimersByTime(PATIENT_MS)
  for (let i = 0; i < 60; i++) {
    usedMs += LOOK_MS / 10
    vi.advanceTimersByTime(LOOK_MS)
  }
  expect(seen()).toEqual({ isLeft: true, goneOn: 0 })
})

test('what counts is what it got since the last look', () => {
  usedMs = PATIENT_MS / 2
  vi.advanceTimersByTime(PATIENT_MS)
  expect(seen()).toEqual({ isLeft: true, goneOn: 0 })
  usedMs += LOOK_MS / 10 - 1
  vi.advanceTimersByTime(LOOK_MS)
  expect(seen()).toEqual({ isLeft: false, goneOn: 1 })
})

test('once it goes on it does so to its end: what it gets then is no reason to go last again', () => {
  vi.advanceTimersByTime(PATIENT_MS)
  usedMs = 1e6
  vi.advanceTimersByTime(LOOK_MS)
  expect(seen()).toEqual({ isLeft: false, goneOn: 2 })
})

test('where nobody knows what it gets, it goes on', () => {
  usedMs = null
  vi.advanceTimersByTime(PATIENT_MS)
  expect(seen()).toEqual({ isLeft: false, goneOn: 1 })
})

test('after its end nothing happens any more', () => {
  patience.end()
  vi.advanceTimersByTime(10 * PATIENT_MS)
  expect(seen()).toEqual({ isLeft: true, goneOn: 0 })
})
