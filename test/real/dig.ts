/** What dig prints, as what was answered. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { output } from './programs.ts'
import type { Question } from './zones.ts'

export interface DigAnswer {
  readonly status: string
  readonly flags: readonly string[]
  /** Records in presentation form, without TTL, owners in lower case, in order of the text. */
  readonly answers: readonly string[]
  readonly authorities: readonly string[]
  readonly text: string
}

/** One question with dig's own arguments. */
export function dig(port: number, args: readonly string[], address = '127.0.0.1'): DigAnswer {
  const text = output('dig', [`@${address}`, '-p', String(port), '+tries=1', '+time=5', ...args])
  return readOne(text)
}

/** All questions by one run of dig, in their order; what got no answer has the status NONE. */
export function digAll(
  port: number,
  questions: readonly Question[],
  options: readonly string[],
  folder: string,
): DigAnswer[] {
  const file = join(folder, `questions-${port}.txt`)
  writeFileSync(file, questions.map(({ name, type }) => `${name} ${type}\n`).join(''))
  const fixed = ['+tries=2', '+time=5', '+noidnin', '+noidnout', '+cmd', '+comments', '+answer', '+authority']
  const text = output('dig', [`@127.0.0.1`, '-p', String(port), ...fixed, ...options, '-f', file], 120_000)
  return text
    .split(/^; <<>> DiG .*$/m)
    .slice(1)
    .map(readOne)
}

function readOne(text: string): DigAnswer {
  return {
    status: /status: (\w+)/.exec(text)?.[1] ?? 'NONE',
    flags: (/^;; flags: ([a-z ]*);/m.exec(text)?.[1] ?? '').split(' ').filter(flag => flag !== ''),
    answers: section(text, 'ANSWER'),
    authorities: section(text, 'AUTHORITY'),
    text,
  }
}

function section(text: string, name: string): string[] {
  const start = text.indexOf(`;; ${name} SECTION:`)
  if (start < 0) return []
  const lines = text.slice(start).split('\n').slice(1)
  const end = lines.findIndex(line => line.trim() === '' || line.startsWith(';'))
  return lines
    .slice(0, end < 0 ? lines.length : end)
    .map(canonical)
    .toSorted()
}

/** `owner TTL class type data` without the TTL. */
function canonical(line: string): string {
  const [owner = '', , recordClass, type, ...data] = line.split(/\s+/)
  return [owner.toLowerCase(), recordClass, type, ...data].join(' ')
}
