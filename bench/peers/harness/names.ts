/**
 * The names of the comparison: the block list, and the questions of each load. Everything follows from a seed, so that
 * every server, round and machine is asked the same.
 *
 * Owns: what a name looks like. Never: writes a file.
 * Flagged names have letters only; names that are not flagged end their first label in a digit, so the two never meet.
 * All are below `example.` and `test.`, reserved by RFC 2606.
 */
import { zipf } from '../../support/random.ts'
export type Random = () => number

export interface BlockList {
  readonly names: readonly string[]
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const BELOW = ['www', 'm', 'cdn', 'static', 'api', 'mail'] as const

/** The first `count` flagged names: a longer list begins with the shorter one. */
export function blockList(count: number): BlockList {
  const random = seeded(1)
  return { names: Array.from({ length: count }, (_, index) => flaggedName(index, random)) }
}

/** Half the questions ask a flagged name, half something below one; with `namesOnly` all ask flagged names themselves. */
export function blockedQuestions(list: BlockList, count: number, namesOnly: boolean): string[] {
  const random = seeded(2)
  return Array.from({ length: count }, () => {
    const name = pick(list.names, random)
    return namesOnly || random() < 0.5 ? name : `${pick(BELOW, random)}.${name}`
  })
}

/** `count` different names that no list flags. Streams of different seeds share no name. */
export function cleanNames(count: number, seed: number): string[] {
  const random = seeded(seed)
  return Array.from(
    { length: count },
    (_, index) => `${letters(4 + below(8, random), random)}${seed}x${index}.${zone(random)}`,
  )
}

export interface Mix {
  readonly popular: readonly string[]
  readonly list: BlockList
  /** Shares of all questions; the rest asks the popular names, the first most often (Zipf, s = 1). */
  readonly blockedShare: number
  readonly missShare: number
}

/** Each name asked by a miss is asked once: when the popular names are in the cache before, the misses are exactly these. */
export function mixQuestions(mix: Mix, count: number, namesOnly: boolean): string[] {
  const random = seeded(5)
  const flagged = blockedQuestions(mix.list, Math.ceil(count * mix.blockedShare) + 1, namesOnly)
  const fresh = cleanNames(Math.ceil(count * mix.missShare * 1.1) + 100, 6)
  const rank = zipf(mix.popular.length, random)
  let asked = 0
  return Array.from({ length: count }, () => {
    const roll = random()
    if (roll < mix.blockedShare) return pick(flagged, random)
    if (roll < mix.blockedShare + mix.missShare && asked < fresh.length) return fresh[asked++]!
    return mix.popular[rank()]!
  })
}

/** mulberry32: small, and good enough to spread names. */
export function seeded(seed: number): Random {
  let state = (seed * 0x9e3779b9) | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Random letters, then the index in letters to make it unique; one name in five has a label more. */
function flaggedName(index: number, random: Random): string {
  const registered = `${letters(3 + below(8, random), random)}${indexInLetters(index)}.${zone(random)}`
  return random() < 0.2 ? `${letters(2 + below(6, random), random)}.${registered}` : registered
}

/** Five letters always, so that the random letters before cannot make two indices read the same. */
function indexInLetters(index: number): string {
  let text = ''
  for (let rest = index, place = 0; place < 5; place++, rest = Math.floor(rest / 26)) text += LETTERS[rest % 26]
  return text
}

function letters(length: number, random: Random): string {
  let text = ''
  for (let place = 0; place < length; place++) text += LETTERS[below(26, random)]
  return text
}

function zone(random: Random): string {
  return random() < 0.5 ? 'example' : 'test'
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[below(items.length, random)]!
}

function below(limit: number, random: Random): number {
  return Math.floor(random() * limit)
}
