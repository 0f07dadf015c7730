/**
 * The block page as one HTML document: no script, nothing loaded from elsewhere, one fixed style that the Content-Security-Policy
 * names by its hash.
 *
 * Every piece of text goes through `escapeHtml`, ours included, so that no line here has to be trusted for being harmless.
 * Outside text stands in <bdi>, where it cannot turn the direction of the words around it.
 */
import type { Contact } from './contacts.ts'
import type { BlockFacts, Content } from './content.ts'
import { escapeHtml as e } from './escape.ts'
import { contentSecurityPolicy, pageHeader, paragraphs } from './frame.ts'
import type { ShownHost } from './host.ts'
import { STYLE } from './style.ts'
import { TEXTS } from './texts.ts'

export const PAGE_CONTENT_SECURITY_POLICY = contentSecurityPolicy("'none'")

export function renderPage(content: Content): string {
  const { language, title } = content
  return `<!doctype html>
<html lang="${language}" dir="ltr">
<head>
<meta charset="utf-8">
<title>${e(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<meta name="format-detection" content="telephone=no">
<style>${STYLE}</style>
</head>
<body>
${pageHeader(content)}
<main>
<h1>${e(title)}</h1>
${hostLine(content)}
${paragraphs(content.explanation)}
${content.block === null ? advice(content) : details(content.block, content)}
${places(content)}
${appeal(content)}
</main>
<footer><p>${e(TEXTS[language].privacy)}</p></footer>
</body>
</html>
`
}

function hostLine({ host, language }: Content): string {
  return `<p class="host">${host === null ? e(TEXTS[language].requestedSite) : hostHtml(host)}</p>`
}

function hostHtml({ ascii, unicode }: ShownHost): string {
  return unicode === null
    ? `<bdi>${e(ascii)}</bdi>`
    : `<bdi>${e(unicode)}</bdi> <small>(<bdi>${e(ascii)}</bdi>)</small>`
}

function details(block: BlockFacts, { language }: Content): string {
  const labels = TEXTS[language].blocked
  const rows: [label: string, html: string][] = [
    [labels.basis, `<bdi>${e(block.basis)}</bdi>`],
    [labels.category, `<bdi>${e(block.category)}</bdi>`],
  ]
  if (block.caseNumber !== '')
    rows.push([labels.caseNumber, `<code class="case"><bdi>${e(block.caseNumber)}</bdi></code>`])
  if (block.since !== null)
    rows.push([labels.since, `<time datetime="${e(block.since.iso)}">${e(block.since.words)}</time>`])
  if (block.reviewedBy !== null) rows.push([labels.reviewedBy, `<bdi>${e(block.reviewedBy)}</bdi>`])
  const list = rows.map(([label, html]) => `<div><dt>${e(label)}</dt><dd>${html}</dd></div>`).join('\n')
  return `<section aria-labelledby="details">
<h2 id="details">${e(labels.details)}</h2>
<dl>
${list}
</dl>
</section>`
}

function advice({ language }: Content): string {
  const texts = TEXTS[language].notBlocked
  const steps = texts.advice.map(step => `<li>${e(step)}</li>`).join('\n')
  return `<section aria-labelledby="advice">
<h2 id="advice">${e(texts.adviceTitle)}</h2>
<ol>
${steps}
</ol>
</section>`
}

function places({ language, places: all }: Content): string {
  if (all.length === 0) return ''
  const list = all.map(({ url, title }) => `<li><a href="${e(url)}" rel="noreferrer"><bdi>${e(title)}</bdi></a></li>`)
  return `<section aria-labelledby="places">
<h2 id="places">${e(TEXTS[language].places)}</h2>
<ul class="contacts">
${list.join('\n')}
</ul>
</section>`
}

function appeal({ language, block, contacts }: Content): string {
  if (contacts.length === 0) return ''
  const list = `<ul class="contacts">\n${contacts.map(contact => contactHtml(contact, TEXTS[language].appeal[contact.kind])).join('\n')}\n</ul>`
  if (block === null) return `<p>${e(TEXTS[language].notBlocked.contacts)}</p>\n${list}`
  const texts = TEXTS[language].appeal
  return `<section aria-labelledby="appeal">
<h2 id="appeal">${e(texts.title)}</h2>
<p>${e(block.caseNumber === '' ? texts.invitationWithoutCase : texts.invitation)}</p>
${list}
</section>`
}

function contactHtml({ shown, href }: Contact, label: string): string {
  const text = `<bdi>${e(shown)}</bdi>`
  const linked = href === null ? text : `<a href="${e(href)}" rel="noreferrer">${text}</a>`
  return `<li><span class="label">${e(label)}</span> ${linked}</li>`
}
