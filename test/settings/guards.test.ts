/** `guards`: names that no feed may block, and the exceptions that persons make. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { machine, problems, settled } from './machine.ts'

const HEAD = 'listen: [127.0.0.1:5300]\n'
const exceptions = (until: string) =>
  `${HEAD}guards: { exceptions: [{ name: Shared.Example., by: A. Person, reason: a test, until: ${until} }] }`

describe('names that are protected', () => {
  test('are those of the configuration, with all below where they are written so', () => {
    expect(settled(`${HEAD}guards: { protected: [Bank.Example, "*.қалқан.example"] }`).guards.protected).toEqual([
      'bank.example',
      '*.xn--80aa6aj08bc.example',
    ])
  })

  test('are also the hosts that people are sent to, and those that lists come from, each once', () => {
    const text = `${HEAD}blocking: { link: "https://case.provider.example/{case}" }
block_page:
  appeal: { url: "https://appeal.provider.example/", email: appeal@provider.example }
  legal: { appeal: { url: "https://register.example/", email: a@mail.register.example } }
feeds:
  - { name: a, source: "https://lists.hotline.example/a.txt", class: hotline, category: illegal }
  - { name: b, source: "https://lists.hotline.example/b.txt", class: hotline, category: illegal }
`
    expect(settled(text).guards.protected.toSorted()).toEqual([
      'appeal.provider.example',
      'case.provider.example',
      'lists.hotline.example',
      'mail.register.example',
      'provider.example',
      'register.example',
    ])
  })

  test('a top list is read with or without ranks; a line that is no name is told with its number', () => {
    const folder = mkdtempSync(join(tmpdir(), 'qalqan-top-'))
    const path = join(folder, 'top.txt')
    writeFileSync(path, '# popular\n1,Search.Example\nmail.example # and mail\n\n')
    const text = `${HEAD}guards: { top_list: ${path} }`
    expect(settled(text).guards.topList).toEqual(['search.example', 'mail.example'])
    writeFileSync(path, '1,search.example\n2,a..example\n')
    expect(problems(text)).toEqual([
      expect.stringMatching(/^2:21: .*top\.txt, line 2: .*is not a domain name, got "a\.\.example"$/),
    ])
    rmSync(folder, { recursive: true })
  })
})

describe('an exception', () => {
  const ends: readonly (readonly [written: string, until: string])[] = [
    ['2026-12-31', '2026-12-31T00:00:00Z'],
    ['2026-12-31T18:30:00+05:00', '2026-12-31T13:30:00Z'],
    ['"2026-12-31T18:30Z"', '2026-12-31T18:30:00Z'],
  ]
  test.each(ends)('until %s ends at that moment', (written, until) => {
    const { guards, warnings } = settled(exceptions(written))
    expect(guards.exceptions).toEqual([
      { name: 'shared.example', by: 'A. Person', reason: 'a test', until: Date.parse(until) / 1000 },
    ])
    expect(warnings.join()).not.toMatch(/exception/)
  })

  test('without one has no end', () => {
    const text = `${HEAD}guards: { exceptions: [{ name: a.example, by: A. Person, reason: a test }] }`
    expect(settled(text).guards.exceptions).toMatchObject([{ until: null }])
  })

  test('whose end has passed is a warning, from that very second on', () => {
    const at = (seconds: number) => machine({ now: () => Date.UTC(2026, 11, 31) + seconds * 1000 })
    const warned = (seconds: number) =>
      settled(exceptions('2026-12-31'), at(seconds)).warnings.filter(own => /exception/.test(own))
    expect(warned(-1)).toEqual([])
    expect(warned(0)).toEqual([
      'The exception of guards for shared.example by A. Person ended on 2026-12-31: the guard holds again.',
    ])
  })

  test.each(['tomorrow', '2026-02-30', '2026-12-31T18:30:00', '2026-13-01'])('until %s is a problem', written => {
    expect(problems(exceptions(written))).toEqual([
      `2:87: expected a date, such as 2026-12-31 or 2026-12-31T18:00:00+05:00, got "${written}"`,
    ])
  })

  test('needs a person and a reason', () => {
    expect(problems(`${HEAD}guards: { exceptions: [{ name: a.example }] }`).join('\n')).toMatch(/"by"[\s\S]*"reason"/)
  })
})
