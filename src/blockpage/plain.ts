/**
 * The same facts for what is no page: an image, a style sheet, a program. A few lines of text, or problem details (RFC 9457).
 */
import type { Content } from './content.ts'
import { TEXTS } from './texts.ts'

export function renderText({ language, title, host, explanation, block, contacts }: Content): string {
  const labels = TEXTS[language].blocked
  const lines = [title, explanation]
  if (host !== null) lines.push(`${labels.site}: ${host.ascii}`)
  if (block !== null) lines.push(`${labels.basis}: ${block.basis}`, `${labels.category}: ${block.category}`)
  if (block !== null && block.caseNumber !== '') lines.push(`${labels.caseNumber}: ${block.caseNumber}`)
  if (block !== null && block.since !== null) lines.push(`${labels.since}: ${block.since.iso}`)
  if (block !== null && block.reviewedBy !== null) lines.push(`${labels.reviewedBy}: ${block.reviewedBy}`)
  for (const { kind, shown } of contacts) lines.push(`${TEXTS[language].appeal[kind]}: ${shown}`)
  return `${lines.join('\n')}\n`
}

export function renderProblem(content: Content, status: number): string {
  const { block, contacts, host } = content
  return `${JSON.stringify({
    type: 'about:blank',
    title: content.title,
    status,
    detail: content.explanation,
    ...(host === null ? {} : { host: host.ascii }),
    ...(block === null
      ? {}
      : { class: block.ruleClass, category: block.categorySlug, caseNumber: block.caseNumber, basis: block.basis }),
    ...(block === null || block.since === null ? {} : { listedOn: block.since.iso }),
    ...(block === null || block.reviewedBy === null ? {} : { reviewedBy: block.reviewedBy }),
    ...(content.provider === null ? {} : { provider: content.provider }),
    appeal: Object.fromEntries(contacts.map(({ kind, shown }) => [kind, shown])),
  })}\n`
}
