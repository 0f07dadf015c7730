/** Lists signed by minisign itself. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { compileFeed } from '../../src/feeds/compile.ts'
import { feedSettings, RecordingSink } from '../feeds/recorder.ts'
import { pathOf } from './programs.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-minisign-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function minisign(...args: readonly string[]): void {
  const { status, stderr } = spawnSync(pathOf('minisign')!, args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`minisign ${args.join(' ')}: ${stderr}`)
}

function compile() {
  const keys = ['one', 'two'].map(
    name =>
      readFileSync(join(folder, `${name}.pub`), 'utf8')
        .trim()
        .split('\n')[1]!,
  )
  const sink = new RecordingSink()
  const feed = feedSettings({ source: join(folder, 'list.txt'), signature: { keys, threshold: 2 } })
  return compileFeed(
    feed,
    { dataFolder: null, now: Math.floor(Date.now() / 1000), pause: () => {} },
    { sink, undo() {} },
  )
}

test('two signatures of two keys are taken, one is not, and the comment of one counts', () => {
  for (const name of ['one', 'two']) minisign('-G', '-W', '-p', `${name}.pub`, '-s', `${name}.sec`)
  writeFileSync(join(folder, 'list.txt'), 'bad.example\n'.repeat(3))
  minisign('-S', '-s', 'one.sec', '-m', 'list.txt', '-x', 'one.minisig', '-t', 'serial:42 expires:2999-01-01')
  minisign('-S', '-s', 'two.sec', '-m', 'list.txt', '-x', 'two.minisig', '-t', 'serial:43')
  const put = (...names: readonly string[]) =>
    writeFileSync(
      join(folder, 'list.txt.minisig'),
      names.map(name => readFileSync(join(folder, `${name}.minisig`), 'utf8')).join(''),
    )
  put('one')
  expect(compile().failure).toBe('1 good signatures, 2 needed')
  put('one', 'two')
  expect(compile()).toMatchObject({ failure: null, serial: 42 })
  // What minisign puts into the comment by itself: a time stamp.
  minisign('-S', '-s', 'one.sec', '-m', 'list.txt', '-x', 'one.minisig')
  minisign('-S', '-s', 'two.sec', '-m', 'list.txt', '-x', 'two.minisig')
  put('two', 'one')
  expect(compile().serial).toBeGreaterThan(1_700_000_000)
  minisign('-S', '-l', '-s', 'two.sec', '-m', 'list.txt', '-x', 'two.minisig')
  put('one', 'two')
  expect(compile().failure).toMatch(/in the old way/)
})
