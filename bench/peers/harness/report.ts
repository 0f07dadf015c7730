/**
 * From samples to tables: medians over the rounds, ratios to Qalqan, and the goals that can be read from them.
 */
import type { Sample } from './measure.ts'
import { LOADS, type LoadName } from './peer.ts'

export interface Row {
  readonly peer: string
  readonly rounds: number
  /** The median of each figure on its own. */
  readonly median: Sample
}

export const SUBJECT = 'qalqan'

export function rowsOf(samples: readonly Sample[], load: LoadName): Row[] {
  const ofLoad = samples.filter(sample => sample.load === load)
  const rows = [...Map.groupBy(ofLoad, sample => sample.peer)].map(([peer, rounds]) => ({
    peer,
    rounds: rounds.length,
    median: medianSample(rounds),
  }))
  return rows.toSorted((a, b) => a.median.cpuMicros - b.median.cpuMicros)
}

function medianSample(rounds: readonly Sample[]): Sample {
  const first = rounds[0]!
  const figures = Object.keys(first).filter(key => typeof first[key as keyof Sample] === 'number')
  const medians = figures.map(key => [key, median(rounds.map(round => round[key as keyof Sample] as number))])
  return { ...first, ...Object.fromEntries(medians) }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const TITLES: Record<LoadName, string> = {
  blocked: 'All blocked: flagged names and names below them',
  cached: 'All cached: 10,000 names, none flagged',
  mix: 'A mix: 200,000 names by Zipf (s = 1), 10 % blocked, 10 % not in the cache',
  million: 'A million flagged names, all blocked',
}

const HEADINGS = [
  'server',
  'CPU µs a query',
  '÷ Qalqan',
  'queries a second',
  'core busy',
  'mean ms',
  'p50 ms',
  'p99 ms',
  'RSS MiB',
  'load s',
]

/** Markdown, one table a load that was run. */
export function tables(samples: readonly Sample[]): string {
  const parts = LOADS.flatMap(load => {
    const rows = rowsOf(samples, load)
    return rows.length === 0 ? [] : [`**${TITLES[load]}**\n\n${table(rows)}`]
  })
  return parts.join('\n\n')
}

function table(rows: readonly Row[]): string {
  const subject = rows.find(row => row.peer === SUBJECT)?.median.cpuMicros ?? null
  const lines = [
    HEADINGS,
    HEADINGS.map((_, column) => (column === 0 ? '---' : '---:')),
    ...rows.map(row => cells(row, subject)),
  ]
  return lines.map(line => `| ${line.join(' | ')} |`).join('\n')
}

function cells({ peer, median: figures }: Row, subjectMicros: number | null): string[] {
  return [
    peer,
    figures.cpuMicros.toFixed(2),
    subjectMicros === null ? 'n/a' : (figures.cpuMicros / subjectMicros).toFixed(2),
    Math.round(figures.perSecond).toLocaleString('en'),
    `${Math.round(figures.busy * 100)} %`,
    figures.meanLatencyMs.toFixed(2),
    figures.p50Ms.toFixed(3),
    figures.p99Ms.toFixed(3),
    figures.residentMiB.toFixed(0),
    figures.loadSeconds.toFixed(2),
  ]
}

/** Shares above which a figure needs a word beside it. */
const LOST_SHARE = 0.001
const ERROR_SHARE = 0.001

export function remarks(samples: readonly Sample[]): string[] {
  return LOADS.flatMap(load => rowsOf(samples, load)).flatMap(({ peer, median: { load, lostShare, errorShare } }) => [
    ...(lostShare > LOST_SHARE ? [`${peer}, ${load}: ${percent(lostShare)} of the questions were not answered.`] : []),
    ...(errorShare > ERROR_SHARE ? [`${peer}, ${load}: ${percent(errorShare)} of the answers were errors.`] : []),
  ])
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

interface Goal {
  readonly load: LoadName
  readonly against: string
  readonly most: number
}

const GOALS: readonly Goal[] = [
  { load: 'blocked', against: 'dnsdist', most: 0.75 },
  { load: 'blocked', against: 'unbound', most: 0.7 },
  { load: 'blocked', against: 'floor', most: 1.15 },
  { load: 'cached', against: 'dnsdist', most: 0.82 },
  { load: 'cached', against: 'unbound', most: 0.8 },
  { load: 'cached', against: 'floor', most: 1.15 },
]
const RESIDENT_GOAL_MIB = 200

/** One line a goal whose figures are there. */
export function goals(samples: readonly Sample[]): string[] {
  const figure = (load: LoadName, peer: string) => rowsOf(samples, load).find(row => row.peer === peer)?.median
  const lines = GOALS.flatMap(({ load, against, most }) => {
    const subject = figure(load, SUBJECT)
    const other = figure(load, against)
    if (subject === undefined || other === undefined) return []
    return [goalLine(`CPU, ${load}: Qalqan ÷ ${against}`, subject.cpuMicros / other.cpuMicros, most, 2)]
  })
  const million = figure('million', SUBJECT)
  if (million !== undefined) lines.push(goalLine('RSS MiB, a million names', million.residentMiB, RESIDENT_GOAL_MIB, 0))
  return lines
}

function goalLine(what: string, value: number, most: number, digits: number): string {
  return `${what} = ${value.toFixed(digits)} (goal ≤ ${most}): ${value <= most ? 'met' : 'not met'}`
}
