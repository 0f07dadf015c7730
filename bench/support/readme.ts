/** The parts of bench/README.md that runs write: what is between a bench's two markers, and nothing else. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const README = join(import.meta.dirname, '../README.md')

export function writeSection(name: string, section: string): void {
  writeFileSync(README, withSection(readFileSync(README, 'utf8'), name, section))
}

/** Throws where the markers are not there, each once and in order, rather than guess where the figures belong. */
export function withSection(readme: string, name: string, section: string): string {
  const [begin, end] = [`<!-- ${name}: written by --write, begin -->`, `<!-- ${name}: written by --write, end -->`]
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  const once = from === readme.lastIndexOf(begin) && to === readme.lastIndexOf(end)
  if (from < 0 || to < from || !once) throw new Error(`bench/README.md needs the lines ${begin} and ${end}, once each`)
  return `${readme.slice(0, from + begin.length)}\n\n${section.trim()}\n\n${readme.slice(to)}`
}
