/**
 * The one way from outside text into HTML, for element content and for attributes in double quotes alike.
 * Characters that HTML forbids, or that would turn or hide the text around them, become U+FFFD.
 */
export function escapeHtml(text: string): string {
  return withoutControls(text).replace(/[&<>"'`]/g, character => `&#${character.charCodeAt(0)};`)
}

/** For plain text and JSON too: no control, no direction override, no half of a surrogate pair. */
export function withoutControls(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069\u200e\u200f\u061c\ufeff]/gu, '\ufffd')
}
