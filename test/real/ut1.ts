/**
 * The lists of UT1 as the tests read them: one name a line, their lines compared as plain text. Slower and simpler than what it judges.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface List {
  /** The file's name up to its kind; the category. */
  readonly name: string
  readonly path: string
  readonly names: ReadonlySet<string>
  /** Lines that are no domain names: addresses, single labels. */
  readonly others: number
}

const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,62})?\.)+[a-z0-9](?:[a-z0-9-]{0,62})$/
const ADDRESS = /^[\d.]+$/

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .map(line => line.trim().toLowerCase())
    .filter(line => line !== '' && !line.startsWith('#'))
}

export function domainLists(folder: string): List[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.domains.txt'))
    .toSorted()
    .map(file => {
      const path = join(folder, file)
      const lines = linesOf(path)
      const names = new Set(lines.filter(line => NAME.test(line) && !ADDRESS.test(line)))
      const others = lines.filter(line => !names.has(line)).length
      return { name: file.replace('.domains.txt', '').replaceAll('_', '-'), path, names, others }
    })
}

export interface UrlList {
  readonly name: string
  readonly path: string
  readonly hosts: ReadonlySet<string>
}

export function urlLists(folder: string): UrlList[] {
  return readdirSync(folder)
    .filter(file => file.endsWith('.urls.txt'))
    .toSorted()
    .map(file => {
      const path = join(folder, file)
      const hosts = linesOf(path).map(line => line.replace(/^[a-z]+:\/\//, '').replace(/[/:?#].*$/, ''))
      const names = new Set(hosts.filter(host => NAME.test(host) && !ADDRESS.test(host)))
      return { name: `${file.replace('.urls.txt', '')}-urls`, path, hosts: names }
    })
}

/** Whether a list has the name or one that it is below. */
export function covers({ names }: Pick<List, 'names'>, name: string): boolean {
  for (let rest = name; rest !== ''; ) {
    if (names.has(rest)) return true
    const dot = rest.indexOf('.')
    rest = dot < 0 ? '' : rest.slice(dot + 1)
  }
  return false
}

/** So many of them, spread evenly over the list. */
export function sample(names: ReadonlySet<string>, count: number): string[] {
  const all = [...names]
  const step = Math.max(1, all.length / count)
  return Array.from({ length: Math.min(count, all.length) }, (_, i) => all[Math.floor(i * step)]!)
}
