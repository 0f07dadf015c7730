/** `qalqan block` and `qalqan unblock`: from words on the command line to a line in the file of urgent changes. */
import { isCaseNumber } from './feeds/case-number.ts'
import { hostnameFromText, isTopLevel, problemText, TOP_LEVEL } from './feeds/hostname.ts'
import { appendUrgent, readUrgent, type UrgentChange } from './feeds/urgent.ts'
import { CLASSES, type RuleClass } from './images/classes.ts'
import { visible } from './settings/problems.ts'
import type { Settings } from './settings/settings.ts'
import { nameToText } from './wire/name.ts'

export interface UrgentRequest {
  readonly action: 'block' | 'unblock' | 'withdraw'
  readonly name: string
  readonly caseNumber: string | undefined
  readonly ruleClass: string | undefined
  readonly category: string | undefined
  readonly reason: string | undefined
  readonly exact: boolean
  /** ISO 8601. */
  readonly at: string
}

/** Records the change and says what it is, and of which name, as it is on record. Throws TypeError for what cannot be one. */
export function recordUrgent(
  settings: Settings,
  request: UrgentRequest,
): { readonly name: string; readonly text: string } {
  const change = changeOf(settings, request)
  const before = readUrgent(settings.data).changes.find(own => own.name === change.name)
  appendUrgent(settings.data, change)
  const { name } = change
  if (change.action !== 'block') return { name, text: releaseText(change, before) }
  const policies = settings.policies.filter(policy => policy.categories.includes(change.category))
  const where = policies.map(policy => policy.name).join(', ')
  const text = `${name}: blocked, ${change.class}, category ${change.category}, case ${change.case}, under ${where}`
  return { name, text }
}

function releaseText({ name, action }: UrgentChange, before: UrgentChange | undefined): string {
  if (action === 'withdraw') return `${name}: blocks that feeds have for this very name are lifted`
  return before === undefined
    ? `${name}: nothing urgent was set; the feeds decide (see qalqan explain)`
    : `${name}: the urgent ${before.action} has ended; the feeds decide again (see qalqan explain)`
}

function changeOf(settings: Settings, request: UrgentRequest): UrgentChange {
  const name = canonical(request.name)
  const reason = request.reason === undefined ? {} : { reason: request.reason }
  if (request.action !== 'block') return { action: request.action, name, at: request.at, ...reason }
  if (settings.records.some(record => record.name === name)) {
    throw new TypeError(
      `${name} is one of the configuration's own records, which are answered before anything is blocked`,
    )
  }
  const { caseNumber } = request
  if (caseNumber === undefined) throw new TypeError('a block needs its case: --case NUMBER')
  if (!isCaseNumber(caseNumber)) {
    throw new TypeError('a case number is 1 to 64 printable ASCII characters')
  }
  const ruleClass = (request.ruleClass ?? 'hotline') as RuleClass
  if (!CLASSES.includes(ruleClass)) throw new TypeError(`--class is one of ${CLASSES.join(', ')}`)
  const category = categoryFor(settings, ruleClass, request.category)
  return {
    action: 'block',
    name,
    at: request.at,
    class: ruleClass,
    category,
    case: caseNumber,
    exact: request.exact,
    ...reason,
  }
}

/** A category that some policy blocks, and that is on no policy's positive list: a block there would do the contrary. */
function categoryFor(settings: Settings, ruleClass: RuleClass, wanted: string | undefined): string {
  const isPositive = (category: string) => settings.policies.some(policy => policy.allowOnly.includes(category))
  const blocks = (category: string) =>
    settings.policies.some(policy => policy.categories.includes(category)) && !isPositive(category)
  const fitting = [...new Set(settings.feeds.map(feed => feed.category))].filter(blocks)
  if (wanted !== undefined && fitting.includes(wanted)) return wanted
  if (wanted !== undefined)
    throw new TypeError(`no policy blocks the category ${visible(wanted)}; those that are: ${fitting.join(', ')}`)
  const first = settings.feeds.find(feed => feed.class === ruleClass && fitting.includes(feed.category))
  if (first === undefined)
    throw new TypeError(`no feed of class ${ruleClass} has a category that a policy blocks: say --category`)
  return first.category
}

/** A host name as feeds take them: no address, port, wildcard or top-level domain. */
function canonical(name: string): string {
  const wire = new Uint8Array(256)
  const end = hostnameFromText(name, wire)
  if (end < 0) throw new TypeError(`${visible(name)} is no name that can be blocked: ${problemText(end)}`)
  if (isTopLevel(wire, end))
    throw new TypeError(`${visible(name)} is no name that can be blocked: ${problemText(TOP_LEVEL)}`)
  return nameToText(wire)
}
