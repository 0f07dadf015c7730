/**
 * What a block page says, before it becomes HTML, plain text or JSON: the same facts in the same words for all three.
 * Nothing in it is escaped; text from outside has lost its control characters.
 */
import type { RuleClass } from '../images/classes.ts'
import { fill } from '../settings/placeholders.ts'
import { categoryName } from './categories.ts'
import { type BlockPageSettings, type Contact, contacts, webLink } from './contacts.ts'
import { withoutControls } from './escape.ts'
import type { BlockFinding } from './finding.ts'
import { type ShownHost, shownHost } from './host.ts'
import type { Language } from './language.ts'
import { TEXTS } from './texts.ts'

/** The category of a name that is not on a positive list; see `policy/find-block.ts`. */
const NOT_LISTED_SLUG = 'not-listed'
/** Longer text from a feed is cut: it would only bury the rest. */
const SHOWN_CHARACTERS_MAX = 200

export interface BlockFacts {
  readonly ruleClass: RuleClass
  readonly basis: string
  readonly categorySlug: string
  readonly category: string
  /** Empty where the feed gives none. */
  readonly caseNumber: string
  readonly since: ShownDate | null
  /** Who has checked it; null: not told. */
  readonly reviewedBy: string | null
}

export interface ShownDate {
  /** `2026-05-03` */
  readonly iso: string
  /** In words, in the page's language. */
  readonly words: string
}

export interface Content {
  readonly language: Language
  readonly title: string
  readonly explanation: string
  readonly host: ShownHost | null
  readonly provider: string | null
  /** Null: there is no block to tell of. */
  readonly block: BlockFacts | null
  readonly contacts: readonly Contact[]
  /** Where to go instead; titles as the operator wrote them. */
  readonly places: readonly { readonly url: string; readonly title: string }[]
}

export function blockContent(
  language: Language,
  host: string | null,
  finding: BlockFinding | null,
  settings: BlockPageSettings,
  takesAppeals = false,
): Content {
  const texts = TEXTS[language]
  const own = finding === null ? undefined : settings.classes?.[finding.ruleClass]
  const block = finding === null ? null : blockFacts(finding, language, own)
  return {
    language,
    title: block === null ? texts.notBlocked.title : texts.blocked.title,
    explanation:
      block === null
        ? texts.notBlocked.explanation
        : explanationOf(block, language, own, {
            site: host === null ? null : (shownHost(host).unicode ?? shownHost(host).ascii),
            provider: settings.provider,
          }),
    host: host === null ? null : shownHost(host),
    provider: settings.provider === null ? null : withoutControls(settings.provider),
    block,
    places: finding?.category === NOT_LISTED_SLUG ? placesOf(settings) : [],
    contacts: contacts(
      own?.appeal ?? settings.appeal,
      [block?.caseNumber, host].filter(Boolean).join(' '),
      takesAppeals ? (host ?? block?.caseNumber ?? '') : '',
    ),
  }
}

/** The operator's words for a block or ours, in paragraphs between empty lines. */
export function explanationOf(
  block: BlockFacts,
  language: Language,
  own: ClassWords,
  { site, provider }: { readonly site: string | null; readonly provider: string | null },
): string {
  const texts = TEXTS[language]
  const words = own?.explanation[language] ?? texts.classes[block.ruleClass].explanation
  return fill(words, {
    site: site ?? texts.requestedSite,
    case: block.caseNumber,
    category: block.category,
    basis: block.basis,
    since: block.since?.words ?? '',
    provider: withoutControls(provider ?? ''),
  })
}

type ClassWords = NonNullable<BlockPageSettings['classes']>[RuleClass] | undefined

function placesOf({ places = [] }: BlockPageSettings): Content['places'] {
  return places.flatMap(({ url, title }) => {
    const link = webLink(url)
    return link === null ? [] : [{ url: link, title: withoutControls(title) }]
  })
}

/** What is told of a block; `own`: the operator's words for its class. */
export function blockFacts(finding: BlockFinding, language: Language, own: ClassWords): BlockFacts {
  const words = own?.basis[language] ?? TEXTS[language].classes[finding.ruleClass].basis
  const basis = fromFeed(finding.basis ?? '')
  return {
    ruleClass: finding.ruleClass,
    basis: basis === '' ? words : `${words}: ${basis}`,
    categorySlug: fromFeed(finding.category),
    category: categoryName(fromFeed(finding.category), language),
    caseNumber: fromFeed(finding.caseNumber),
    since: finding.listedAt === null ? null : shownDate(finding.listedAt, language),
    reviewedBy: fromFeed(finding.reviewedBy ?? '') || (own?.reviewedBy ?? null),
  }
}

function fromFeed(text: string): string {
  const characters = [...withoutControls(text)]
  return characters.length > SHOWN_CHARACTERS_MAX
    ? `${characters.slice(0, SHOWN_CHARACTERS_MAX).join('')}…`
    : characters.join('')
}

/** The day in UTC, since a feed's bare date means midnight there; null for a number that is no date of our time. */
export function shownDate(epochSeconds: number, language: Language): ShownDate | null {
  const date = new Date(epochSeconds * 1000)
  const year = date.getUTCFullYear()
  if (!(year >= 1970 && year <= 9999)) return null
  return { iso: date.toISOString().slice(0, 10), words: DATE_FORMATS[language].format(date) }
}

const DATE_FORMATS: Readonly<Record<Language, Intl.DateTimeFormat>> = {
  kk: dateFormat('kk'),
  ru: dateFormat('ru'),
  en: dateFormat('en'),
}

function dateFormat(language: Language): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' })
}
