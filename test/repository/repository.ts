/** The repository as its readers see it: files by their path from its root, and what Markdown says. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
export const exists = (path: string): boolean => existsSync(join(ROOT, path))

/** What is installed or written by running things, and no part of what is published. */
const NOT_OURS = new Set(['.git', 'node_modules', 'data', 'coverage', '.vitest'])

export function allFiles(folder = ''): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (NOT_OURS.has(entry.name) || entry.name.endsWith('.log')) return []
    return entry.isDirectory() ? allFiles(path) : entry.isFile() ? [path] : []
  })
}

export const manifest = JSON.parse(read('package.json')) as {
  readonly version: string
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/** The bodies of a document's fenced blocks of one language. */
export function fences(markdown: string, language: string): string[] {
  const blocks = markdown.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)
  return [...blocks].filter(block => block[1] === language).map(block => block[2]!)
}

/** From a heading to the next one of its rank or above. */
export function sectionOf(markdown: string, heading: string): string {
  const start = markdown.indexOf(`\n${heading}\n`)
  if (start < 0) throw new Error(`no section ${heading}`)
  const rank = /^#+/.exec(heading)![0].length
  const body = markdown.slice(start + heading.length + 2)
  const end = body.search(new RegExp(`^#{1,${rank}} `, 'm'))
  return end < 0 ? body : body.slice(0, end)
}

/** Rows of the tables in a text, without heads and rules: cells trimmed, `\|` as a bar. */
export function tableRows(markdown: string): string[][] {
  const lines = markdown.split('\n').filter(line => line.startsWith('|'))
  const rows = lines.map(line => line.split(/(?<!\\)\|/).slice(1, -1))
  const cells = rows.map(row => row.map(cell => cell.trim().replaceAll('\\|', '|')))
  const isRule = (row: readonly string[] | undefined) => row?.every(cell => /^:?-+:?$/.test(cell)) === true
  return cells.filter((row, index) => !isRule(row) && !isRule(cells[index + 1]))
}

export const codeIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)
