/** `qalqan appeals`: what visitors object to, and what is decided on it. Works beside a running server and without one. */
import { namesOfCase } from './appeals/decide.ts'
import { siteName } from './appeals/site-name.ts'
import { type Appeal, AppealStore } from './appeals/store.ts'
import { explain } from './explain.ts'
import type { Settings } from './settings/settings.ts'
import { recordUrgent } from './urgent-command.ts'

export interface Decision {
  readonly ticket: string
  readonly isUpheld: boolean
  readonly by: string
  readonly reason: string
  /** The rule to lift, where that is not plain from the appeal. */
  readonly name: string | null
}

export function withAppeals<T>(settings: Settings, act: (store: AppealStore) => T): T {
  const store = new AppealStore(settings.data)
  try {
    return act(store)
  } finally {
    store.close()
  }
}

/** Throws TypeError where there is none. */
export function appealCalled(store: AppealStore, ticket: string): Appeal {
  const found = store.find(ticket)
  if (found === null) throw new TypeError(`there is no appeal ${JSON.stringify(ticket)}`)
  return found
}

/** Upholding lifts rules first: what was promised to somebody is done by then. Throws TypeError for what cannot be decided so. */
export function decideAppeal(
  settings: Settings,
  { ticket, isUpheld, by, reason, name }: Decision,
  nowMs: number,
): string {
  if (by.trim() === '' || reason.trim() === '') throw new TypeError('a decision needs --by PERSON and --reason TEXT')
  return withAppeals(settings, store => {
    const appeal = appealCalled(store, ticket)
    if (appeal.state !== 'open')
      throw new TypeError(`appeal ${appeal.ticket} was ${appeal.state} on ${day(appeal.decidedAt!)}`)
    const lifted = isUpheld ? lift(settings, appeal, by, name, nowMs) : []
    const state = isUpheld ? 'upheld' : 'rejected'
    store.decide(appeal.ticket, { state, by, answer: reason }, Math.floor(nowMs / 1000))
    return [`${appeal.ticket}: ${state} by ${by}`, ...lifted].join('\n')
  })
}

function lift(
  settings: Settings,
  { ticket, subject }: Appeal,
  by: string,
  name: string | null,
  nowMs: number,
): string[] {
  const names = name !== null ? [name] : rulesFor(settings, subject, nowMs)
  if (names.length === 0)
    throw new TypeError(`nothing blocks ${JSON.stringify(subject)}: reject the appeal, or say --name`)
  const at = new Date(nowMs).toISOString()
  const none = { caseNumber: undefined, ruleClass: undefined, category: undefined, exact: false }
  const reason = `appeal ${ticket}, upheld by ${by}`
  return names.map(own => recordUrgent(settings, { action: 'withdraw', name: own, reason, at, ...none }).text)
}

/** The rules to lift: of the site itself, or of the case. A rule above the site also blocks others, and is lifted only by name. */
function rulesFor(settings: Settings, subject: string, nowMs: number): string[] {
  const site = siteName(subject)
  if (site === null) return namesOfCase(settings, subject.trim(), nowMs)
  const rules = new Set<string>()
  for (const policy of settings.policies) {
    const rule = explain(settings, { name: site, client: null, policy: policy.name, nowMs }).judgement?.rule
    if (rule != null) rules.add(rule)
  }
  const above = [...rules].filter(rule => rule !== site)
  if (above.length > 0)
    throw new TypeError(
      `${site} is blocked by a rule for ${above.join(', ')}, which blocks more than it: say --name to lift that`,
    )
  return [...rules]
}

export function listText(appeals: readonly Appeal[]): string {
  if (appeals.length === 0) return 'no appeals'
  return appeals
    .map(
      ({ ticket, receivedAt, state, subject }) =>
        `${ticket}  ${day(receivedAt)}  ${state.padEnd(8)}  ${shown(subject)}`,
    )
    .join('\n')
}

export function appealText(appeal: Appeal, contact: string | null): string {
  const { ticket, receivedAt, state, subject, reason, hasContact, decidedAt, decidedBy, answer } = appeal
  return [
    `${ticket}: ${state}, received ${day(receivedAt)}`,
    `  about    ${shown(subject)}`,
    `  reason   ${shown(reason)}`,
    `  contact  ${contact === null ? (hasContact ? 'given; --contact shows it' : 'none') : shown(contact)}`,
    ...(decidedAt === null
      ? []
      : [`  decided  ${day(decidedAt)} by ${shown(decidedBy ?? '')}: ${shown(answer ?? '')}`]),
  ].join('\n')
}

/** What a stranger wrote must not steer a terminal. */
function shown(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ')
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}
