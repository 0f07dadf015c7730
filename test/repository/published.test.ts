/** What is published works anywhere: no paths of one machine, no hosts of package registries, sources that run as they are. */
import { describe, expect, test } from 'vitest'
import { allFiles, read } from './repository.ts'

/** In pieces, so that this file does not have them. */
const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a path of one machine', new RegExp(`(?<![\\w.~-])/(${['work', 'home', 'root', 'Users'].join('|')})/[a-z]`)],
  [
    'the host of a package registry',
    new RegExp(['registry\\.npm', 'npmjs\\.', 'yarnpkg\\.', 'proxy\\.golang\\.'].join('|')),
  ],
  ['the address of a package in the lock file', /"resolved": "http/],
]

/** Bytes that are no text are nobody's sentences. */
const files = allFiles().filter(path => !/\.(png|ico|woff2?|gz)$/.test(path))

describe('the repository', () => {
  test('has the files that are looked at', () => {
    expect(files).toEqual(
      expect.arrayContaining(['README.md', 'src/cli.ts', 'config/qalqan.yaml', 'package-lock.json']),
    )
  })

  for (const [what, pattern] of FORBIDDEN) {
    test(`has nowhere ${what}`, () => {
      const own = files.filter(path => path !== 'test/repository/published.test.ts')
      const found = own.flatMap(path => {
        const lines = read(path).split('\n')
        return lines.flatMap((line, index) =>
          pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : [],
        )
      })
      expect(found).toEqual([])
    })
  }

  test('runs its sources as they are: every import of ours ends in .ts', () => {
    const sources = files.filter(path => /^(src|test|bench)\/.*\.ts$/.test(path))
    const wrong = sources.flatMap(path => {
      const imports = [...read(path).matchAll(/^(?:import|export)\b[^'"`;]*? from '(\.[^']*)'/gm)].map(
        ([, target]) => target!,
      )
      return imports.filter(target => !target.endsWith('.ts')).map(target => `${path}: ${target}`)
    })
    expect(wrong).toEqual([])
  })
})
