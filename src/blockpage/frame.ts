/** What every page has around its own words: who it is by, the languages, and what the browser may do with it. */
import { createHash } from 'node:crypto'
import { escapeHtml as e } from './escape.ts'
import { LANGUAGES, type Language } from './language.ts'
import { STYLE } from './style.ts'
import { TEXTS } from './texts.ts'

/** Nothing is loaded and nothing runs; the one style is named by its hash. */
export function contentSecurityPolicy(formAction: "'none'" | "'self'"): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "base-uri 'none'",
    `form-action ${formAction}`,
    "frame-ancestors 'none'",
  ].join('; ')
}

export interface HeaderContent {
  readonly language: Language
  readonly provider: string | null
  /** What links to other languages keep of the query, such as `about=site.example`; no `lang`. */
  readonly query?: string
}

export function pageHeader({ language, provider, query = '' }: HeaderContent): string {
  const links = LANGUAGES.map(other => {
    const name = e(TEXTS[other].languageName)
    const current = other === language ? ' aria-current="true"' : ''
    const href = `?lang=${other}${query === '' ? '' : `&${query}`}`
    return `<li><a href="${e(href)}" lang="${other}" hreflang="${other}"${current}>${name}</a></li>`
  })
  const who = provider === null ? '' : `<p class="provider"><bdi>${e(provider)}</bdi></p>\n`
  return `<header>
${who}<nav aria-label="${e(TEXTS[language].languages)}"><ul>${links.join('')}</ul></nav>
</header>`
}

/** A text whose paragraphs stand between empty lines. */
export function paragraphs(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map(own => `<p>${e(own.trim())}</p>`)
    .join('\n')
}
