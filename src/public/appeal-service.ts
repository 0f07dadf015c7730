/**
 * Takes appeals over HTTP and tells what became of them. Whoever objects says no more of themselves than they like: their address is not kept, and how
 * often a network may write is counted by a hash that lives for a day.
 */
import type { IncomingMessage } from 'node:http'
import { DailyLimit } from '../appeals/daily-limit.ts'
import { FORM_TYPE, type FormFields, readForm, wrongField } from '../appeals/form.ts'
import { FormTokens } from '../appeals/form-token.ts'
import type { AppealStore } from '../appeals/store.ts'
import type { Language } from '../blockpage/language.ts'
import type { HttpAnswer } from '../platform/http-server.ts'
import { formPage, ticketPage } from './appeal-pages.ts'
import type { PublicTexts } from './texts.ts'

/** Nobody reads and fills in a form faster. */
const EARLIEST_SECONDS = 3
const DAY_SECONDS = '86400'

export interface AppealServiceOptions {
  readonly store: AppealStore
  readonly provider: string | null
  readonly perClientMax: number
  readonly openMax: number
  /** Seconds since 1970. */
  readonly now: () => number
  readonly onProblem: (problem: string) => void
  /** For tests. */
  readonly earliestSeconds?: number
}

type Wrong = keyof PublicTexts['wrong']

export class AppealService {
  private readonly options: AppealServiceOptions
  private readonly tokens: FormTokens
  private readonly limit: DailyLimit

  constructor(options: AppealServiceOptions) {
    this.options = options
    this.tokens = new FormTokens(options.earliestSeconds ?? EARLIEST_SECONDS)
    this.limit = new DailyLimit(options.perClientMax)
  }

  form(language: Language, about: string): HttpAnswer {
    return this.formAgain(200, language, { ...NOTHING, subject: about }, null)
  }

  submit(request: IncomingMessage, body: Buffer | null, language: Language, address: string): HttpAnswer {
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase()
    if (type !== FORM_TYPE) return this.formAgain(415, language, NOTHING, 'form')
    if (body === null) return this.formAgain(413, language, NOTHING, 'form')
    const fields = isFromElsewhere(request) ? null : readForm(body)
    if (fields === null) return this.formAgain(400, language, NOTHING, 'form')
    return this.take(fields, language, address)
  }

  private take(fields: FormFields, language: Language, address: string): HttpAnswer {
    const now = this.options.now()
    const problem = this.tokens.problem(fields.token, now)
    if (problem !== null) return this.formAgain(403, language, fields, problem === 'forged' ? 'form' : problem)
    const wrong = wrongField(fields)
    if (wrong !== null) return this.formAgain(400, language, fields, wrong)
    // Filled in by what fills in everything; it is told the same as everybody who was too quick.
    if (fields.website !== '') return this.formAgain(403, language, fields, 'early')
    if (!this.limit.admits(address, now))
      return this.formAgain(429, language, fields, 'often', { 'Retry-After': DAY_SECONDS })
    return this.store(fields, language, now)
  }

  private store({ subject, reason, contact, ...rest }: FormFields, language: Language, now: number): HttpAnswer {
    const { store, openMax, provider, onProblem } = this.options
    const again = (status: number, wrong: Wrong) =>
      this.formAgain(status, language, { subject, reason, contact, ...rest }, wrong)
    const appeal = { subject, reason, contact: contact === '' ? null : contact }
    try {
      if (store.count('open') >= openMax) return again(503, 'full')
      if (store.hasSame(appeal)) return again(409, 'same')
      const ticket = store.add(appeal, now)
      return ticketPage(201, { language, provider, appeal: store.find(ticket), isNew: true })
    } catch (error) {
      onProblem(`an appeal could not be stored: ${(error as Error).message}`)
      return again(503, 'broken')
    }
  }

  ticket(language: Language, ticket: string): HttpAnswer {
    const { store, provider, onProblem } = this.options
    try {
      const appeal = store.find(ticket)
      return ticketPage(appeal === null ? 404 : 200, { language, provider, appeal, isNew: false })
    } catch (error) {
      onProblem(`appeals cannot be read: ${(error as Error).message}`)
      return this.formAgain(503, language, NOTHING, 'broken')
    }
  }

  private formAgain(
    status: number,
    language: Language,
    fields: FormFields,
    wrong: Wrong | null,
    headers: Record<string, string> = {},
  ): HttpAnswer {
    const { subject, reason, contact } = fields
    const token = this.tokens.issue(this.options.now())
    return formPage(
      status,
      { language, provider: this.options.provider, token, subject, reason, contact, wrong },
      headers,
    )
  }
}

const NOTHING: FormFields = { token: '', subject: '', reason: '', contact: '', website: '' }

/** What browsers say of where a form was (Fetch Metadata, Origin); a program that says nothing needs a token all the same. */
function isFromElsewhere({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  if (typeof site === 'string' && site !== 'same-origin' && site !== 'none') return true
  const { origin, host } = headers
  return origin !== undefined && origin !== 'null' && URL.parse(origin)?.host !== (host ?? '').toLowerCase()
}
