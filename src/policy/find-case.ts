/**
 * A block by its number, from the filter image itself. There is no index of case numbers, which few ask for and which would cost every reload: some tens of
 * milliseconds for a million rules that have numbers, nothing for a number that is none. Public numbers (`Q-…`) are drawn from names and cannot be turned
 * back; for them the names in force are indexed once, when the first is asked for. Answers are remembered for the image.
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
): (caseNumber: string) => Promise<CaseFound | null> {
  const isBlocked = categories.map(category => blocked.has(category))
  // Weakly: what is remembered must not keep a former image in memory until somebody asks again.
  let of: { readonly filter: WeakRef<FilterReader>; readonly overlay: WeakRef<FilterReader> } | null = null
  let known = new Map<string, CaseFound | null>()
  let numbers: Promise<PublicNumbers> | null = null
  return async caseNumber => {
    const { filter, overlay } = images()
    if (filter !== of?.filter.deref()) numbers = null
    if (filter !== of?.filter.deref() || overlay !== of?.overlay.deref()) known = new Map()
    of = { filter: new WeakRef(filter), overlay: new WeakRef(overlay) }
    const before = known.get(caseNumber)
    if (before !== undefined) return before
    const answers = known
    const isPublic = isPublicNumber(caseNumber)
    if (isPublic && numbers === null) {
      const made = PublicNumbers.of(filter)
      numbers = made
      // What could not be made is tried again for whoever asks next.
      made.catch(() => {
        if (numbers === made) numbers = null
      })
    }
    const search = new Search({ categories, isBlocked }, { filter, overlay })
    const found = search.withCase(caseNumber) ?? (isPublic ? search.withNumber(caseNumber, (await numbers)!) : null)
    if (answers.size >= REMEMBERED_MAX) answers.clear()
    answers.set(caseNumber, found)
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
  /** Names whose blocks in lists were lifted. */
  private readonly lifted = new Set<string>()

  constructor(known: Known, images: Images) {
    this.known = known
    this.images = images
    const { overlay } = images
    eachRule(overlay, (element, _rule, nameAt) => {
      if ((overlay.kindOf(element) & WITHDRAW_BIT) !== 0) this.lifted.add(nameIn(overlay, nameAt))
      return false
    })
  }

  withCase(caseNumber: string): CaseFound | null {
    const { overlay, filter } = this.images
    const text = Buffer.from(caseNumber, 'latin1')
    return this.inImage(overlay, text) ?? this.inImage(filter, text)
  }

  private inImage(image: FilterReader, text: Buffer): CaseFound | null {
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
  withNumber(number: string, numbers: PublicNumbers): CaseFound | null {
    const image = this.images.filter
    const first = { element: -1, rule: NO_RULE }
    numbers.eachRuleOf(number, image, (element, rule, nameAt) => {
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
