import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CompileOptions, compileFeeds } from '../../src/feeds/compile.ts'
import { lastGoodPath, originOf } from '../../src/feeds/last-good.ts'
import { isInForce, nextExpiryOf } from '../../src/feeds/report.ts'
import { nameBefore } from '../../src/platform/keep-before.ts'
import { feedSettings, NOW, RecordingSink } from './recorder.ts'

let folder = ''
let data = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-feeds-'))
  data = join(folder, 'data')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const source = (name = 'list') => join(folder, `${name}.txt`)
const put = (text: string, name = 'list') => writeFileSync(source(name), text)

const ORIGIN = () => originOf(feedSettings({ source: source() }))

function replaceByFolder(): void {
  rmSync(source())
  mkdirSync(source())
}

function compile(names: readonly string[] = ['list'], options: Partial<CompileOptions> = {}) {
  const sinks = new Map<string, RecordingSink>()
  const feeds = names.map(name => feedSettings({ name, source: source(name) }))
  const reports = compileFeeds(feeds, { dataFolder: data, now: NOW, pause: () => {}, ...options }, feed => {
    const sink = new RecordingSink()
    sinks.set(feed.name, sink)
    return { sink, undo: () => sink.undo() }
  })
  return { reports, report: reports[0]!, rules: sinks.get(names[0]!)!.rules, sinks }
}

describe('the last good copy', () => {
  test('holds exactly what was parsed, for its owner alone, and nothing is left beside it', () => {
    put('\ufeffa.example\r\nb..example\n')
    const { report } = compile()
    expect(report).toMatchObject({ blocked: 1, bad: 1, failure: null, fromLastGood: false, warnings: [] })
    const path = lastGoodPath(data, 'list')
    expect(readFileSync(path, 'utf8')).toBe(
      `\ufeffa.example\r\nb..example\n\nqalqan last-good 2 sha256=${report.sha256} origin=${ORIGIN()} octets=000000000000025\n`,
    )
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(join(data, 'feeds'))).toEqual(['list.last-good'])
  })

  const failures: [what: string, spoil: () => void, why: RegExp, cause?: string][] = [
    ['is gone', () => rmSync(source()), /list\.txt: there is no such file$/, 'unreadable'],
    ['is a folder', replaceByFolder, /is not a file$/, 'unreadable'],
    ['is empty', () => put(''), /^an empty file$/],
    ['is an HTML page', () => put('<html>Sign in</html>'), /^an HTML or XML page/],
    ['has only bad lines', () => put('||a..b^\n'), /^no valid entry/, 'bad-lines'],
    [
      'is mostly bad',
      () =>
        put(
          [...Array.from({ length: 20 }, (_, n) => `n${n}.example`), ...Array.from({ length: 9 }, () => 'a..b')].join(
            '\n',
          ),
        ),
      /^9 of 29 entries are bad/,
      'bad-lines',
    ],
    ['has another format', () => put('what is\nthis to\nbe then\n'), /^no format that is known/],
  ]
  for (const [what, spoil, why, cause = 'form'] of failures)
    test(`is in force when the source ${what}`, () => {
      put('a.example\n')
      const good = compile().report
      spoil()
      const { report, rules } = compile()
      expect(rules).toEqual(['a.example'])
      expect(report).toMatchObject({
        fromLastGood: true,
        cause,
        blocked: 1,
        sha256: good.sha256,
        source: lastGoodPath(data, 'list'),
      })
      expect(report.failure).toMatch(why)
      expect(isInForce(report)).toBe(true)
      expect(readdirSync(join(data, 'feeds'))).toEqual(['list.last-good'])
    })

  test('is replaced when the source is good again', () => {
    put('a.example\n')
    compile()
    put('')
    compile()
    put('b.example\n')
    expect(compile().rules).toEqual(['b.example'])
    rmSync(source())
    expect(compile().rules).toEqual(['b.example'])
  })

  test('is not written again while the source stays the same', () => {
    put('a.example\n')
    compile()
    const before = statSync(lastGoodPath(data, 'list'), { bigint: true })
    compile()
    const after = statSync(lastGoodPath(data, 'list'), { bigint: true })
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs])
  })

  test('when the disk has damaged it, the one before it is in force, and it is said', () => {
    put('a.example\n')
    compile()
    put('b.example\n')
    compile()
    const path = lastGoodPath(data, 'list')
    expect(readdirSync(join(data, 'feeds'))).toEqual(['list.last-good', 'list.last-good.1'])
    writeFileSync(path, readFileSync(path, 'latin1').replace('b.example', 'z.example'), 'latin1')
    rmSync(source())
    const { report, rules } = compile()
    expect(rules).toEqual(['a.example'])
    expect(report).toMatchObject({ fromLastGood: true, source: nameBefore(path), warnings: [`${path} is damaged`] })
  })

  test('of another source does not stand in for this one', () => {
    put('a.example\n')
    compile()
    const feed = feedSettings({ name: 'list', source: source('other') })
    const sink = new RecordingSink()
    const [report] = compileFeeds([feed], { dataFolder: data, now: NOW, pause: () => {} }, () => ({
      sink,
      undo: () => sink.undo(),
    }))
    expect(report).toMatchObject({ fromLastGood: false, failure: expect.stringMatching(/no such file/) })
  })

  const damages: [what: string, damage: (path: string) => void][] = [
    [
      'one octet was changed',
      path => writeFileSync(path, readFileSync(path, 'latin1').replace('a.example', 'z.example'), 'latin1'),
    ],
    ['it was cut', path => writeFileSync(path, readFileSync(path).subarray(0, 60))],
    ['something was added', path => appendFileSync(path, 'z.example\n')],
    ['it is empty', path => writeFileSync(path, '')],
  ]
  for (const [what, damage] of damages)
    test(`is not used when ${what}`, () => {
      put('a.example\n')
      compile()
      damage(lastGoodPath(data, 'list'))
      rmSync(source())
      const { report, rules } = compile()
      expect(rules).toEqual([])
      expect(report).toMatchObject({ fromLastGood: false, blocked: 0 })
      expect(report.failure).toMatch(
        /there is no such file; the last good copy cannot be used either: .*list\.last-good is damaged$/,
      )
      expect(isInForce(report)).toBe(false)
    })

  test('no feed and no copy: the report says why, and the other feeds load', () => {
    put('a.example\n', 'other')
    const { reports, sinks } = compile(['list', 'other'])
    expect(reports.map(report => [report.name, report.failure === null])).toEqual([
      ['list', false],
      ['other', true],
    ])
    expect(reports[0]!.failure).toBe(`${source()}: there is no such file`)
    expect(sinks.get('other')!.rules).toEqual(['a.example'])
  })

  test('a data folder that cannot be written to is a warning', () => {
    put('a.example\n')
    writeFileSync(data, 'a file where a folder should be')
    const { report, rules } = compile()
    expect(rules).toEqual(['a.example'])
    expect(report.failure).toBeNull()
    expect(report.warnings).toEqual([expect.stringMatching(/^no copy is kept for bad times: /)])
  })

  test('without a data folder, or without keeping, nothing is written', () => {
    put('a.example\n')
    expect(compile(['list'], { dataFolder: null }).rules).toEqual(['a.example'])
    expect(compile(['list'], { keep: false }).rules).toEqual(['a.example'])
    expect(readdirSync(folder)).toEqual(['list.txt'])
  })

  test('a name of a feed cannot lead out of the folder', () => {
    for (const name of ['..', '../up', '/etc/passwd', 'a/b', 'тізім', '.'])
      expect(lastGoodPath('/data', name)).toMatch(/^\/data\/feeds\/[^/]+\.last-good$/)
  })
})

describe('a source that is written to while it is read', () => {
  /** Appends a line each time the clock is asked, which is before and after a file is read. */
  const meddlingClock = (times: number) => () => {
    if (times-- > 0) appendFileSync(source(), `late${times}.example\n`)
    return 0
  }

  test('is read again until it lies still', () => {
    put('a.example\n')
    // The end of the first reading meddles; the next begins with what is there then.
    const { report, rules } = compile(['list'], { clock: meddlingClock(3) })
    expect(report.failure).toBeNull()
    expect(rules).toContain('a.example')
    expect(rules).toContain('late0.example')
    expect(new Set(rules).size).toBe(rules.length)
  })

  test('that never lies still leaves the last good copy in force', () => {
    put('a.example\n')
    compile()
    const { report, rules } = compile(['list'], { clock: meddlingClock(6) })
    expect(report).toMatchObject({ fromLastGood: true, failure: 'it was written to while it was read' })
    expect(rules).toEqual(['a.example'])
  })
})

test('the next expiry is the nearest of all feeds in force', () => {
  const header = '{"qalqan":1,"feed":"x","serial":1,"issued":"2026-01-01"}\n'
  put(`${header}{"host":"a.example","expires":"2026-12-24"}\n`, 'list')
  put(`${header}{"host":"b.example","expires":"2026-12-01"}\n`, 'other')
  put('c.example\n', 'plain')
  const { reports } = compile(['list', 'other', 'plain'])
  expect(nextExpiryOf(reports)).toBe(Date.UTC(2026, 11, 1) / 1000)
  expect(nextExpiryOf(reports.slice(2))).toBeNull()
})

test.skipIf(process.getuid?.() === 0)('a source without the right to read it has its own sentence', () => {
  put('a.example\n')
  chmodSync(source(), 0)
  expect(compile().report.failure).toBe(`${source()}: no right to read it`)
})
