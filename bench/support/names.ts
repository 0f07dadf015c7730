/**
 * Names for benches, each made from its number alone: a million of them need not be kept, and every run has the same.
 *
 * Flagged names have letters only; clean ones end a label in a digit, so the two never meet. 22 octets in wire form on average, as
 * much as the longer of the published lists have (17.5 to 22 were counted). One in five has a host in front; one in four lies below
 * a suffix of two labels, as under a country's registry. All are below `example` and `test` (RFC 2606).
 */
import { seeded } from './random.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const ZONES = ['example', 'test', 'example', 'test', 'example', 'test', 'co.example', 'com.test'] as const
const HOSTS = ['www', 'm', 'cdn', 'static', 'api', 'mail'] as const

export function flaggedName(index: number): string {
  return nameOf(index, seeded(index ^ 0x5bd1e995), '')
}

/** A name that no list here flags, of the same shapes. */
export function cleanName(index: number): string {
  return nameOf(index, seeded(index ^ 0x1b873593), '0')
}

/** A name below another. */
export function nameBelow(name: string, index: number): string {
  return `${HOSTS[index % HOSTS.length]!}${index % 10}.${name}`
}

/** `count` different questions that a list of `listed` names blocks: half of them the names, half below one, spread over all the list. */
export function blockedQuestions(count: number, listed: number): string[] {
  return shuffled(count, i => {
    const name = flaggedName(Math.floor((i / count) * listed))
    return i % 2 === 0 && listed >= count ? name : `n${i}.${name}`
  })
}

/** `count` different questions that no list blocks; half of them a host of a name. */
export function cleanQuestions(count: number, first = 0): string[] {
  return shuffled(count, i => (i % 2 === 0 ? cleanName(first + i) : nameBelow(cleanName(first + i), i)))
}

function nameOf(index: number, random: () => number, end: string): string {
  const registered = `${letters(3, 10, random)}${inLetters(index)}${end}.${ZONES[Math.floor(random() * ZONES.length)]!}`
  return random() < 0.2 ? `${letters(2, 7, random)}.${registered}` : registered
}

/** Always five letters, so that the random ones in front cannot make two numbers read the same: unique up to 11.8 million. */
function inLetters(index: number): string {
  let text = ''
  for (let rest = index, place = 0; place < 5; place++, rest = Math.floor(rest / 26)) text += LETTERS[rest % 26]
  return text
}

function letters(least: number, most: number, random: () => number): string {
  let text = ''
  for (let left = least + Math.floor(random() * (most - least + 1)); left > 0; left--) {
    text += LETTERS[Math.floor(random() * 26)]
  }
  return text
}

function shuffled(count: number, make: (index: number) => string): string[] {
  const names = Array.from({ length: count }, (_, i) => make(i))
  const random = seeded(count)
  for (let i = count - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1))
    const name = names[i]!
    names[i] = names[other]!
    names[other] = name
  }
  return names
}
