/** Folders are made for their owner alone, and where none can be made that is said instead of waited for. */
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolder, NoFolderThere } from '../../src/platform/make-folder.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-make-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('makes those above as well, all for the owner alone; what is there stays as it is', () => {
  const deep = join(folder, 'a', 'b', 'c')
  makeFolder(deep)
  makeFolder(deep)
  for (const path of [deep, join(folder, 'a', 'b'), join(folder, 'a')]) expect(statSync(path).mode & 0o777).toBe(0o700)
  makeFolder('/')
  symlinkSync(deep, join(folder, 'link'))
  makeFolder(join(folder, 'link', 'd'))
  expect(statSync(join(deep, 'd')).isDirectory()).toBe(true)
})

test('throws what the system says where a file or a link that leads nowhere stands in the way', () => {
  writeFileSync(join(folder, 'file'), '')
  symlinkSync(join(folder, 'nowhere', 'at', 'all'), join(folder, 'link'))
  for (const path of ['file', 'file/below', 'link', 'link/below']) {
    expect(() => makeFolder(join(folder, path))).toThrow(/^EEXIST|^ENOENT|^ENOTDIR/)
    expect(() => makeFolder(join(folder, path))).not.toThrow(NoFolderThere)
  }
})

// Only Linux has such a folder at hand.
test.runIf(process.platform === 'linux')('returns where a folder takes none, with a sentence', () => {
  const below = '/proc/self/qalqan'
  const why = `${below} cannot be made: /proc/self takes no folder`
  expect(() => makeFolder(below)).toThrow(new NoFolderThere(why))
  expect(() => makeFolder(`${below}/data`)).toThrow(new NoFolderThere(why))
})
