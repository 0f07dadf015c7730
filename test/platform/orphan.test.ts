/** A child that does not outlive its parent, however that ends and however busy the child is. */
import { spawn } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { isThere } from '../support/processes.ts'
import { until } from '../transport/clients.ts'

const MODULE = new URL('../../src/platform/orphan.ts', import.meta.url).href

/** Never gives its event loop a turn. */
const busyChild = (useKernel: boolean) => `
  import { endWithParent } from '${MODULE}'
  endWithParent(Number(process.argv[1]), ${useKernel})
  await new Promise(resolve => setTimeout(resolve, 100))
  process.stdout.write(String(process.pid))
  for (;;);`

const PARENT = `
  const { spawn } = require('node:child_process')
  const child = spawn(process.execPath, ['--input-type=module', '-e', process.argv[1], process.pid], { stdio: ['ignore', 'inherit', 'inherit'] })
  process.on('exit', () => child.kill())`

describe.skipIf(process.platform !== 'linux')('on Linux', () => {
  test.each([
    ['the kernel sees to it', true],
    ['without koffi a thread sees to it', false],
  ] as const)('a child goes when its parent is killed: %s', async (_, useKernel) => {
    const parent = spawn(process.execPath, ['-e', PARENT, busyChild(useKernel)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    const child = Number(await new Promise<Buffer>(resolve => parent.stdout.once('data', resolve)))
    try {
      expect(isThere(child)).toBe(true)
      parent.kill('SIGKILL')
      expect(await until(() => !isThere(child), 5000)).toBe(true)
    } finally {
      // One that stayed would be busy for ever.
      if (isThere(child)) process.kill(child, 'SIGKILL')
    }
  })
})
