/**
 * The files that dnsperf reads: for each load the questions that are timed, those that fill the caches before, and those
 * asked at a steady pace for the latencies.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BlockList, blockedQuestions, blockList, cleanNames, mixQuestions } from './names.ts'
import { BLOCK_ADDRESS, type LoadName, type Peer, UPSTREAM_ADDRESS } from './peer.ts'

export interface LoadPlan {
  readonly name: LoadName
  readonly list: BlockList
  /** Asked before the timing, so that whatever a server caches, of its block answers too, is there. */
  readonly prime: string
  readonly timed: string
  /** Whether `timed` may be asked only once through: it has names that must be new. */
  readonly once: boolean
  readonly paced: string
  /** What the answers must be, asked before the timing. */
  readonly expected: ReadonlyArray<readonly [name: string, address: string]>
}

export interface Sizes {
  readonly names: number
  readonly million: number
  readonly seconds: number
  readonly paced: number
}

const DIFFERENT_QUESTIONS = 200_000
const CACHED_NAMES = 10_000
const POPULAR_NAMES = 200_000
/** No server here comes near; were one to, its run would end early and still be right. */
const PER_SECOND_MAX = 250_000
export const PACED_SECONDS_MAX = 5
const MIX = { blockedShare: 0.1, missShare: 0.1 } as const

/** Writes the questions of one load. `covers: 'name'` asks no name below a flagged one. */
export function planLoad(name: LoadName, covers: Peer['covers'], sizes: Sizes, dir: string, list: BlockList): LoadPlan {
  const write = (what: string, names: readonly string[]) =>
    writeQuestions(join(dir, `${name}-${covers}-${what}`), names)
  const namesOnly = covers === 'name'
  const expected = expectedAnswers(list, namesOnly)
  if (name === 'cached') {
    const timed = write('timed', shuffledAgain(cleanNames(CACHED_NAMES, 3)))
    return { name, list, prime: timed, timed, once: false, paced: timed, expected }
  }
  if (name !== 'mix') {
    const timed = write('timed', blockedQuestions(list, DIFFERENT_QUESTIONS, namesOnly))
    return { name, list, prime: timed, timed, once: false, paced: timed, expected }
  }
  const popular = cleanNames(POPULAR_NAMES, 4)
  const timedCount = sizes.seconds * PER_SECOND_MAX
  const pacedCount = sizes.paced * PACED_SECONDS_MAX
  const questions = mixQuestions({ ...MIX, popular, list }, timedCount + pacedCount, namesOnly)
  return {
    name,
    list,
    prime: write('prime', popular),
    timed: write('timed', questions.slice(0, timedCount)),
    once: true,
    // The tail, whose misses nobody has asked before.
    paced: write('paced', questions.slice(timedCount)),
    expected,
  }
}

export function listFor(load: LoadName, sizes: Sizes): BlockList {
  return blockList(load === 'million' ? sizes.million : sizes.names)
}

/** From the first to the last of the list: one that is cut short, or still being loaded, shows. */
function expectedAnswers(list: BlockList, namesOnly: boolean): Array<readonly [string, string]> {
  const places = Array.from({ length: 41 }, (_, step) => Math.floor((step / 40) * (list.names.length - 1)))
  const flagged = places.map(place => list.names[place]!)
  const below = namesOnly ? [] : flagged.map(name => `a.b.${name}`)
  const clean = [...cleanNames(3, 7), ...flagged.map(name => `x1${name}`)]
  return [
    ...[...flagged, ...below].map(name => [name, BLOCK_ADDRESS] as const),
    ...clean.map(name => [name, UPSTREAM_ADDRESS] as const),
  ]
}

/** Twice over, the second time from the other end, so that the file is no short loop in one order. */
function shuffledAgain(names: readonly string[]): string[] {
  return [...names, ...names.toReversed()]
}

function writeQuestions(file: string, names: readonly string[]): string {
  writeFileSync(file, `${names.join(' A\n')} A\n`)
  return file
}
