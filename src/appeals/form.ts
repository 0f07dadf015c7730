/** What a visitor has filled in: read strictly, told what is wrong. */

export const FORM_TYPE = 'application/x-www-form-urlencoded'
const FIELDS = ['token', 'subject', 'reason', 'contact', 'website'] as const
export type Field = (typeof FIELDS)[number]
export type FormFields = Readonly<Record<Field, string>>

const SUBJECT_MAX = 300
const REASON_MIN = 10
const REASON_MAX = 4000
const CONTACT_MAX = 200

/** The fields of a body, or null for one that no form of ours sends: a field twice, an unknown one, bad UTF-8, control characters. */
export function readForm(body: Buffer): FormFields | null {
  const text = body.toString('latin1')
  const fields: Record<string, string> = {}
  for (const pair of text.split('&')) {
    const [name, value] = pair.split('=', 2).map(decoded)
    if (name == null || value == null || !(FIELDS as readonly string[]).includes(name) || name in fields) return null
    fields[name] = value.trim()
  }
  const { token = '', subject = '', reason = '', contact = '', website = '' } = fields
  return { token, subject, reason, contact, website }
}

/** Null for what is no UTF-8 or has control characters other than line breaks and tabs. */
function decoded(text: string): string | null {
  try {
    const value = decodeURIComponent(text.replaceAll('+', ' '))
    return /[^\P{Cc}\r\n\t]/u.test(value) ? null : value.replaceAll('\r\n', '\n')
  } catch {
    return null
  }
}

/** Which field is not filled in as it must be, or null. */
export function wrongField({ subject, reason, contact }: FormFields): 'subject' | 'reason' | 'contact' | null {
  if (subject === '' || subject.length > SUBJECT_MAX || subject.includes('\n')) return 'subject'
  if (reason.length < REASON_MIN || reason.length > REASON_MAX) return 'reason'
  return contact.length > CONTACT_MAX || contact.includes('\n') ? 'contact' : null
}
