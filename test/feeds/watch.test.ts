import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FeedWatch, watchFeeds } from '../../src/feeds/watch.ts'

let folder = ''
let watching: FeedWatch | null = null
let calls: (readonly string[])[] = []
let heard: () => void = () => {}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-watch-'))
  calls = []
  for (const name of ['a', 'b']) writeFileSync(path(name), `${name}.example\n`)
})
afterEach(() => {
  watching?.close()
  rmSync(folder, { recursive: true, force: true })
})

const path = (name: string) => join(folder, name)

function note(changed: readonly string[]): void {
  calls.push(changed)
  heard()
}

function replaceByRename(): void {
  writeFileSync(path('a.new'), 'a.example\n')
  renameSync(path('a.new'), path('a'))
}

function watchIt(names: readonly string[] = ['a', 'b'], pollMs = 60_000): void {
  const feeds = names.map(name => ({ name, source: path(name) }))
  watching = watchFeeds(feeds, note, { debounceMs: 40, pollMs })
}

/** Until `count` changes were reported; a test that waits in vain fails by its time limit. */
function reports(count = 1): Promise<void> {
  return new Promise(resolve => {
    heard = () => calls.length >= count && resolve()
    heard()
  })
}

const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

const changes: [what: string, act: () => void][] = [
  ['written to', () => writeFileSync(path('a'), 'other.example\n')],
  ['replaced by a rename', replaceByRename],
  ['removed', () => rmSync(path('a'))],
]

describe('a feed`s file', () => {
  for (const [what, act] of changes)
    test(`${what} is reported once, by the name of its feed`, async () => {
      watchIt()
      await pause(20)
      act()
      await reports()
      await pause(150)
      expect(calls).toEqual([['a']])
    })

  test('that was not there is reported when it comes', async () => {
    rmSync(path('a'))
    watchIt()
    writeFileSync(path('a'), 'a.example\n')
    await reports()
    expect(calls).toEqual([['a']])
  })

  test('changed after it was replaced is reported again', async () => {
    watchIt()
    writeFileSync(path('a.new'), 'b.example\n')
    renameSync(path('a.new'), path('a'))
    await reports()
    writeFileSync(path('a'), 'c.example\n')
    await reports(2)
    expect(calls).toEqual([['a'], ['a']])
  })

  test('that is a link is reported when the link leads elsewhere', async () => {
    mkdirSync(path('v1'))
    mkdirSync(path('v2'))
    writeFileSync(path('v1/list'), 'a.example\n')
    writeFileSync(path('v2/list'), 'b.example\n')
    symlinkSync('v1', path('current'))
    symlinkSync('current/list', path('link'))
    watchIt(['link'])
    symlinkSync('v2', path('next'))
    renameSync(path('next'), path('current'))
    await reports()
    expect(calls).toEqual([['link']])
  })

  test('in a folder that comes later is found by the poll', async () => {
    const feeds = [{ name: 'late', source: path('later/list') }]
    watching = watchFeeds(feeds, note, { debounceMs: 20, pollMs: 50 })
    mkdirSync(path('later'))
    writeFileSync(path('later/list'), 'a.example\n')
    await reports()
    expect(calls[0]).toEqual(['late'])
  })

  test('two files changed together are one report, in the order of the feeds', async () => {
    watchIt()
    await pause(20)
    writeFileSync(path('b'), 'x.example\n')
    writeFileSync(path('a'), 'x.example\n')
    await reports()
    await pause(150)
    expect(calls).toEqual([['a', 'b']])
  })

  test('another file in the folder, or a mere reading, is no change', async () => {
    watchIt()
    writeFileSync(path('unrelated'), 'x')
    await pause(200)
    expect(calls).toEqual([])
  })

  test('touched with the same content is reported: its time is all that is looked at', async () => {
    watchIt()
    await pause(20)
    utimesSync(path('a'), 1, 1)
    await reports()
    expect(calls).toEqual([['a']])
  })

  test('written to all the time is reported all the same', async () => {
    watchIt()
    const writing = setInterval(() => writeFileSync(path('a'), `${Math.random()}.example\n`), 10)
    await reports()
    clearInterval(writing)
    expect(calls[0]).toEqual(['a'])
  })

  test('is reported no more after close', async () => {
    watchIt()
    writeFileSync(path('a'), 'x.example\n')
    watching!.close()
    await pause(200)
    expect(calls).toEqual([])
  })
})
