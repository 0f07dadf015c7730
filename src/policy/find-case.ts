/**
 * A block by its case number, from the filter image itself: there is no index of cases, which few ask for and which would cost every reload. Some
 * tens of milliseconds for a million rules that have numbers, nothing for a number that is none; the answers are remembered for the image.
 */
import { CLASSES, type RuleClass } from '../images/classes.ts'
import { basisText } from '../images/filter/bases.ts'
import { eachRule } from '../images/filter/entries.ts'
import { WITHDRAW_BIT } from '../images/filter/layout.ts'
import type { FilterReader } from '../images/filter/reader.ts'

export interface CaseFound {
  readonly ruleClass: RuleClass
  readonly category: string
  /** As the entry has it; null where it has none. */
  readonly basis: string | null
  /** Seconds since 1970. */
  readonly listedAt: number | null
}

const REMEMBERED_MAX = 1000

/** `images` gives those in force, the overlay first. */
export function caseFinder(
  categories: readonly string[],
  images: () => readonly FilterReader[],
): (caseNumber: string) => CaseFound | null {
  let of: readonly FilterReader[] = []
  const known = new Map<string, CaseFound | null>()
  return caseNumber => {
    const now = images()
    if (now.some((image, i) => image !== of[i])) known.clear()
    of = now
    const before = known.get(caseNumber)
    if (before !== undefined) return before
    const found = now.reduce<CaseFound | null>((first, image) => first ?? findIn(image, categories, caseNumber), null)
    if (known.size >= REMEMBERED_MAX) known.clear()
    known.set(caseNumber, found)
    return found
  }
}

function findIn(image: FilterReader, categories: readonly string[], caseNumber: string): CaseFound | null {
  const rules = rulesWith(image, Buffer.from(caseNumber, 'latin1'))
  if (rules.size === 0) return null
  let found: CaseFound | null = null
  eachRule(image, (element, rule) => {
    if (!rules.has(rule) || (image.kindOf(element) & WITHDRAW_BIT) !== 0) return false
    found = caseOf(image, categories, element, rule)
    return true
  })
  return found
}

function rulesWith(image: FilterReader, text: Buffer): Set<number> {
  const found = new Set<number>()
  for (let rule = 0; rule < image.ruleCount; rule++) {
    if (image.caseLength(rule) !== text.length || text.length === 0) continue
    const at = image.caseAt(rule)
    let i = 0
    while (i < text.length && image.text[at + i] === text[i]) i++
    if (i === text.length) found.add(rule)
  }
  return found
}

function caseOf(image: FilterReader, categories: readonly string[], element: number, rule: number): CaseFound {
  const listedAt = image.listedAt(rule)
  return {
    ruleClass: CLASSES[image.classOf(element)]!,
    category: categories[image.categoryOf(element)]!,
    basis: basisText(image.bases, image.basisOf(element)),
    listedAt: listedAt === 0 ? null : listedAt,
  }
}
