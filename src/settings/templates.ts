/** Explanations for the block page in files: one a class and language, text in paragraphs, with places for what differs from block to block. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { CLASSES, type RuleClass } from '../images/classes.ts'
import { LANGUAGES, type Language } from './languages.ts'
import { hint } from './nearest.ts'
import { PLACEHOLDERS, placeholdersIn } from './placeholders.ts'
import { type Path, quote, visible } from './problems.ts'
import { systemReason } from './read.ts'
import type { Settling } from './settling.ts'

const OCTETS_MAX = 16 * 1024
const PATH: Path = ['block_page', 'templates']

type Templates = Record<RuleClass, Partial<Record<Language, string>>>

const FILES = CLASSES.flatMap(own => LANGUAGES.map(language => ({ own, language, file: `${own}.${language}.txt` })))

/** What the folder has; what is wrong with it is reported. */
export function readTemplates(written: string, settling: Settling): Templates {
  const folder = resolve(dirname(settling.file), written)
  const templates: Templates = { hotline: {}, legal: {}, household: {} }
  const present = filesIn(folder, settling)
  const unknown = present.filter(name => name.endsWith('.txt') && !FILES.some(({ file }) => file === name))
  const names = FILES.map(({ file }) => file)
  for (const name of unknown) settling.report(PATH, `${quote(name)} is no template${hint(name, names, 'there are')}`)
  for (const { own, language, file } of FILES) {
    const text = present.includes(file) ? readTemplate(join(folder, file), settling) : null
    if (text !== null) templates[own][language] = text
  }
  return templates
}

function filesIn(folder: string, settling: Settling): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    settling.report(PATH, `${visible(folder)}: ${systemReason(error)}`)
    return []
  }
}

function readTemplate(path: string, settling: Settling): string | null {
  const problem = settling.environment.fileProblem(path)
  if (problem !== null) {
    settling.report(PATH, `${visible(path)}: ${problem}`)
    return null
  }
  const octets = readFileSync(path)
  const text = octets
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trim()
  const wrong =
    octets.length > OCTETS_MAX
      ? `longer than ${OCTETS_MAX} octets`
      : text.includes('\uFFFD')
        ? 'not UTF-8'
        : text === ''
          ? 'empty'
          : null
  if (wrong !== null) {
    settling.report(PATH, `${visible(path)}: ${wrong}`)
    return null
  }
  reportPlaceholders(text, PATH, settling, `${visible(path)}: `)
  return text
}

/** Misspelt ones would stand on the page as they are. */
export function reportPlaceholders(text: string, path: Path, settling: Settling, where = ''): void {
  const known: readonly string[] = PLACEHOLDERS
  for (const name of placeholdersIn(text))
    if (!known.includes(name))
      settling.report(path, `${where}there is no placeholder ${quote(`{${name}}`)}${hint(name, known, 'there are')}`)
}
