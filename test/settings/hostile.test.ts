import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { settingsFromText } from '../../src/settings/load.ts'
import { formatProblem } from '../../src/settings/problems.ts'
import { decode, readYaml } from '../../src/settings/read.ts'
import { machine } from './machine.ts'

/** Settings, or problems that each have a place in the text and one line. */
function isAnswered(text: string): boolean {
  const loaded = settingsFromText('f', text, machine())
  if ('settings' in loaded) return loaded.settings.listen.length > 0
  const lines = text.split('\n')
  return (
    loaded.problems.length > 0 &&
    loaded.problems.every(
      ({ line, column }) => line >= 1 && line <= lines.length && column >= 1 && column <= lines[line - 1]!.length + 1,
    ) &&
    loaded.problems.every(problem => /^f:\d+:\d+: [^\p{Cc}]+$/u.test(formatProblem(problem)))
  )
}

const WORDS = [
  'listen',
  'workers',
  'auto',
  'upstreams',
  'system',
  'records',
  'blocking',
  'answer',
  'page',
  'ipv4',
  'feeds',
  'name',
  'source',
  'class',
  'hotline',
  'category',
  'policies',
  'clients',
  'allow_only',
  'cache',
  'ttl_min',
  'http',
  'data',
  '127.0.0.1:53',
  '"[::1]:53"',
  '10.0.0.0/8',
  '1d',
  '5',
  'null',
  '~',
  '0x1F',
  '.inf',
  '.nan',
  '-0',
  '1e400',
  '__proto__',
  'constructor',
  'toString',
  '"\\u0000"',
  '"\\ud800"',
  'қ',
  '\u202e',
]
const SIGNS = [
  ': ',
  ':',
  ', ',
  '- ',
  '? ',
  '[',
  ']',
  '{',
  '}',
  '\n',
  '\n  ',
  '\n    ',
  '#',
  '"',
  "'",
  '&a ',
  '*a',
  '<<: ',
  '!',
  '|\n',
  '>\n',
  '---\n',
  '...\n',
  '%YAML 1.1\n',
  '\t',
  '\r\n',
  '\r',
  '\ufeff',
]

describe('whatever a configuration says, loading it answers with settings or with problems', () => {
  test('any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), isAnswered), { numRuns: 500 })
  })

  test('any text of the words and signs of a configuration', () => {
    const text = fc.array(fc.constantFrom(...WORDS, ...SIGNS), { maxLength: 60 }).map(parts => parts.join(''))
    fc.assert(fc.property(text, isAnswered), { numRuns: 2000 })
  })

  test('any tree of values under the keys of a configuration', () => {
    const { tree } = fc.letrec(tie => ({
      leaf: fc.oneof(fc.constantFrom(...WORDS), fc.double(), fc.boolean(), fc.constant(null), fc.string()),
      map: fc.dictionary(fc.constantFrom(...WORDS.slice(0, 23)), tie('tree'), { maxKeys: 6 }),
      tree: fc.oneof({ maxDepth: 5 }, tie('leaf'), tie('map'), fc.array(tie('tree'), { maxLength: 4 })),
    }))
    const config = fc.tuple(tree, fc.dictionary(fc.constantFrom(...WORDS.slice(0, 23)), tree))
    fc.assert(
      fc.property(config, ([listen, rest]) =>
        isAnswered(JSON.stringify({ listen: ['127.0.0.1:5300'], ...rest, ...(listen === null ? {} : { listen }) })),
      ),
      { numRuns: 500 },
    )
  })

  test('any octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), octets => {
        const decoded = decode(octets)
        return 'why' in decoded ? /^is not UTF-8 text \(line \d+\)$/.test(decoded.why) : isAnswered(decoded.value)
      }),
    )
  })
})

describe('4 MiB made to cost more are answered soon', () => {
  const much = (part: string, before = '') =>
    before + part.repeat(Math.floor((4 * 2 ** 20 - before.length) / part.length))
  const laughs = Array.from(
    { length: 30 },
    (_, i) => `k${i}: &k${i} [${`*k${i - 1}, `.repeat(i === 0 ? 0 : 9)}x]`,
  ).join('\n')
  const deep = Array.from({ length: 800 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')
  test.each([
    ['opening brackets', much('['), 'nested too deeply'],
    ['opening braces', much('{a: '), 'nested too deeply'],
    ['dashes in one line', much('- '), 'nested too deeply'],
    ['mappings in one line', much('a: '), 'nested too deeply'],
    ['a staircase', deep, 'nested too deeply'],
    ['anchors', much('&a '), 'too long: expected at most 400000 words and signs'],
    ['aliases', much('*a,', 'listen: &a [127.0.0.1:53]\nrecords: ['), 'expected at most 1000 aliases'],
    ['line ends', much('\n'), 'too long: expected at most 400000 words and signs'],
    ['keys', much('a: 1\n'), 'too long: expected at most 400000 words and signs'],
    ['an open quote', much('x', '"'), 'not valid YAML: Missing closing "quote'],
    ['aliases of aliases', laughs, 'not valid YAML: Excessive alias count indicates a resource exhaustion attack'],
  ])(
    '%s',
    (_, text, message) => {
      const read = readYaml('f', text)
      expect(read.problems[0]?.message).toBe(message)
    },
    5000,
  )

  test('60,000 unknown keys', () => {
    const text = Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join('\n')
    expect(isAnswered(text)).toBe(true)
  }, 10_000)

  test('60,000 prefixes', () => {
    const clients = Array.from({ length: 60_000 }, (_, i) => `    - 10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
    const text = `listen: [127.0.0.1:53]\npolicies:\n- name: default\n  clients:\n${clients.join('\n')}\n`
    expect('settings' in settingsFromText('f', text, machine())).toBe(true)
  }, 10_000)
})
