/** `qalqan block` and `qalqan unblock`: from words on the command line to a line in the file of urgent changes. */
import { domainToASCII } from 'node:url'
import { appendUrgent, type UrgentChange } from './feeds/urgent.ts'
import { CLASSES, type RuleClass } from './images/classes.ts'
import { visible } from './settings/problems.ts'
import type { Settings } from './settings/settings.ts'
import { BAD_NAME, nameFromText, nameToText } from './wire/name.ts'

export interface UrgentRequest {
  readonly action: 'block' | 'unblock'
  readonly name: string
  readonly caseNumber: string | undefined
  readonly ruleClass: string | undefined
  readonly category: string | undefined
  readonly reason: string | undefined
  readonly exact: boolean
  /** ISO 8601. */
  readonly at: string
}

/** Records the change and says what it is. Throws TypeError for what cannot be one. */
export function recordUrgent(settings: Settings, request: UrgentRequest): string {
  const change = changeOf(settings, request)
  appendUrgent(settings.data, change)
  return change.action === 'block'
    ? `${change.name}: blocked, ${change.class}, category ${change.category}, case ${change.case}`
    : `${change.name}: what feeds have for this very name does not block it any more`
}

function changeOf(settings: Settings, request: UrgentRequest): UrgentChange {
  const name = canonical(request.name)
  const reason = request.reason === undefined ? {} : { reason: request.reason }
  if (request.action === 'unblock') return { action: 'unblock', name, at: request.at, ...reason }
  const { caseNumber } = request
  if (caseNumber === undefined) throw new TypeError('a block needs its case: --case NUMBER')
  if (!/^[!-~](?:[ -~]{0,62}[!-~])?$/.test(caseNumber)) {
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

function categoryFor(settings: Settings, ruleClass: RuleClass, wanted: string | undefined): string {
  const known = settings.feeds.map(feed => feed.category)
  if (wanted !== undefined && known.includes(wanted)) return wanted
  if (wanted !== undefined)
    throw new TypeError(`no feed has the category ${visible(wanted)}: ${[...new Set(known)].join(', ')}`)
  const first = settings.feeds.find(feed => feed.class === ruleClass)
  if (first === undefined) throw new TypeError(`no feed is of class ${ruleClass}: say --category`)
  return first.category
}

function canonical(name: string): string {
  const wire = new Uint8Array(256)
  const end = nameFromText(/\P{ASCII}/u.test(name) ? domainToASCII(name) : name, wire)
  if (end === BAD_NAME || end < 2) throw new TypeError(`not a domain name: ${visible(name)}`)
  return nameToText(wire)
}
