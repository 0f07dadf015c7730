/**
 * One line of Qalqan's own list, format 1: from a parsed JSON value to an entry, or to the sentence that says what is wrong with it.
 *
 * Every key is known, every value has its type: a line with a typo in `expires` must not block for ever.
 */
import { isCaseNumber } from './case-number.ts'
import type { EntryDetail } from './entry.ts'

export const SCOPES = ['host', 'domain', 'page'] as const
export type Scope = (typeof SCOPES)[number]

export interface QalqanEntry {
  readonly host: string
  readonly scope: Scope
  readonly action: 'block' | 'allow'
  readonly detail: EntryDetail
}

export interface QalqanHeader {
  readonly feed: string
  readonly serial: number
}

const TEXT_MAX = 1000
const REVIEWER_MAX = 100
const HEADER_KEYS: ReadonlySet<string> = new Set(['qalqan', 'feed', 'serial', 'issued', 'publisher'])
const ENTRY_KEYS: ReadonlySet<string> = new Set([
  'host',
  'url',
  'scope',
  'category',
  'case',
  'reason',
  'basis',
  'reviewed_by',
  'source',
  'listed',
  'expires',
  'recheck',
  'action',
])
const TEXT_KEYS = ['host', 'url', 'reason', 'basis', 'source'] as const
const DATE_KEYS = ['listed', 'expires', 'recheck'] as const

type Fields = Readonly<Record<string, unknown>>

export function readHeader(value: unknown): QalqanHeader | string {
  if (!isObject(value) || value.qalqan === undefined) return 'the first line is not a header {"qalqan":1,…}'
  if (value.qalqan !== 1)
    return `format ${JSON.stringify(value.qalqan)?.slice(0, 20)} of the list is not known; this program reads format 1`
  const { feed, serial, issued, publisher } = value
  const problem =
    unknownKey(value, HEADER_KEYS) ??
    (isText(feed) ? null : '`feed` must be a text') ??
    (Number.isSafeInteger(serial) && (serial as number) >= 0 ? null : '`serial` must be a whole number') ??
    (typeof issued === 'string' && secondsOf(issued) !== null ? null : '`issued` must be a date') ??
    (publisher === undefined || isText(publisher) ? null : '`publisher` must be a text')
  return problem === null ? { feed: feed as string, serial: serial as number } : `header: ${problem}`
}

/** `urlScope`: what a URL without a scope of its own stands for. */
export function readEntry(value: unknown, urlScope: Scope): QalqanEntry | string {
  if (!isObject(value)) return 'not an object'
  const problem = unknownKey(value, ENTRY_KEYS) ?? textProblem(value) ?? choiceProblem(value) ?? dateProblem(value)
  if (problem !== null) return problem
  if (typeof value.url === 'string') return urlEntry(value, value.url, urlScope)
  const scope = (value.scope ?? 'domain') as Scope
  if (scope === 'page') return 'the scope `page` needs a `url`'
  return { host: value.host as string, scope, action: actionOf(value), detail: detailOf(value) }
}

function urlEntry(value: Fields, url: string, urlScope: Scope): QalqanEntry | string {
  const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#\\]*@)?(\[[^\]]*\]|[^/?#\\:]*)(?::\d*)?(?:[/?#\\]|$)/i.exec(url)?.[1]
  if (host === undefined) return '`url` must be a whole URL such as https://bad.example/page'
  const scope = (value.scope ?? urlScope) as Scope
  if (actionOf(value) === 'allow' && scope === 'page') return 'a page cannot be allowed, only a host'
  return { host, scope, action: actionOf(value), detail: detailOf(value) }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unknownKey(value: Fields, known: ReadonlySet<string>): string | null {
  for (const key of Object.keys(value)) if (!known.has(key)) return `the key \`${key.slice(0, 40)}\` is not known`
  return null
}

function textProblem(value: Fields): string | null {
  if ((value.host === undefined) === (value.url === undefined)) return 'exactly one of `host` and `url` is needed'
  for (const key of TEXT_KEYS)
    if (value[key] !== undefined && !isText(value[key]))
      return `\`${key}\` must be a text of 1 to ${TEXT_MAX} characters`
  if (value.case !== undefined && !isCaseNumber(value.case))
    return '`case` must be a text of 1 to 64 printable ASCII characters without spaces at its ends'
  if (value.reviewed_by !== undefined && !isReviewer(value.reviewed_by))
    return `\`reviewed_by\` must be an organisation or a role of 1 to ${REVIEWER_MAX} characters, no address or telephone number`
  if (value.category !== undefined && !isSlug(value.category))
    return '`category` must be lower-case letters, digits and hyphens'
  return null
}

function choiceProblem(value: Fields): string | null {
  if (value.scope !== undefined && !(SCOPES as readonly unknown[]).includes(value.scope))
    return '`scope` must be host, domain or page'
  return value.action === undefined || value.action === 'block' || value.action === 'allow'
    ? null
    : '`action` must be block or allow'
}

function dateProblem(value: Fields): string | null {
  for (const key of DATE_KEYS) {
    const date = value[key]
    if (date !== undefined && (typeof date !== 'string' || secondsOf(date) === null))
      return `\`${key}\` must be a date such as 2026-11-22 or 2026-11-22T10:00:00Z`
  }
  return null
}

type Writable = { -readonly [Key in keyof EntryDetail]: EntryDetail[Key] }

/** Of fields that have been checked. */
function detailOf(value: Fields): EntryDetail {
  const detail: Writable = {}
  if (value.case !== undefined) detail.caseNumber = value.case as string
  if (value.category !== undefined) detail.category = value.category as string
  if (value.reason !== undefined) detail.reason = value.reason as string
  if (value.basis !== undefined) detail.basis = value.basis as string
  if (value.reviewed_by !== undefined) detail.reviewedBy = value.reviewed_by as string
  if (value.source !== undefined) detail.source = value.source as string
  if (value.url !== undefined) detail.url = value.url as string
  if (value.listed !== undefined) detail.listedAt = secondsOf(value.listed as string)!
  if (value.expires !== undefined) detail.expiresAt = secondsOf(value.expires as string)!
  if (value.recheck !== undefined) detail.recheckAt = secondsOf(value.recheck as string)!
  return detail
}

function actionOf(value: Fields): 'block' | 'allow' {
  return value.action === 'allow' ? 'allow' : 'block'
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= TEXT_MAX
}

/** It is shown to whoever is blocked: nobody's way to be reached stands there by accident. */
function isReviewer(value: unknown): boolean {
  const isContact = (text: string) => /@|:\/\/|\+?\d(?:[\s().-]*\d){8}/.test(text)
  return isText(value) && value.length <= REVIEWER_MAX && !/\p{Cc}/u.test(value) && !isContact(value)
}

function isSlug(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 63 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(value)
}

const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/
const DATE_LENGTH = 10
/** Of a date with hours and minutes. */
const MINUTES_LENGTH = 16

/**
 * Whole seconds since 1970 of an ISO 8601 date (its first moment in UTC) or date and time with a zone; null for all else. Not by
 * `Date.parse`, which takes days that no month has for the next month's and is most of what a long list would cost.
 */
export function secondsOf(text: string): number | null {
  if (!DATE.test(text)) return null
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2)]
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null
  const midnight = new Date(0).setUTCFullYear(year, month - 1, day) / 1000
  if (text.length === DATE_LENGTH) return midnight
  const [hour, minute] = [digits(text, 11, 2), digits(text, 14, 2)]
  const second = text[MINUTES_LENGTH] === ':' ? digits(text, 17, 2) : 0
  const zone = zoneSeconds(text)
  return hour > 23 || minute > 59 || second > 59 || zone === null
    ? null
    : midnight + 3600 * hour + 60 * minute + second - zone
}

function zoneSeconds(text: string): number | null {
  if (text.endsWith('Z')) return 0
  const at = text.length - 6
  const [hours, minutes] = [digits(text, at + 1, 2), digits(text, at + 4, 2)]
  if (hours > 23 || minutes > 59) return null
  return (text[at] === '-' ? -1 : 1) * (3600 * hours + 60 * minutes)
}

function digits(text: string, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) value = 10 * value + text.charCodeAt(i) - 0x30
  return value
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
}
