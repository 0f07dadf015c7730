/**
 * Where to object to a block, made safe to link to. The configuration is checked when it is read; this is the second lock.
 */
import type { Settings } from '../settings/settings.ts'
import { withoutControls } from './escape.ts'

type All = Settings['blockPage']
/** Where classes have no words of their own, those of `texts.ts` stand. */
export type BlockPageSettings = Omit<All, 'classes' | 'places'> & Partial<Pick<All, 'classes' | 'places'>>

export interface Contact {
  readonly kind: 'email' | 'url' | 'phone'
  readonly shown: string
  /** Null where no safe link can be made of it. */
  readonly href: string | null
}

/** `subject` is what a message should begin with: the case and the site. `about`: what a form of ours is to be filled in with; empty: it is none. */
export function contacts(appeal: BlockPageSettings['appeal'], subject: string, about = ''): Contact[] {
  const found: Contact[] = []
  const { email, url, phone } = appeal
  if (email !== null) found.push({ kind: 'email', shown: withoutControls(email), href: mailLink(email, subject) })
  if (url !== null) found.push({ kind: 'url', shown: withoutControls(url), href: formLink(webLink(url), about) })
  if (phone !== null) found.push({ kind: 'phone', shown: withoutControls(phone), href: phoneLink(phone) })
  return found
}

/** An absolute http or https URL in the spelling that headers and attributes can carry; null for anything else. */
export function webLink(url: string): string | null {
  const parsed = URL.parse(url)
  return parsed !== null && /^https?:$/.test(parsed.protocol) ? parsed.href : null
}

function formLink(url: string | null, about: string): string | null {
  if (url === null || about === '') return url
  const link = new URL(url)
  link.searchParams.set('about', about)
  return link.href
}

function mailLink(email: string, subject: string): string | null {
  if (!/^[^\s@?&%<>"',;:]+@[^\s@?&%<>"',;:]+$/.test(email)) return null
  return `mailto:${encodeURI(email.toWellFormed())}?subject=${encodeURIComponent(subject.toWellFormed())}`
}

function phoneLink(phone: string): string | null {
  const digits = phone.replace(/[^\d+]/g, '')
  return /^\+?\d{2,20}$/.test(digits) ? `tel:${digits}` : null
}
