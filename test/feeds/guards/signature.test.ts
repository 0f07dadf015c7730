/** Lists that must be signed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compileFeed } from '../../../src/feeds/compile.ts'
import { parsePublicKey } from '../../../src/feeds/guards/minisign.ts'
import { signatureOf, testKey } from '../../support/minisign.ts'
import { feedSettings, NOW, RecordingSink } from '../recorder.ts'

const [one, two, three, stranger] = [testKey(1), testKey(2), testKey(3), testKey(9)]
const LIST = 'bad.example\n'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-signed-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** `signatures` null: there is no file of them. */
function compile(signatures: string | null, { list = LIST, threshold = 1, now = NOW } = {}) {
  const source = join(folder, 'list.txt')
  writeFileSync(source, list)
  rmSync(`${source}.minisig`, { force: true })
  if (signatures !== null) writeFileSync(`${source}.minisig`, signatures)
  const keys = [one.text, two.text, three.text]
  const limits = { shrink: 0.2, grow: 0.5, bad: 0.01 }
  const feed = feedSettings({ name: 'list', source, signature: { keys, threshold }, limits })
  const sink = new RecordingSink()
  const options = { dataFolder: join(folder, 'data'), now, pause: () => {} }
  const report = compileFeed(feed, options, { sink, undo: () => sink.undo() })
  return { report, rules: sink.rules }
}

describe('a list that must be signed', () => {
  test('counts when one of the keys has signed it; its serial and expiry are the signed ones', () => {
    const expires = NOW + 3600
    const { report, rules } = compile(signatureOf(LIST, two, `serial:7 expires:${expires}`))
    expect(rules).toEqual(['bad.example'])
    expect(report).toMatchObject({ failure: null, serial: 7, signedBy: ['0202020202020202'], nextExpiry: expires })
  })

  test('a time stamp stands for a serial', () => {
    expect(compile(signatureOf(LIST, one, 'timestamp:1790000000\tfile:list.txt\thashed')).report.serial).toBe(
      1_790_000_000,
    )
  })

  const refusals: readonly (readonly [what: string, signatures: () => string | null, why: RegExp])[] = [
    ['has no signature', () => null, /needs a signature, and has none/],
    [
      'was signed by a stranger',
      () => signatureOf(LIST, stranger, ''),
      /key 0909090909090909 is not one of the feed's/,
    ],
    [
      'was signed by a stranger with the id of a key',
      () => signatureOf(LIST, { ...stranger, id: one.id }, ''),
      /is not of this list/,
    ],
    ['is not what was signed', () => signatureOf('good.example\n', one, ''), /is not of this list/],
    [
      'has a comment that was changed',
      () => signatureOf(LIST, one, 'serial:7').replace('serial:7', 'serial:8'),
      /comment by key .* was changed/,
    ],
    ['was signed in the old way', () => signatureOf(LIST, one, '', 'Ed'), /in the old way/],
    [
      'has an expired signature',
      () => signatureOf(LIST, one, `expires:${NOW}`),
      /its signature expired on 2026-11-22T00:00:00/,
    ],
    [
      'has an expiry that is none',
      () => signatureOf(LIST, one, 'expires:soon'),
      /the expiry that was signed is no date/,
    ],
    ['has a serial that is none', () => signatureOf(LIST, one, 'serial:-1'), /the serial that was signed is no number/],
    ['has an empty signature', () => '', /is no minisign signature/],
    [
      'has half a signature',
      () => signatureOf(LIST, one, '').split('\n').slice(0, 3).join('\n'),
      /is no minisign signature/,
    ],
    ['has a page for a signature', () => '<html>\n<body>\nSign in\n</html>\n', /is no minisign signature/],
    ['has an endless signature', () => 'x'.repeat(70_000), /is too long for signatures/],
  ]
  test.each(refusals)('that %s is refused', (_, signatures, why) => {
    const { report, rules } = compile(signatures())
    expect(report.failure).toMatch(why)
    expect(rules).toEqual([])
  })

  test('two of three keys: two must be different ones', () => {
    const [first, second] = [signatureOf(LIST, one, 'serial:9'), signatureOf(LIST, three, 'serial:8')]
    expect(compile(first + first, { threshold: 2 }).report.failure).toBe('1 good signatures, 2 needed')
    expect(compile(first + signatureOf(LIST, stranger, ''), { threshold: 2 }).report.failure).toMatch(
      /^1 good signatures, 2 needed: key 09/,
    )
    // The least: what one of them has signed as old is old.
    expect(compile(first + second, { threshold: 2 }).report).toMatchObject({ failure: null, serial: 8 })
  })

  test('an old list with its old, good signature is held back, and the newer one stays', () => {
    const old = 'old.example\n'
    compile(signatureOf(LIST, one, 'serial:7'))
    const { report, rules } = compile(signatureOf(old, one, 'serial:6'), { list: old })
    expect(report).toMatchObject({
      isHeld: true,
      fromLastGood: true,
      failure: 'held back: its serial went back, from 7 to 6',
    })
    expect(rules).toEqual(['bad.example'])
  })

  test('when its signature has expired the rules stay in force, as those of the last good copy', () => {
    const signatures = signatureOf(LIST, one, `expires:${NOW + 60}`)
    compile(signatures)
    const { report, rules } = compile(signatures, { now: NOW + 60 })
    expect(report).toMatchObject({ fromLastGood: true, failure: expect.stringMatching(/expired/) })
    expect(rules).toEqual(['bad.example'])
  })

  test('a copy that was taken when nobody had to sign does not stand in for a signed list', () => {
    const source = join(folder, 'list.txt')
    writeFileSync(source, LIST)
    const sink = new RecordingSink()
    const options = { dataFolder: join(folder, 'data'), now: NOW, pause: () => {} }
    compileFeed(feedSettings({ name: 'list', source }), options, { sink, undo: () => sink.undo() })
    expect(compile(null).report).toMatchObject({ fromLastGood: false, failure: expect.stringMatching(/has none/) })
  })
})

test.each(['', 'RWQ', 'x'.repeat(56), `${one.text} `, Buffer.alloc(42).toString('base64')])(
  '%j is no public key',
  text => {
    expect(parsePublicKey(text)).toMatch(/expected a minisign public key/)
  },
)
