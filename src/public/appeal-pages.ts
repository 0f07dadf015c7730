/** The form for appeals, what is answered to it, and the page by which an appeal is followed. */

import type { Appeal } from '../appeals/store.ts'
import { shownDate } from '../blockpage/content.ts'
import { escapeHtml as e } from '../blockpage/escape.ts'
import type { Language } from '../blockpage/language.ts'
import type { HttpAnswer } from '../platform/http-server.ts'
import { facts, pageAnswer } from './document.ts'
import { PUBLIC_TEXTS, type PublicTexts } from './texts.ts'

export interface FormContent {
  readonly language: Language
  readonly provider: string | null
  readonly token: string
  readonly subject: string
  readonly reason: string
  readonly contact: string
  /** What was wrong with what was sent; null for a form that was asked for. */
  readonly wrong: keyof PublicTexts['wrong'] | null
}

export function formPage(status: number, content: FormContent, headers: Record<string, string> = {}): HttpAnswer {
  const { language, provider, wrong, subject } = content
  const texts = PUBLIC_TEXTS[language]
  const trouble = wrong === null ? '' : `<p class="wrong" role="alert" id="wrong">${e(texts.wrong[wrong])}</p>\n`
  const query = subject === '' ? '' : `about=${encodeURIComponent(subject)}`
  return pageAnswer(
    status,
    { language, provider, title: texts.appeal.title, query },
    `${trouble}<p>${e(texts.appeal.introduction)}</p>\n${form(content)}`,
    headers,
  )
}

function form({ language, token, subject, reason, contact, wrong }: FormContent): string {
  const texts = PUBLIC_TEXTS[language].appeal
  const marked = (field: string) => (wrong === field ? ' aria-invalid="true"' : '')
  return `<form method="post" action="/appeal?lang=${language}" accept-charset="utf-8">
<input type="hidden" name="token" value="${e(token)}">
<label for="subject">${e(texts.subject)}</label>
<p class="hint" id="subject-hint">${e(texts.subjectHint)}</p>
<input id="subject" name="subject" required maxlength="300" autocomplete="off" aria-describedby="subject-hint"${marked('subject')} value="${e(subject)}">
<label for="reason">${e(texts.reason)}</label>
<p class="hint" id="reason-hint">${e(texts.reasonHint)}</p>
<textarea id="reason" name="reason" required minlength="10" maxlength="4000" rows="6" aria-describedby="reason-hint"${marked('reason')}>${e(reason).replaceAll('\ufffd', '\n')}</textarea>
<label for="contact">${e(texts.contact)}</label>
<p class="hint" id="contact-hint">${e(texts.contactHint)}</p>
<input id="contact" name="contact" maxlength="200" autocomplete="email" aria-describedby="contact-hint"${marked('contact')} value="${e(contact)}">
<div class="away" aria-hidden="true"><label for="website">${e(texts.leaveEmpty)}</label><input id="website" name="website" tabindex="-1" autocomplete="off"></div>
<button type="submit">${e(texts.send)}</button>
</form>`
}

export function ticketPage(
  status: number,
  own: {
    readonly language: Language
    readonly provider: string | null
    readonly appeal: Appeal | null
    readonly isNew: boolean
  },
): HttpAnswer {
  const { language, provider, appeal, isNew } = own
  const texts = PUBLIC_TEXTS[language].ticket
  const frame = { language, provider, title: texts.title }
  if (appeal === null) return pageAnswer(status, frame, `<p>${e(texts.unknown)}</p>`)
  const rows: [string, string][] = [
    [texts.number, appeal.ticket],
    [texts.received, day(appeal.receivedAt, language)],
    [texts.state, texts.states[appeal.state]],
  ]
  if (appeal.decidedAt !== null) rows.push([texts.decided, day(appeal.decidedAt, language)])
  if (appeal.answer !== null) rows.push([texts.answer, appeal.answer])
  const follow = `<p><a href="/appeal/${e(appeal.ticket)}?lang=${language}">${e(appeal.ticket)}</a></p>`
  return pageAnswer(status, frame, `${isNew ? `<p>${e(texts.keep)}</p>\n${follow}\n` : ''}${facts(rows)}`)
}

export function day(seconds: number, language: Language): string {
  return shownDate(seconds, language)?.words ?? ''
}
