/** The frame of the public pages, as the block page has it: no script, nothing loaded from elsewhere, forms only to ourselves. */
import { escapeHtml as e } from '../blockpage/escape.ts'
import { contentSecurityPolicy, type HeaderContent, pageHeader } from '../blockpage/frame.ts'
import { STYLE } from '../blockpage/style.ts'
import type { HttpAnswer } from '../platform/http-server.ts'

const CONTENT_SECURITY_POLICY = contentSecurityPolicy("'self'")

export interface Frame extends HeaderContent {
  readonly title: string
}

/** `html`: escaped already. */
export function pageAnswer(
  status: number,
  frame: Frame,
  html: string,
  headers: Record<string, string> = {},
): HttpAnswer {
  return {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
      'Content-Language': frame.language,
      Vary: 'Accept, Accept-Language',
      ...headers,
    },
    body: documentOf(frame, html),
  }
}

function documentOf(frame: Frame, html: string): string {
  return `<!doctype html>
<html lang="${frame.language}" dir="ltr">
<head>
<meta charset="utf-8">
<title>${e(frame.title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<style>${STYLE}</style>
</head>
<body>
${pageHeader(frame)}
<main>
<h1>${e(frame.title)}</h1>
${html}
</main>
</body>
</html>
`
}

/** Rows of a name and what stands there; values are escaped here. */
export function facts(rows: readonly (readonly [label: string, value: string])[]): string {
  return `<dl>\n${rows.map(([label, value]) => `<div><dt>${e(label)}</dt><dd><bdi>${e(value)}</bdi></dd></div>`).join('\n')}\n</dl>`
}

export function jsonAnswer(status: number, value: unknown, headers: Record<string, string> = {}): HttpAnswer {
  const type = status < 400 ? 'application/json' : 'application/problem+json'
  return { status, headers: { 'Content-Type': type, ...headers }, body: `${JSON.stringify(value)}\n` }
}

export function problemAnswer(status: number, title: string, headers: Record<string, string> = {}): HttpAnswer {
  return jsonAnswer(status, { type: 'about:blank', title, status }, headers)
}
