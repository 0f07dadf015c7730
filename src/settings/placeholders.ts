/** Places in the operator's words for what differs from block to block: `{site}` and its like. What comes in is text; it is escaped with the rest. */

export const PLACEHOLDERS = ['site', 'case', 'category', 'basis', 'since', 'provider'] as const
export type Placeholder = (typeof PLACEHOLDERS)[number]

const PATTERN = /\{([a-z]+)\}/g

/** The names in braces of a text, known or not. */
export function placeholdersIn(text: string): string[] {
  return [...text.matchAll(PATTERN)].map(([, name = '']) => name)
}

/** What is filled in is not looked through again. */
export function fill(text: string, values: Readonly<Record<Placeholder, string>>): string {
  return text.replace(PATTERN, (whole, name: string) => values[name as Placeholder] ?? whole)
}
