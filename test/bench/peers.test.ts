/**
 * The parts of the comparison with peers that only compute: names, questions, what is read from other programs, medians and tables.
 */
import { expect, test } from 'vitest'
import { parsePercentiles, parseSummary } from '../../bench/peers/harness/dnsperf.ts'
import type { Sample } from '../../bench/peers/harness/measure.ts'
import { blockedQuestions, blockList, cleanNames, mixQuestions, seeded } from '../../bench/peers/harness/names.ts'
import { parseOptions } from '../../bench/peers/harness/options.ts'
import { kernelVersion, processors, residentKib } from '../../bench/peers/harness/procfs.ts'
import { withSection } from '../../bench/peers/harness/readme.ts'
import { goals, median, remarks, rowsOf, tables } from '../../bench/peers/harness/report.ts'
import { LOCAL_DATA, rpzZone } from '../../bench/peers/harness/rpz.ts'
import { zipf } from '../../bench/support/random.ts'
import { cpuTicks } from '../../src/platform/processor-time.ts'

const HOSTNAME = /^(?=.{1,253}$)([a-z0-9]{1,63}\.){1,3}(example|test)$/

/** The name itself or one above it is flagged. */
function isFlagged(name: string, flagged: ReadonlySet<string>): boolean {
  const labels = name.split('.')
  return labels.some((_, depth) => flagged.has(labels.slice(depth).join('.')))
}

test('a block list holds as many different names as asked, all reserved and well-formed', () => {
  const { names } = blockList(20_000)
  expect(new Set(names).size).toBe(20_000)
  expect(names.filter(name => !HOSTNAME.test(name))).toEqual([])
})

test('a longer block list begins with the shorter one, and two runs make the same', () => {
  expect(blockList(500).names).toEqual(blockList(2_000).names.slice(0, 500))
})

test('about half the blocked questions ask below a flagged name, and every one is covered', () => {
  const list = blockList(1_000)
  const flagged = new Set(list.names)
  const questions = blockedQuestions(list, 10_000, false)
  expect(questions.every(name => isFlagged(name, flagged))).toBe(true)
  const below = questions.filter(name => !flagged.has(name)).length
  expect(below).toBeGreaterThan(4_700)
  expect(below).toBeLessThan(5_300)
})

test('for a peer that knows names only, every blocked question is a flagged name', () => {
  const list = blockList(1_000)
  const flagged = new Set(list.names)
  expect(blockedQuestions(list, 2_000, true).every(name => flagged.has(name))).toBe(true)
})

test('clean names differ from each other, from other seeds, and are covered by no flagged name', () => {
  const flagged = new Set(blockList(20_000).names)
  const names = [...cleanNames(5_000, 3), ...cleanNames(5_000, 4)]
  expect(new Set(names).size).toBe(10_000)
  expect(names.filter(name => !HOSTNAME.test(name) || isFlagged(name, flagged))).toEqual([])
})

test('a mix has its shares of blocked and of new names, and asks each new name once', () => {
  const list = blockList(1_000)
  const popular = cleanNames(5_000, 4)
  const flagged = new Set(list.names)
  const known = new Set(popular)
  const questions = mixQuestions({ popular, list, blockedShare: 0.1, missShare: 0.1 }, 50_000, false)
  const blocked = questions.filter(name => isFlagged(name, flagged))
  const fresh = questions.filter(name => !known.has(name) && !isFlagged(name, flagged))
  expect(questions).toHaveLength(50_000)
  expect(blocked.length / 50_000).toBeCloseTo(0.1, 2)
  expect(fresh.length / 50_000).toBeCloseTo(0.1, 2)
  expect(new Set(fresh).size).toBe(fresh.length)
})

test('zipf draws the first rank about twice as often as the second and ten times as often as the tenth', () => {
  const draw = zipf(1_000, seeded(9))
  const counts = new Uint32Array(1_000)
  for (let drawn = 0; drawn < 200_000; drawn++) counts[draw()]!++
  expect(counts[0]! / counts[1]!).toBeCloseTo(2, 0)
  expect(counts[0]! / counts[9]!).toBeGreaterThan(8.5)
  expect(counts[0]! / counts[9]!).toBeLessThan(11.5)
})

test('a seeded generator stays in [0, 1) and repeats itself', () => {
  const once = Array.from({ length: 1_000 }, seeded(42))
  expect(once.every(value => value >= 0 && value < 1)).toBe(true)
  expect(once).toEqual(Array.from({ length: 1_000 }, seeded(42)))
  expect(new Set(once).size).toBeGreaterThan(990)
})

test('a response policy zone covers each name and what is below it', () => {
  const lines = rpzZone({ names: ['bad.example'] }, LOCAL_DATA)
    .trimEnd()
    .split('\n')
  expect(lines.slice(-2)).toEqual(['bad.example A 192.0.2.200', '*.bad.example A 192.0.2.200'])
  expect(lines.some(line => line.startsWith('@ SOA '))).toBe(true)
})

const DNSPERF = `Statistics:

  Queries sent:         1000
  Queries completed:    990 (99.00%)
  Queries lost:         10 (1.00%)

  Response codes:       NOERROR 900 (90.91%), SERVFAIL 90 (9.09%)
  Average packet size:  request 31, response 47
  Run time (s):         2.000412
  Queries per second:   494.898051

  Average Latency (s):  0.000362 (min 0.000007, max 0.003838)
  Latency StdDev (s):   0.000194
`

test("dnsperf's summary is read figure by figure", () => {
  expect(parseSummary(DNSPERF)).toEqual({
    sent: 1000,
    completed: 990,
    lost: 10,
    noError: 900,
    seconds: 2.000412,
    perSecond: 494.898051,
    meanLatencyMs: expect.closeTo(0.362, 6),
  })
})

test('output that lacks a figure is refused, not read as zero', () => {
  expect(() => parseSummary(DNSPERF.replace(/.*Run time.*\n/, ''))).toThrow('Run time')
})

test('percentiles are nearest ranks of the latencies, whatever their order; lost questions have none', () => {
  const lines = Array.from(
    { length: 100 },
    (_, index) => `> NOERROR n${index}.example A 0.${String(1000 - index).padStart(6, '0')}`,
  )
  expect(parsePercentiles(`${lines.join('\n')}\n> T lost.example A\n`)).toEqual({
    p50Ms: expect.closeTo(0.95, 6),
    p99Ms: expect.closeTo(0.999, 6),
  })
  expect(parsePercentiles('[Timeout] Query timed out: msg id 1\n')).toBeNull()
})

test('processor time is found behind a command name with spaces and brackets', () => {
  expect(cpuTicks('77 (odd (name) x) S 1 77 77 0 -1 4194304 100 0 0 0 250 31 0 0 20 0 4 0 123 0 0')).toBe(281)
  expect(() => cpuTicks('')).toThrow('/proc/PID/stat')
})

test('resident memory of a process that has ended is an error', () => {
  expect(residentKib('Name:\tx\nVmHWM:\t 900 kB\nVmRSS:\t     512 kB\n')).toBe(512)
  expect(() => residentKib('Name:\tx\nState:\tZ (zombie)\n')).toThrow('ended')
})

test('processors are named and counted, the kernel without its builder', () => {
  const cpuinfo =
    'processor\t: 0\nmodel name\t: A Processor @ 2 GHz\n\nprocessor\t: 1\nmodel name\t: A Processor @ 2 GHz\n'
  expect(processors(cpuinfo)).toEqual({ processor: 'A Processor @ 2 GHz', cores: 2 })
  expect(processors('')).toEqual({ processor: 'unknown', cores: 1 })
  expect(kernelVersion('6.12.4-somebody-7')).toBe('6.12.4')
})

const medians = [
  ['one', [3], 3],
  ['an odd number', [9, 1, 5], 5],
  ['an even number', [4, 1, 2, 10], 3],
] as const
for (const [what, values, expected] of medians) test(`median of ${what}`, () => expect(median(values)).toBe(expected))

function sample(peer: string, cpuMicros: number, rest: Partial<Sample> = {}): Sample {
  return {
    peer,
    load: 'blocked',
    cpuMicros,
    perSecond: 100_000,
    busy: 0.9,
    meanLatencyMs: 1,
    p50Ms: 0.1,
    p99Ms: 0.5,
    residentMiB: 64,
    loadSeconds: 1,
    lostShare: 0,
    errorShare: 0,
    ...rest,
  }
}

test('rows are medians over the rounds, the cheapest server first', () => {
  const samples = [sample('b', 9), sample('a', 5), sample('b', 7), sample('a', 20), sample('b', 8), sample('a', 6)]
  const rows = rowsOf(samples, 'blocked').map(row => [row.peer, row.rounds, row.median.cpuMicros])
  expect(rows).toEqual([
    ['a', 3, 6],
    ['b', 3, 8],
  ])
})

test('each row has its ratio to Qalqan, and none where Qalqan was not timed', () => {
  const [, , first, second] = tables([sample('qalqan', 4), sample('other', 6)])
    .split('\n')
    .slice(2)
  expect([first, second].map(row => row?.split(' | ').slice(0, 3))).toEqual([
    ['| qalqan', '4.00', '1.00'],
    ['| other', '6.00', '1.50'],
  ])
  expect(tables([sample('other', 6)])).toContain('| other | 6.00 | n/a |')
})

test('only loads that were run have a table', () => {
  const text = tables([sample('a', 1, { load: 'million' })])
  expect(text).toContain('million')
  expect(text).not.toContain('All cached')
})

test('a goal is met or not met, and says nothing when a figure is missing', () => {
  const samples = [sample('qalqan', 4), sample('dnsdist', 5), sample('unbound', 8)]
  expect(goals(samples)).toEqual([
    'CPU, blocked: Qalqan ÷ dnsdist = 0.80 (goal ≤ 0.75): not met',
    'CPU, blocked: Qalqan ÷ unbound = 0.50 (goal ≤ 0.7): met',
  ])
  expect(goals([sample('dnsdist', 5)])).toEqual([])
})

test('lost questions and errors are remarked upon', () => {
  const text = remarks([sample('a', 1, { lostShare: 0.02 }), sample('b', 1, { errorShare: 0.5 }), sample('c', 1)])
  expect(text).toEqual([
    'a, blocked: 2.0 % of the questions were not answered.',
    'b, blocked: 50.0 % of the answers were errors.',
  ])
})

const BEGIN = '<!-- peers: written by bench:peers, begin -->'
const END = '<!-- peers: written by bench:peers, end -->'

test('a run replaces what is between the markers and nothing else, as often as it is run', () => {
  const readme = `# Before\n\n${BEGIN}\n\nold\n\n${END}\n\nAfter\n`
  const once = withSection(readme, 'new\n')
  expect(once).toBe(`# Before\n\n${BEGIN}\n\nnew\n\n${END}\n\nAfter\n`)
  expect(withSection(once, 'new\n')).toBe(once)
})

const unmarked = [
  ['no markers', '# Nothing\n'],
  ['the end before the begin', `${END}\n${BEGIN}\n`],
  ['a marker twice', `${BEGIN}\n${BEGIN}\n${END}\n`],
] as const
for (const [what, readme] of unmarked) {
  test(`a README with ${what} is left alone`, () => expect(() => withSection(readme, 'x')).toThrow('needs the lines'))
}

test('flags have the defaults of a full run', () => {
  const options = parseOptions([])
  expect([options.rounds, options.seconds, options.names, options.million]).toEqual([3, 10, 100_000, 1_000_000])
  expect([options.loads, options.peers, options.write]).toEqual([['blocked', 'cached', 'mix', 'million'], null, false])
})

const wrongFlags = [
  [['--rounds', '0'], '--rounds'],
  [['--seconds', 'ten'], '--seconds'],
  [['--names', '1e5'], '--names'],
  [['--loads', 'blocked,all'], 'no load "all"'],
  [['--loud'], '--loud'],
] as const
for (const [args, message] of wrongFlags) {
  test(`flags ${args.join(' ')} are refused`, () => expect(() => parseOptions(args)).toThrow(message))
}
