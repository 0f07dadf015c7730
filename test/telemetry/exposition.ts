/** A strict reader of Prometheus's text format 0.0.4: it throws on whatever a scraper might read differently. */

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: Sample[]
}

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export function readExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('no final line feed')
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let current: Family | null = null
  let help: [name: string, text: string] | null = null
  for (const line of text.split('\n')) {
    if (line === '') continue
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line)
    if (comment?.[1] === 'HELP') {
      help = [comment[2]!, comment[3]!]
    } else if (comment?.[1] === 'TYPE') {
      if (help?.[0] !== comment[2] || families.has(help![0])) throw new Error(`out of order: ${line}`)
      current = { name: help![0], help: help![1], type: comment[3]!, samples: [] }
      families.set(current.name, current)
    } else {
      const sample = readSample(line)
      if (current === null || !belongs(sample.name, current)) throw new Error(`a sample of no family: ${line}`)
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
      if (seen.has(key)) throw new Error(`a sample that stands twice: ${line}`)
      seen.add(key)
      current.samples.push(sample)
    }
  }
  return families
}

function belongs(name: string, family: Family): boolean {
  if (family.type !== 'histogram') return name === family.name
  return [`${family.name}_bucket`, `${family.name}_sum`, `${family.name}_count`].includes(name)
}

function readSample(line: string): Sample {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line)
  if (match === null) throw new Error(`not a sample: ${line}`)
  const value = Number(match[3]!.replace('Inf', 'Infinity'))
  // prom-client's own gauges of the event loop begin as `Nan`, which Prometheus reads in any spelling.
  if (Number.isNaN(value) && !/^nodejs_\S+(?: |$)/.test(line)) throw new Error(`not a value: ${line}`)
  return { name: match[1]!, labels: readLabels(match[2] ?? ''), value }
}

function readLabels(source: string): Record<string, string> {
  const labels: Record<string, string> = {}
  const pair = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/y
  while (pair.lastIndex < source.length) {
    const match = pair.exec(source)
    if (match === null || match[1]! in labels) throw new Error(`not labels: ${source}`)
    labels[match[1]!] = match[2]!.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  }
  return labels
}

/** The value of the one sample that has these labels; throws when there is none. */
export function sampleValue(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number {
  const family = families.get(name) ?? families.get(name.replace(/_(?:bucket|sum|count)$/, ''))
  const wanted = JSON.stringify(Object.entries(labels).sort())
  const found = family?.samples.find(
    sample => sample.name === name && JSON.stringify(Object.entries(sample.labels).sort()) === wanted,
  )
  if (found === undefined) throw new Error(`no sample ${name} ${wanted}`)
  return found.value
}
