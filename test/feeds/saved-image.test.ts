/** The filter image on disk: what was written is read again, and nothing else is. */
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compile } from '../../src/feeds/compilation.ts'
import { NOTHING_OF_YOUR_OWN } from '../../src/feeds/guards/never-block.ts'
import { KEEP_NOTHING } from '../../src/feeds/history/archive.ts'
import { fingerprintOf, openSavedImage, savedImagePath, saveImage } from '../../src/feeds/saved-image.ts'
import { FilterReader } from '../../src/images/filter/reader.ts'
import { feedSettings, NOW } from './recorder.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-image-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function ordersFor(names: number) {
  const source = join(folder, 'list.txt')
  writeFileSync(source, Array.from({ length: names }, (_, i) => `n${i}.example\n`).join(''))
  return {
    feeds: [feedSettings({ name: 'list', source })],
    dataFolder: null,
    now: NOW,
    seed: 77,
    categories: ['illegal'],
    generation: 5,
    neverBlock: NOTHING_OF_YOUR_OWN,
    keeping: KEEP_NOTHING,
  }
}

function save(names: number): string {
  const orders = ordersFor(names)
  const fingerprint = fingerprintOf(orders)
  saveImage(folder, fingerprint, compile(orders), NOW)
  return fingerprint
}

describe('the image on disk', () => {
  test('is the one that was in force, with what is known of its feeds', () => {
    const fingerprint = save(300)
    const compiled = compile(ordersFor(300))
    const { saved, problems } = openSavedImage(folder, fingerprint)
    expect(problems).toEqual([])
    expect(saved).toMatchObject({ seed: 77, savedAt: NOW })
    expect(saved!.reports).toEqual(
      compiled.reports.map(report => ({ ...report, durationMs: saved!.reports[0]!.durationMs })),
    )
    expect(new FilterReader(saved!.image)).toMatchObject({ names: 300, generation: 0 })
    expect(Buffer.from(saved!.image).subarray(64)).toEqual(Buffer.from(compiled.image).subarray(64))
    expect(statSync(savedImagePath(folder)).mode & 0o777).toBe(0o600)
  })

  test('of other feeds, categories or guards is not used', () => {
    save(3)
    const orders = ordersFor(3)
    for (const other of [
      { categories: ['x'] },
      { feeds: [] },
      { neverBlock: { ...NOTHING_OF_YOUR_OWN, protected: ['a.example'] } },
    ])
      expect(openSavedImage(folder, fingerprintOf({ ...orders, ...other }))).toEqual({ saved: null, problems: [] })
  })

  test('is not written again while nothing has changed', () => {
    save(3)
    const before = statSync(savedImagePath(folder)).ino
    save(3)
    expect(statSync(savedImagePath(folder)).ino).toBe(before)
    save(4)
    expect(statSync(savedImagePath(folder)).ino).not.toBe(before)
  })

  const damages: readonly (readonly [what: string, damage: (path: string) => void])[] = [
    ['a bit of the image has flipped', path => flip(path, -100)],
    ['a bit of the description has flipped', path => flip(path, 200)],
    ['a bit of the checksum has flipped', path => flip(path, -1)],
    ['the magic is another', path => flip(path, 0)],
    ['its end is missing', path => truncateSync(path, statSync(path).size - 40)],
    ['it ends in its head', path => truncateSync(path, 10)],
    ['it is empty', path => truncateSync(path, 0)],
    ['something was added', path => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('x')]))],
  ]
  test.each(damages)('gives way to the one before it when %s', (_, damage) => {
    save(10)
    const fingerprint = save(20)
    damage(savedImagePath(folder))
    const { saved, problems } = openSavedImage(folder, fingerprint)
    expect(problems).toHaveLength(1)
    expect(new FilterReader(saved!.image).names).toBe(10)
  })

  test('damaged twice is none, and says so twice', () => {
    save(10)
    const fingerprint = save(20)
    for (const path of [savedImagePath(folder), `${savedImagePath(folder)}.1`]) truncateSync(path, 30)
    expect(openSavedImage(folder, fingerprint)).toMatchObject({
      saved: null,
      problems: [/not whole/, /not whole/].map(own => expect.stringMatching(own)),
    })
  })
})

/** Counts from the end where it is negative. */
function flip(path: string, at: number): void {
  const octets = readFileSync(path)
  octets[at < 0 ? octets.length + at : at]! ^= 1
  writeFileSync(path, octets)
}
