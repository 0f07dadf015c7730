/**
 * A block by its number, from the filter image itself. There is no index of case numbers, which few ask for and which would cost every reload: some tens of
 * milliseconds for a million rules that have numbers, nothing for a number that is none. Public numbers (`Q-…`) are drawn from names and cannot be turned
 * back; the names in force are gone through for them once, when the first is asked for. Answers are remembered for the image.
 *
 * No name leaves here. A public number tells no more than asking for the name itself does, which whoever has the number has done.
 */
import { CLASSES, type RuleClass } from '../images/classes.ts'
import { eachRule } from '../images/filter/entries.ts'
import { ALLOW_BIT, MONITOR_BIT, NO_RULE, WITHDRAW_BIT } from '../images/filter/layout.ts'
import { provenanceOf } from '../images/filter/provenance.ts'
import type { FilterReader } from '../images/filter/reader.ts'
import { nameToText } from '../wire/name.ts'
import { isPublicNumber, PublicNumbers } from './public-numbers.ts'

export interface CaseFound {
  readonly ruleClass: RuleClass
  readonly category: string
  /** As the entry has it; null where it has none. */
  readonly basis: string | null
  readonly reviewedBy: string | null
  /** Seconds since 1970. */
  readonly listedAt: number | null
}

interface Images {
  readonly overlay: FilterReader
  readonly filter: FilterReader
}

const REMEMBERED_MAX = 1000

/** `categories`: by the images' numbers; `blocked`: those that some policy blocks. `images` gives those in force. */
export function caseFinder(
  categories: readonly string[],
  blocked: ReadonlySet<string>,
  images: () => Images,
): (caseNumber: string) => CaseFound | null {
  let of: Images | null = null
  let known = new Map<string, CaseFound | null>()
  let numbers: PublicNumbers | null = null
  const isBlocked = categories.map(category => blocked.has(category))
  return caseNumber => {
    const now = images()
    if (of === null || now.filter !== of.filter) numbers = null
    if (of === null || now.filter !== of.filter || now.overlay !== of.overlay) known = new Map()
    of = { filter: now.filter, overlay: now.overlay }
    const before = known.get(caseNumber)
    if (before !== undefined) return before
    numbers ??= isPublicNumber(caseNumber) ? new PublicNumbers(now.filter) : null
    const found = new Search({ categories, isBlocked }, now, numbers).find(caseNumber)
    if (known.size >= REMEMBERED_MAX) known.clear()
    known.set(caseNumber, found)
    return found
  }
}

/** By the images' numbers of categories. */
interface Known {
  readonly categories: readonly string[]
  readonly isBlocked: readonly boolean[]
}

class Search {
  private readonly known: Known
  private readonly images: Images
  private readonly numbers: PublicNumbers | null
  /** Names whose blocks in lists were lifted. */
  private readonly lifted = new Set<string>()

  constructor(known: Known, images: Images, numbers: PublicNumbers | null) {
    this.known = known
    this.images = images
    this.numbers = numbers
    const { overlay } = images
    eachRule(overlay, (element, _rule, nameAt) => {
      if ((overlay.kindOf(element) & WITHDRAW_BIT) !== 0) this.lifted.add(nameIn(overlay, nameAt))
      return false
    })
  }

  find(caseNumber: string): CaseFound | null {
    const { overlay, filter } = this.images
    const text = Buffer.from(caseNumber, 'latin1')
    const own = this.withCase(overlay, text) ?? this.withCase(filter, text)
    return own ?? (isPublicNumber(caseNumber) ? this.withNumber(caseNumber) : null)
  }

  private withCase(image: FilterReader, text: Buffer): CaseFound | null {
    const rules = rulesWith(image, text)
    if (rules.size === 0) return null
    let found: CaseFound | null = null
    eachRule(image, (element, rule, nameAt) => {
      if (!rules.has(rule) || !this.holds(image, element, nameAt)) return false
      found = this.caseOf(image, element, rule)
      return true
    })
    return found
  }

  /** Where several lists have the name, the class that speaks first. */
  private withNumber(number: string): CaseFound | null {
    const image = this.images.filter
    const first = { element: -1, rule: NO_RULE }
    this.numbers?.eachRuleOf(number, (element, rule, nameAt) => {
      const hasOwn = rule !== NO_RULE && image.caseLength(rule) > 0
      const isEarlier = first.element < 0 || image.classOf(element) < image.classOf(first.element)
      if (!hasOwn && isEarlier && this.holds(image, element, nameAt)) Object.assign(first, { element, rule })
      return false
    })
    return first.element < 0 ? null : this.caseOf(image, first.element, first.rule)
  }

  /** Whether a rule blocks anybody, and nobody has lifted it. */
  private holds(image: FilterReader, element: number, nameAt: number): boolean {
    if ((image.kindOf(element) & (ALLOW_BIT | MONITOR_BIT | WITHDRAW_BIT)) !== 0) return false
    if (!this.known.isBlocked[image.categoryOf(element)]) return false
    return image === this.images.overlay || this.lifted.size === 0 || !this.lifted.has(nameIn(image, nameAt))
  }

  private caseOf(image: FilterReader, element: number, rule: number): CaseFound {
    const listedAt = rule === NO_RULE ? 0 : image.listedAt(rule)
    return {
      ruleClass: CLASSES[image.classOf(element)]!,
      category: this.known.categories[image.categoryOf(element)]!,
      ...provenanceOf(image, element),
      listedAt: listedAt === 0 ? null : listedAt,
    }
  }
}

function nameIn(image: FilterReader, nameAt: number): string {
  let end = nameAt
  while (image.pool[end] !== 0) end += image.pool[end]! + 1
  return nameToText(image.pool.slice(nameAt, end + 1))
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
