/** From runs with and without reloads to a table: medians over the rounds, what the one is of the other, and the goal. */
import { median } from '../peers/harness/report.ts'
import { conditions } from '../support/result.ts'
import type { Latencies } from './asker.ts'

export const LOADS = ['half load', 'light load'] as const
export type ReloadLoad = (typeof LOADS)[number]

export interface ReloadSample extends Latencies {
  readonly load: ReloadLoad
  /** Questions a second that the worker answered at most, and that it was asked. */
  readonly capacity: number
  readonly perSecond: number
  readonly reloading: boolean
  readonly reloads: number
  /** Of a core, the server and all that it started. */
  readonly busy: number
  /** The same of whoever else ran on the machine. */
  readonly others: number
}

/** Of p99 with reloads over p99 without, at half load. */
const RATIO_GOAL = 1.2

export function reloadText(samples: readonly ReloadSample[], listed: number): string {
  const loads = LOADS.filter(load => samples.some(sample => sample.load === load))
  return [
    `**A list of ${listed.toLocaleString('en')} names, not reloaded and reloaded all the time**`,
    '',
    `The worker answers ${inThousands(median(samples.map(run => run.capacity)))} a second at most here. Medians of the runs, least and most of them.`,
    '',
    '| load | questions a second | reloads | p50 ms | p99 ms | p99.9 ms | lost | core busy | others |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...loads.flatMap(load => [false, true].map(reloading => row(runsOf(samples, load, reloading)))),
    '',
    ...loads.map(load => ratioLine(samples, load)),
    '',
    conditions(),
  ].join('\n')
}

function runsOf(samples: readonly ReloadSample[], load: ReloadLoad, reloading: boolean): ReloadSample[] {
  return samples.filter(sample => sample.load === load && sample.reloading === reloading)
}

function row(runs: readonly ReloadSample[]): string {
  const { load, reloading } = runs[0]!
  const sum = (figure: (run: ReloadSample) => number) => runs.reduce((all, run) => all + figure(run), 0)
  const spread = (figure: (run: ReloadSample) => number) => {
    const values = runs.map(figure)
    return `${ms(median(values))} (${ms(Math.min(...values))} to ${ms(Math.max(...values))})`
  }
  const cells = [
    load,
    inThousands(median(runs.map(run => run.perSecond))),
    reloading ? `${sum(run => run.reloads)} in ${runs.length} runs` : 'none',
    spread(run => run.p50Ms),
    spread(run => run.p99Ms),
    spread(run => run.p999Ms),
    `${((sum(run => run.lost) / sum(run => run.asked)) * 100).toFixed(3)} %`,
    percent(median(runs.map(run => run.busy))),
    percent(Math.max(...runs.map(run => run.others))),
  ]
  return `| ${cells.join(' | ')} |`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function inThousands(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function ms(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : 'lost'
}

/** Of the medians: a run in which the machine stood still spoils none. */
function ratioLine(samples: readonly ReloadSample[], load: ReloadLoad): string {
  const middle = (reloading: boolean, figure: 'p50Ms' | 'p99Ms' | 'p999Ms') =>
    median(runsOf(samples, load, reloading).map(run => run[figure]))
  const ratio = (figure: 'p50Ms' | 'p99Ms' | 'p999Ms') => middle(true, figure) / middle(false, figure)
  const p99 = ratio('p99Ms')
  if (![false, true].every(reloading => Number.isFinite(middle(reloading, 'p99Ms'))))
    return `- ${load}: more than one answer in a hundred was lost.`
  const rest = `p50 ${ratio('p50Ms').toFixed(2)}, p99.9 ${ratio('p999Ms').toFixed(2)}`
  const shown = `- ${load}: p99 with reloads is ${p99.toFixed(2)} times that without (${rest})`
  if (load !== 'half load') return `${shown}.`
  return `${shown}, goal ≤ ${RATIO_GOAL}: ${p99 <= RATIO_GOAL ? 'met' : '**not met**'}.`
}
