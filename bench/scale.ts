/**
 * `npm run bench:scale -- [--most 10000000] [--write]`: how cost grows with the list and with the number of client prefixes.
 *
 * Each size is built in a process of its own (`scale/build.ts`), from a text file through the feeds' own code, so that what it took of
 * memory can be told from what was there before. Judged by the goals.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { LOOKUP_GOALS } from './filter.ts'
import type { ListOrders, ListScale } from './scale/list.ts'
import { writeList } from './scale/list-file.ts'
import { type PrefixScale, scalePrefixes } from './scale/prefixes.ts'
import { writeSection } from './support/readme.ts'
import { conditions, verdict } from './support/result.ts'

const CHILD = join(import.meta.dirname, 'scale/list.ts')
/** As where the program compiles. */
const YOUNG_SPACE = '--max-semi-space-size=1'
const NAMES = [10_000, 100_000, 1_000_000, 10_000_000]
const PREFIXES = [1000, 10_000, 100_000, 1_000_000]
const USAGE = 'usage: npm run bench:scale -- [--most 10000000] [--write]'

export interface ScaleOptions {
  readonly most: number
  /** Different questions of each kind. */
  readonly questions: number
}

export function scaleLists({ most, questions }: ScaleOptions): ListScale[] {
  return NAMES.filter(names => names <= most).map(names => scaleList(names, questions))
}

export function scaleList(names: number, questions: number): ListScale {
  const folder = mkdtempSync(join(tmpdir(), 'qalqan-scale-'))
  try {
    const octets = writeList(join(folder, 'names.txt'), names)
    const orders: ListOrders = { folder, file: join(folder, 'names.txt'), octets, names, questions }
    const out = execFileSync(process.execPath, [YOUNG_SPACE, CHILD, JSON.stringify(orders)], { encoding: 'utf8' })
    return JSON.parse(out) as ListScale
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const count = (value: number) => value.toLocaleString('en')
const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`

function listTable(lists: readonly ListScale[]): string {
  const heads = ['names', 'text MiB', 'built s', 'CPU s', 'octets a name', 'peak RSS ÷ image', 'with Node', 'MiB']
  const lookups = LOOKUP_GOALS.map(([what]) => `${what} ns`)
  const rows = lists.map(own => [
    count(own.names),
    (own.textOctets / 2 ** 20).toFixed(1),
    own.seconds.toFixed(2),
    own.cpuSeconds.toFixed(2),
    own.octetsAName.toFixed(1),
    own.peakOverImage.toFixed(2),
    (own.peakOctets / (own.octetsAName * own.names)).toFixed(2),
    (own.peakOctets / 2 ** 20).toFixed(0),
    ...LOOKUP_GOALS.map(([what]) => own.lookups[what]!.toFixed(0)),
  ])
  const all = [...heads, ...lookups]
  return [row(all), row(all.map(() => '---:')), ...rows.map(row)].join('\n')
}

function prefixTable(prefixes: readonly PrefixScale[]): string {
  const heads = ['prefixes', 'family', 'built s', 'octets a prefix', 'lookup ns']
  const rows = prefixes.map(own => [
    count(own.prefixes),
    `IPv${own.family}`,
    own.seconds.toFixed(2),
    own.octetsAPrefix.toFixed(1),
    own.lookupNanoseconds.toFixed(0),
  ])
  return [row(heads), row(heads.map(() => '---:')), ...rows.map(row)].join('\n')
}

const BUILD_SECONDS_MAX: Readonly<Record<number, number>> = { 1000000: 2, 10000000: 20 }
const OCTETS_A_NAME_MAX = 32
const PEAK_OVER_IMAGE_MAX = 3
/** At ten million names lookups may take this much more than at one. */
const TEN_MILLION_FACTOR = 1.5

export function goals(lists: readonly ListScale[]): string[] {
  return lists.flatMap(own => {
    const seconds = BUILD_SECONDS_MAX[own.names]
    if (seconds === undefined) return []
    const at = `at ${count(own.names)}`
    const factor = own.names > 1_000_000 ? TEN_MILLION_FACTOR : 1
    return [
      verdict(`Built from text ${at}`, own.seconds, seconds, 's'),
      verdict(`Memory a name ${at}`, own.octetsAName, OCTETS_A_NAME_MAX, 'octets'),
      verdict(`Peak RSS over the image ${at}`, own.peakOverImage, PEAK_OVER_IMAGE_MAX, 'times'),
      ...LOOKUP_GOALS.map(([what, most]) => verdict(`Lookup, ${what}, ${at}`, own.lookups[what]!, most * factor, 'ns')),
    ]
  })
}

export function report(lists: readonly ListScale[], prefixes: readonly PrefixScale[]): string {
  return [
    listTable(lists),
    goals(lists)
      .map(line => `- ${line}`)
      .join('\n'),
    prefixTable(prefixes),
    conditions(),
  ].join('\n\n')
}

function main(args: readonly string[]): void {
  const options = { most: { type: 'string', default: '10000000' }, write: { type: 'boolean', default: false } } as const
  const { values } = parseArgs({ args: [...args], options })
  const most = Number(values.most)
  if (!Number.isInteger(most) || most < 1000) throw new Error(`--most takes a whole number from 1,000 on\n${USAGE}`)
  const lists = scaleLists({ most, questions: 200_000 })
  const prefixes = PREFIXES.filter(own => own <= most).flatMap(own =>
    ([4, 6] as const).map(family => scalePrefixes(own, family, 'full')),
  )
  const section = report(lists, prefixes)
  console.log(section)
  if (values.write) writeSection('scale', section)
}

if (import.meta.main) main(process.argv.slice(2))
