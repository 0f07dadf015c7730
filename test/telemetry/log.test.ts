import { spawn } from 'node:child_process'
import { Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLog, type LogLevel, PERSONAL_FIELDS } from '../../src/telemetry/log.ts'
import { keptAsEscapes, loadPretty, withVisibleControls } from '../../src/telemetry/log-line.ts'

async function written(
  level: LogLevel,
  isTerminal: boolean,
  use: Parameters<typeof capture>[2],
  pretty = loadPretty(false),
) {
  return capture(level, isTerminal, use, pretty)
}

async function capture(
  level: LogLevel,
  isTerminal: boolean,
  use: (logger: ReturnType<typeof createLog>['logger']) => void,
  pretty: ReturnType<typeof loadPretty>,
) {
  let text = ''
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      text += chunk
      setImmediate(done)
    },
  })
  const log = createLog(level, { stream, isTerminal }, pretty)
  use(log.logger)
  await log.flush()
  return text
}

describe('the form of a line', () => {
  test('is one JSON object with level, time and message', async () => {
    const line = await written('info', false, logger =>
      logger.warn({ feed: 'hotline', bad: 3 }, 'The feed has bad lines'),
    )
    expect(line.endsWith('\n')).toBe(true)
    const { time, ...rest } = JSON.parse(line)
    expect(rest).toEqual({ level: 'warn', feed: 'hotline', bad: 3, msg: 'The feed has bad lines' })
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  test('is readable on a terminal', async () => {
    const line = await written('info', true, logger => logger.info({ port: 53 }, 'Listening'))
    expect(line).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: Listening \{"port":53\}\n$/)
  })

  test('is JSON on a terminal where pino-pretty is not installed', async () => {
    const line = await written('info', true, logger => logger.info('Listening'), null)
    expect(JSON.parse(line)).toMatchObject({ msg: 'Listening' })
  })

  test('follows the level', async () => {
    const all = (logger: Parameters<Parameters<typeof written>[2]>[0]) => {
      for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const) logger[level]('said')
    }
    const counts = { trace: 5, debug: 4, info: 3, warn: 2, error: 1, silent: 0 }
    for (const [level, count] of Object.entries(counts)) {
      expect((await written(level as LogLevel, false, all)).split('\n').length - 1).toBe(count)
    }
  })
})

describe('who asked for what', () => {
  const record = Object.fromEntries(PERSONAL_FIELDS.map(field => [field, `seeded-${field}`]))
  const say: Parameters<typeof written>[2] = logger => {
    logger.error({ ...record, kept: 1 }, 'Flat')
    logger.error({ query: record, peer: { of: record } }, 'Nested')
    logger.child({ worker: 1, ...record }).error('Bound')
  }

  for (const isTerminal of [false, true]) {
    test(`is in no line at info ${isTerminal ? 'on a terminal' : 'on a pipe'}`, async () => {
      const text = await written('info', isTerminal, say)
      expect(text).not.toContain('seeded')
      for (const expected of ['Flat', 'Nested', 'Bound', 'kept']) expect(text).toContain(expected)
    })
  }

  test('may be told at debug, which an operator chooses', async () =>
    expect(await written('debug', false, say)).toContain('seeded-client'))
})

describe('control characters', () => {
  const nasty = 'a\u001b[2J\u001b]0;x\u0007\r\nFORGED \u009b31m \u007f \u202e \b end'

  for (const isTerminal of [false, true]) {
    test(`are shown and not obeyed ${isTerminal ? 'on a terminal' : 'on a pipe'}`, async () => {
      const text = await written('info', isTerminal, logger => {
        logger.info({ feed: nasty, [nasty]: 1, nested: { [nasty]: nasty } }, nasty)
      })
      expect(text).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e]/u)
      expect(text.trimEnd().split('\n')).toHaveLength(1)
    })
  }

  test('in an error cannot begin a line of their own', async () => {
    const text = await written('info', true, logger => logger.error({ err: new Error(nasty) }, 'Failed'))
    expect(text).not.toMatch(/[^\P{Cc}\n]|^FORGED/mu)
    expect(text).toMatch(/^ +at /m)
  })

  test('an escaped line stays JSON and means the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const line = JSON.stringify({ text })
        expect(JSON.parse(withVisibleControls(line))).toEqual({ text })
        expect(JSON.parse(keptAsEscapes(withVisibleControls(line))).text).not.toMatch(/\p{Cc}/u)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a reader that does not read', () => {
  test('costs the lines that do not fit, which are counted', async () => {
    const stuck = new Writable({ write: () => {} })
    const log = createLog('info', { stream: stuck, isTerminal: false, bufferedBytesMax: 10_000 })
    for (let i = 0; i < 1000; i++)
      log.logger.info({ i }, 'A line of about a hundred octets, or somewhat fewer than that')
    expect(stuck.writableLength).toBeLessThanOrEqual(10_000)
    expect(stuck.writableLength).toBeGreaterThan(9_000)
    expect(log.linesDropped()).toBeGreaterThan(850)
    const started = performance.now()
    await log.flush(50)
    expect(performance.now() - started).toBeLessThan(1000)
  })

  test('that is gone costs the lines and not the process', async () => {
    const gone = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) })
    const log = createLog('info', { stream: gone, isTerminal: false })
    log.logger.info('lost')
    await new Promise(resolve => setImmediate(resolve))
    log.logger.info('dropped')
    expect(log.linesDropped()).toBe(1)
    await log.flush()
  })

  test('of the real standard output stops neither the event loop nor the end of the process', async () => {
    const script = `
      import { createLog } from ${JSON.stringify(new URL('../../src/telemetry/log.ts', import.meta.url).href)}
      const log = createLog('info', { stream: process.stdout, isTerminal: false })
      let turns = 0
      const turn = setInterval(() => {
        for (let i = 0; i < 2000; i++) log.logger.info({ i }, 'x'.repeat(100))
        if (++turns < 10) return
        clearInterval(turn)
        log.flush(100).then(() => {
          process.stderr.write(JSON.stringify({ turns, dropped: log.linesDropped() }))
          process.exit(0)
        })
      }, 5)`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const deadline = setTimeout(() => child.kill('SIGKILL'), 15_000)
    let report = ''
    child.stderr.on('data', chunk => {
      report += chunk
    })
    // `exit`, not `close`: standard output is never read to its end.
    const code = await new Promise(resolve => child.on('exit', resolve))
    clearTimeout(deadline)
    child.stdout.destroy()
    expect([code, report]).toEqual([0, expect.stringMatching(/^\{"turns":10,"dropped":\d{3,}\}$/)])
  })
})
