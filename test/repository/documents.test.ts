/** What documents and examples say of the repository holds: links, scripts, packages, metrics, formats, versions. */
import { statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readEntry, readHeader } from '../../src/feeds/qalqan-entry.ts'
import { READERS } from '../../src/feeds/readers.ts'
import { allocateCounters, layOutCounters } from '../../src/images/counters.ts'
import { FEED_FORMATS, type FeedFormat } from '../../src/settings/settings.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { readLine, readText } from '../feeds/recorder.ts'
import { readExposition } from '../telemetry/exposition.ts'
import { controlFacts } from '../telemetry/facts.ts'
import { allFiles, codeIn, exists, fences, manifest, ROOT, read, sectionOf, tableRows } from './repository.ts'

const readme = read('README.md')
const documents = allFiles().filter(path => path.endsWith('.md'))
const guides = documents.filter(path => path.startsWith('docs/'))

describe('documents', () => {
  for (const path of documents) {
    const text = read(path)
    test(`${path}: its links lead somewhere`, () => {
      const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
      const relative = targets.filter(target => !/^(https?|mailto):/.test(target))
      expect(relative.filter(target => !leadsSomewhere(path, target))).toEqual([])
    })

    test(`${path}: the npm scripts that it names exist`, () => {
      const named = [...text.matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)].map(([, name]) => name!)
      expect(named.filter(name => !(name in manifest.scripts))).toEqual([])
    })
  }

  for (const path of ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...guides]) {
    test(`${path}: the files and folders that it names in code exist`, () => {
      const named = codeIn(read(path)).filter(code => /^(src|test|bench|config|docs|bin)\/[\w./-]+$/.test(code))
      expect(named.filter(code => !exists(code))).toEqual([])
    })
  }

  test('the changelog has the version of the package, with a date', () => {
    expect(read('CHANGELOG.md')).toMatch(
      new RegExp(`^## \\[${manifest.version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d\\d-\\d\\d$`, 'm'),
    )
  })
})

function leadsSomewhere(from: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? from : normalize(join(dirname(from), path))
  if (!exists(file)) return false
  return anchor === undefined || anchorsOf(read(file)).includes(anchor)
}

/** As forges make them: lower case, punctuation gone, blanks as hyphens. */
function anchorsOf(markdown: string): string[] {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!.toLowerCase())
  return headings.map(heading => heading.replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-'))
}

describe('the README', () => {
  test('names every package that is depended on, in its major version, and no other', () => {
    const stated = tableRows(sectionOf(readme, '## Dependencies')).map(([name, version]) => [codeIn(name!)[0], version])
    const installed = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(stated.sort()).toEqual(installed.map(([name, version]) => [name, version.replace(/\..*/, '.x')]).sort())
  })

  test('leads to everything in docs/', () => {
    const targets = [...readme.matchAll(/\]\(([^)\s#]+)/g)].map(([, target]) => target!)
    expect(targets).toEqual(expect.arrayContaining(allFiles('docs')))
  })
})

describe('docs/metrics.md', () => {
  test('has a row for every metric, with its labels', async () => {
    const stated = tableRows(read('docs/metrics.md')).map(([name, labels]) => [codeIn(name!)[0], codeIn(labels!)])
    const exposed = [...(await ownMetrics())].map(([name, labels]) => [name, [...labels.keys()]])
    expect(stated.sort()).toEqual(exposed.sort())
  })
})

describe('docs/feeds.md', () => {
  test('has a row for every format of a feed', () => {
    const stated = formatRows().map(([format]) => codeIn(format!)[0])
    expect(new Set(['auto', ...stated])).toEqual(new Set(FEED_FORMATS))
    expect(new Set(stated)).toEqual(new Set(Object.keys(READERS)))
  })

  for (const [format, line, meaning] of formatRows()) {
    test(`says truly that in ${format} the line ${line} comes to ${meaning}`, () => {
      const outcome = outcomeOf(codeIn(format!)[0] as FeedFormat, codeIn(line!)[0]!)
      if (meaning === 'skipped') expect(outcome).toEqual([expect.stringMatching(/^skip: /)])
      else expect(outcome).toEqual(codeIn(meaning!))
    })
  }
})

function formatRows(): string[][] {
  return tableRows(sectionOf(read('docs/feeds.md'), '## Formats of lists'))
}

const HEADER = '{"qalqan":1,"feed":"test","serial":1,"issued":"2026-11-22"}'

function outcomeOf(format: FeedFormat, line: string): readonly string[] {
  return format === 'qalqan' ? readText(format, `${HEADER}\n${line}\n`).rules : readLine(format, line)
}

describe('docs/qalqan-format.md', () => {
  const text = read('docs/qalqan-format.md')
  const keyRows = tableRows(text)

  test('has an example that loads without a bad line', () => {
    const { rules, bads, report } = readText('qalqan', fences(text, 'ndjson')[0]!)
    expect({ bads, failure: report.failure }).toEqual({ bads: [], failure: null })
    expect(rules).toEqual(['bad.example', '=files.shared.example', 'page forum.example', '@@=help.bad.example'])
  })

  const headerRows = keyRows.filter(row => row[2] === 'yes' || row[2] === 'no')
  test('has header keys that are known; those that it calls needed are, and no other', () => {
    const whole = { qalqan: 1, feed: 'test', serial: 1, issued: '2026-11-22', publisher: 'somebody' }
    expect(headerRows.map(([key]) => codeIn(key!)[0])).toEqual(Object.keys(whole))
    for (const [key, , needed] of headerRows) {
      const { [codeIn(key!)[0] as keyof typeof whole]: _, ...rest } = whole
      expect([key, typeof readHeader(rest)]).toEqual([key, needed === 'yes' ? 'string' : 'object'])
    }
  })

  const values: Readonly<Record<string, string>> = {
    scope: 'host',
    action: 'block',
    category: 'illegal',
    case: '1',
    reason: 'a reason',
    basis: 'a basis',
    reviewed_by: 'a board',
    source: 'a source',
    listed: '2026-11-22',
    expires: '2026-11-22T10:00:00+05:00',
    recheck: '2026-11-22T10:00:00+05:00',
  }
  const entryKeys = keyRows.filter(row => !headerRows.includes(row)).map(([key]) => codeIn(key!)[0]!)
  test('has entry keys that are known, all of them', () => {
    expect(entryKeys).toEqual(['host', 'url', ...Object.keys(values)])
    expect(readEntry({ host: 'bad.example', ...values }, 'page')).toMatchObject({ host: 'bad.example' })
    expect(readEntry({ url: 'https://bad.example/', ...values }, 'page')).toMatchObject({ host: 'bad.example' })
    expect(readEntry({ host: 'bad.example', expiry: '2026-11-22' }, 'page')).toMatch(/not known/)
  })
})

/** Names of our metrics, with the values that each label has been seen with. */
async function ownMetrics(): Promise<Map<string, Map<string, Set<string>>>> {
  const layout = layOutCounters({ categories: ['illegal'], upstreams: 1, feeds: ['list'] })
  const counters = allocateCounters(layout)
  const metrics = createMetrics(layout, () => [counters], ['192.0.2.53:53'], controlFacts())
  const found = new Map<string, Map<string, Set<string>>>()
  for (const { name, samples } of readExposition(await metrics.scrape()).values()) {
    if (!name.startsWith('qalqan_')) continue
    const labels = new Map<string, Set<string>>()
    for (const [label, value] of samples.flatMap(sample => Object.entries(sample.labels))) {
      if (label !== 'le') labels.set(label, (labels.get(label) ?? new Set()).add(value))
    }
    found.set(name, labels)
  }
  return found
}

describe('the examples for operators', () => {
  test('alert on metrics that exist, by labels and values that exist', async () => {
    const { groups } = parse(read('docs/alerts.yml')) as { groups: { rules: { alert: string; expr: string }[] }[] }
    const rules = groups.flatMap(group => group.rules)
    expect(rules.length).toBeGreaterThan(5)
    const metrics = await ownMetrics()
    const problems = rules.flatMap(({ alert, expr }) =>
      alertProblems(expr, metrics).map(problem => `${alert}: ${problem}`),
    )
    expect(problems).toEqual([])
  })

  test('the systemd unit starts a command that is there', () => {
    const [, program, command] = /^ExecStart=\/opt\/qalqan\/(\S+) (\S+) --config /m.exec(read('docs/qalqan.service'))!
    expect(command).toBe('serve')
    expect(statSync(join(ROOT, program!)).mode & 0o111).not.toBe(0)
  })

  test('the container gets what its Dockerfile copies, and starts what it got', () => {
    const dockerfile = read('Dockerfile')
    const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, sources]) => sources!.split(' '))
    const admitted = read('.dockerignore').match(/(?<=^!).+/gm)
    expect(copied.map(path => path.replace('./', '')).sort()).toEqual([...admitted!].sort())
    expect(copied.filter(path => !exists(path))).toEqual([])
    expect(dockerfile).toContain('ENTRYPOINT ["/opt/qalqan/bin/qalqan"]')
  })
})

function alertProblems(expression: string, metrics: Awaited<ReturnType<typeof ownMetrics>>): string[] {
  const problems: string[] = []
  for (const [, name, matchers = ''] of expression.matchAll(/(qalqan_\w+)(?:\{([^}]*)\})?/g)) {
    const labels = metrics.get(name!)
    if (labels === undefined) problems.push(`no metric ${name}`)
    for (const [, label, values] of matchers.matchAll(/(\w+)[=!]~?"([^"]*)"/g)) {
      const unknown = values!.split('|').filter(value => labels?.get(label!)?.has(value) !== true)
      problems.push(...unknown.map(value => `${name} has no ${label}="${value}"`))
    }
  }
  return problems
}
