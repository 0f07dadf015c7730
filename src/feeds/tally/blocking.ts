/** How much an image blocks, by the elements of its rules: exceptions and what is only monitored block nothing. */
import { eachRule } from '../../images/filter/entries.ts'
import { ALLOW_BIT, MONITOR_BIT, PREFIX_ELEMENT, PREFIX_FIELDS } from '../../images/filter/layout.ts'
import type { PrefixTable } from '../../images/filter/prefixes.ts'
import type { FilterReader } from '../../images/filter/reader.ts'

export function blocks(image: FilterReader, element: number): boolean {
  return (image.kindOf(element) & (ALLOW_BIT | MONITOR_BIT)) === 0
}

/** Every rule about addresses; `words` as in `prefixes.ts`, those of the rule from `at` on. */
export function eachPrefix(
  image: FilterReader,
  visit: (element: number, words: Uint32Array, at: number, isClient: boolean) => void,
): void {
  const walk = ({ words, count }: PrefixTable, isClient: boolean) => {
    for (let at = 0; at < count * PREFIX_FIELDS; at += PREFIX_FIELDS)
      visit(words[at + PREFIX_ELEMENT]!, words, at, isClient)
  }
  walk(image.prefixes, false)
  walk(image.clients, true)
}

/** How many rules block, by element. */
export function blockingRules(image: FilterReader): Float64Array {
  const counts = new Float64Array(image.elementCount)
  eachRule(image, element => {
    counts[element]!++
    return false
  })
  eachPrefix(image, element => {
    counts[element]!++
  })
  return counts.map((count, element) => (blocks(image, element) ? count : 0))
}
