/** Processes and threads that go last, seen with the system's own eyes. */
import { execFileSync } from 'node:child_process'
import { release } from 'node:os'
import { describe, expect, test } from 'vitest'

const MODULE = new URL('../../src/platform/yielding.ts', import.meta.url).href
const LIBC = new URL('../../src/platform/libc.ts', import.meta.url).href
const isLinux = process.platform === 'linux'

function kernelBefore(major: number, minor: number): boolean {
  const [ours, its] = release().split('.').map(Number) as [number, number]
  return ours < major || (ours === major && its < minor)
}

/**
 * Runs statements that have the module as `own`, `seen(pid)`: policy and priority of each of a process's threads, `switches()`: how often the calling thread has let another go first, and
 * `sleeping()`: how often it did so in a sleep of 1.5 s.
 */
function run(statements: string): unknown {
  const program = `
    import { spawn } from 'node:child_process'
    import { readdirSync, readFileSync } from 'node:fs'
    import * as own from '${MODULE}'
    const stat = (pid, task) => readFileSync('/proc/' + pid + '/task/' + task + '/stat', 'utf8').replace(/^.*\\) /s, '').split(' ')
    // A process that has all of V8's threads, and one of its own, once it has printed something.
    const program = "new (require('node:worker_threads').Worker)('process.stdout.write(String(1)); setInterval(() => {}, 1000)', { eval: true })"
    const seen = pid => readdirSync('/proc/' + pid + '/task').map(task => [Number(stat(pid, task)[38]), Number(stat(pid, task)[16])])
    const switches = () => Number(/^voluntary_ctxt_switches:\\s+(\\d+)/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))[1])
    // A sleep that each offer ends counts once more.
    const sleeping = () => {
      const before = switches()
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)
      return switches() - before
    }
    ${statements}`
  // What it waits for would come at once or never, and vitest cannot interrupt us.
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  return JSON.parse(output)
}

/** Told to go last before it has made a thread: it waits for that. */
const CHILD = `
  own.policySetter()
  const child = spawn('sh', ['-c', 'kill -STOP $$; exec "$0" -e "$1"', process.execPath, program])
  while (stat(child.pid, child.pid)[0] !== 'T') await new Promise(resolve => setTimeout(resolve, 5))
  own.goLast(child.pid)
  child.kill('SIGCONT')
  await new Promise(resolve => child.stdout.once('data', resolve))
  const last = seen(child.pid)`

describe.skipIf(!isLinux)('on Linux', () => {
  test('a process that goes last from its beginning does so with every thread it ever has', () => {
    const threads = run(`${CHILD}; child.kill(); console.log(JSON.stringify(last))`) as number[][]
    expect(threads.length).toBeGreaterThan(5)
    expect(threads.filter(([policy]) => policy !== 5)).toEqual([])
  })

  test.skipIf(process.getuid?.() !== 0)('it goes on with all of them', () => {
    const threads = run(
      `${CHILD}; own.goOn(child.pid); const on = seen(child.pid); child.kill(); console.log(JSON.stringify(on))`,
    )
    expect((threads as number[][]).filter(([policy, nice]) => policy !== 0 || nice !== 0)).toEqual([])
  })

  test.skipIf(process.getuid?.() !== 0)('a thread that did not go last keeps the policy that it has', () => {
    const SCHED_BATCH = 3
    const threads = run(
      `${CHILD}; own.policySetter()(child.pid, ${SCHED_BATCH}, new Uint8Array(4)); own.goOn(child.pid); const on = seen(child.pid); child.kill()
      console.log(JSON.stringify(on))`,
    ) as number[][]
    expect(threads.filter(([policy]) => policy === SCHED_BATCH)).toHaveLength(1)
    expect(threads.filter(([policy]) => policy === 0)).toHaveLength(threads.length - 1)
  })

  test('a thread that goes last leaves the others as they are', () => {
    const threads = run('own.goLast(0); console.log(JSON.stringify(seen(process.pid)))') as number[][]
    expect(threads.filter(([policy]) => policy === 5)).toHaveLength(1)
    expect(threads.filter(([policy]) => policy === 0)).toHaveLength(threads.length - 1)
  })

  /** The share of a core that a busy loop gets beside another, in percent. */
  const shareOf = (before: string) =>
    Number(
      run(`
        import { libcFunction } from '${LIBC}'
        const pin = libcFunction('int sched_setaffinity(int, size_t, const uint8_t *)')
        // To the core that it is on, and so what it starts.
        const core = Number(stat(process.pid, process.pid)[36])
        const mask = new Uint8Array(128)
        mask[core >> 3] = 1 << (core & 7)
        for (const task of readdirSync('/proc/self/task')) pin(Number(task), mask.length, mask)
        const rival = spawn(process.execPath, ['-e', 'process.stdout.write("1"); for (;;);'])
        await new Promise(resolve => rival.stdout.once('data', resolve))
        ${before}
        const [cpu, startMs] = [process.cpuUsage(), performance.now()]
        while (performance.now() < startMs + 1500);
        const { user, system } = process.cpuUsage(cpu)
        rival.kill('SIGKILL')
        console.log(((user + system) / 10 / (performance.now() - startMs)).toFixed(1))`),
    )

  // Before, sched_yield lets others go first and costs nothing.
  test.skipIf(kernelBefore(6, 6))('a core is offered also while its thread is busy', () => {
    const alone = shareOf('')
    const offering = shareOf('own.offerOften()')
    expect(offering).toBeLessThan(alone / 2)
  })

  /** Times that a sleep of 1.5 s is interrupted: 5,000 on a machine that is idle, some 120 where the core has three rivals that are always busy. */
  const OFFERED_MIN = 40
  /** A handful without offers. */
  const NOT_OFFERED_MAX = 10

  test('calls that offers interrupt go on', () => {
    const { before, after, echoed } = run(`
      import { execFileSync } from 'node:child_process'
      own.offerOften()
      const before = switches()
      // The thread sleeps in one system call after another until its child has ended: each offer ends its sleep.
      const echoed = execFileSync('sh', ['-c', 'sleep 1.5; echo all of it'], { encoding: 'utf8' })
      console.log(JSON.stringify({ before, after: switches(), echoed }))`) as Record<string, number | string>
    expect(echoed).toBe('all of it\n')
    expect(Number(after) - Number(before)).toBeGreaterThan(OFFERED_MIN)
  })

  test('a thread that is not the first offers its own core, until it is told to end', () => {
    const { offering, ended } = run(`
      import { Worker } from 'node:worker_threads'
      const sleeper = \`
        import { readFileSync } from 'node:fs'
        import { parentPort } from 'node:worker_threads'
        import { offerOften } from '${MODULE}'
        const switches = \${switches}
        const sleeping = \${sleeping}
        const end = offerOften()
        const offering = sleeping()
        end()
        parentPort.postMessage({ offering, ended: sleeping() })\`
      const counts = await new Promise((resolve, reject) => new Worker(sleeper, { eval: true }).once('message', resolve).once('error', reject))
      console.log(JSON.stringify(counts))`) as Record<string, number>
    expect(offering).toBeGreaterThan(OFFERED_MIN)
    expect(ended).toBeLessThan(NOT_OFFERED_MAX)
  })

  test('what is done in turns offers the core as long as it lasts, also where it fails', () => {
    const { value, error, during, after } = run(`
      const value = own.inTurns(() => 'done')
      let [during, error] = [0, '']
      try {
        own.inTurns(() => {
          during = sleeping()
          throw new Error('failed')
        })
      } catch (problem) {
        error = problem.message
      }
      console.log(JSON.stringify({ value, error, during, after: sleeping() }))`) as Record<string, number | string>
    expect([value, error]).toEqual(['done', 'failed'])
    expect(during).toBeGreaterThan(OFFERED_MIN)
    expect(after).toBeLessThan(NOT_OFFERED_MAX)
  })

  test('what cannot be done is left undone', () => {
    expect(run('own.goLast(2147483646); own.goOn(2147483646); console.log(1)')).toBe(1)
  })
})
