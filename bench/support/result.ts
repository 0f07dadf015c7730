/** What a bench hands over, and how it is shown: as lines for a terminal, as a table for bench/README.md. */
import { loadavg } from 'node:os'
import { machine } from '../peers/harness/procfs.ts'
import type { Figure } from './measure.ts'

export interface BenchResult {
  readonly title: string
  readonly figures: readonly Figure[]
  /** Over all that was computed, the same in every run of a size. */
  readonly checksum: number
  /** Sentences: what was met or not, what else was found. */
  readonly notes: readonly string[]
}

export function asText({ title, figures, checksum, notes }: BenchResult): string {
  const width = Math.max(...figures.map(figure => figure.what.length))
  const lines = figures.map(
    ({ what, nanoseconds, least, most }) =>
      `  ${what.padEnd(width)}  ${ns(nanoseconds).padStart(8)} ns   (${ns(least)} to ${ns(most)})`,
  )
  return [title, ...lines, ...notes.map(note => `  ${note}`), `  checksum ${hex(checksum)}`].join('\n')
}

export function asMarkdown({ title, figures, checksum, notes }: BenchResult): string {
  const rows = figures.map(
    ({ what, nanoseconds, least, most }) => `| ${what} | ${ns(nanoseconds)} | ${ns(least)} to ${ns(most)} |`,
  )
  return [
    `**${title}**`,
    '',
    '| what | ns | least to most of the rounds |',
    '| --- | ---: | ---: |',
    ...rows,
    '',
    ...notes.map(note => `- ${note}`),
    ...(notes.length > 0 ? [''] : []),
    `${conditions()} Checksum ${hex(checksum)}.`,
  ].join('\n')
}

/** Where and when a figure was taken. */
export function conditions(): string {
  const { processor, cores } = machine()
  const date = new Date().toISOString().slice(0, 10)
  return `${processor}, ${cores} cores, Node ${process.versions.node}, ${date}, load ${loadavg()[0]!.toFixed(1)}.`
}

/** Whether a figure is within its goal, and by how much it is or is not. */
export function verdict(what: string, value: number, goal: number, unit: string): string {
  const share = Math.abs(value / goal - 1)
  const distance = `${(share * 100).toFixed(0)} %`
  const shown = `${what}: ${short(value)} ${unit}, goal ≤ ${short(goal)} ${unit}`
  return value <= goal ? `${shown}: met, ${distance} below.` : `${shown}: **not met**, ${distance} above.`
}

export function hex(checksum: number): string {
  return (checksum >>> 0).toString(16).padStart(8, '0')
}

function ns(value: number): string {
  return Math.abs(value) < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}

function short(value: number): string {
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)
}
