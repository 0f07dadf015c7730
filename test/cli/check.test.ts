import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Folder } from './program.ts'

let folder: Folder
beforeEach(() => {
  folder = new Folder()
})
afterEach(() => folder.remove())

const SOUND = `listen:
  - 127.0.0.1:5300
upstreams: [192.0.2.53]
feeds:
  - { name: hotline, source: list.txt, class: hotline, category: illegal }
policies:
  - { name: default, categories: [illegal] }
`

describe('qalqan check', () => {
  beforeEach(() => folder.write('list.txt', 'bad.example\n'))

  test('a sound configuration: says so, exits 0', async () => {
    const file = folder.write('qalqan.yaml', SOUND)
    expect(await folder.run('check', '--config', file)).toMatchObject({
      code: 0,
      stdout: `${file}: no problem found\n`,
      stderr: '',
    })
  })

  const rows: readonly (readonly [string, string, string, number, number, RegExp])[] = [
    ['a key with a typo, and the nearest valid one', 'upstreams:', 'upstraems:', 3, 1, /upstraems.*upstreams/],
    ['a class that is none', 'class: hotline', 'class: hotlime', 5, 47, /hotline/],
    ['a policy that blocks an unknown category', 'categories: [illegal]', 'categories: [ilegal]', 7, 35, /ilegal/],
    ['a port that is none', '127.0.0.1:5300', '127.0.0.1:530000', 2, 5, /530000|65535/],
    ['a feed file that is not there', 'list.txt', 'lost.txt', 5, 30, /lost\.txt: no such file/],
    ['an upstream by name', '192.0.2.53', 'dns.example', 3, 13, /dns\.example/],
  ]
  test.each(rows)('%s: FILE:LINE:COLUMN, exit 1', async (_, from, to, line, column, problem) => {
    const file = folder.write('qalqan.yaml', SOUND.replace(from, to))
    const { code, stdout, stderr } = await folder.run('check', '--config', file)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    const lines = stderr.trimEnd().split('\n')
    expect(lines[0]).toMatch(problem)
    expect(lines.map(own => own.slice(0, file.length))).toEqual(lines.map(() => file))
    expect(lines[0]).toMatch(new RegExp(`:${line}:${column}: `))
  })

  test('all problems at once, in the order of the file', async () => {
    const file = folder.write(
      'qalqan.yaml',
      SOUND.replace('127.0.0.1:5300', 'here').replace('hotline,', 'hotline, colour: red,').replace('[illegal]', '[x]'),
    )
    const { code, stderr } = await folder.run('check', '--config', file)
    const places = stderr
      .trimEnd()
      .split('\n')
      .map(line => /:(\d+):(\d+): /.exec(line)!.slice(1).map(Number))
    expect(code).toBe(1)
    expect(places.map(([line]) => line)).toEqual([2, 5, 7])
  })

  const unreadable: readonly (readonly [string, string | null])[] = [
    ['no file', null],
    ['an empty file', ''],
    ['what is no YAML', 'listen: [127.0.0.1:5300\n  upstreams: {'],
    ['octets that are no text', '\u0000\u0001\u0002'],
    ['a list in place of a mapping', '- listen\n'],
  ]
  test.each(unreadable)('%s: one place a line, no stack trace', async (_, content) => {
    const file = content === null ? folder.file('none.yaml') : folder.write('qalqan.yaml', content)
    const { code, stdout, stderr } = await folder.run('check', '--config', file)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    for (const line of stderr.trimEnd().split('\n')) expect(line).toMatch(/^\S+:\d+:\d+: \S/)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  test('a warning is no problem: exit 0', async () => {
    const file = folder.write('qalqan.yaml', 'listen: [127.0.0.1:5300]\nupstreams: [192.0.2.53]\n')
    const { code, stdout, stderr } = await folder.run('check', '--config', file)
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${file}: no problem found\n` })
    expect(stderr).toBe(`${file}: warning: There are no feeds: nothing is blocked.\n`)
  })

  test('the sample configuration of the repository is sound', async () => {
    const file = new URL('../../config/qalqan.yaml', import.meta.url).pathname
    expect(await folder.run('check', '--config', file)).toMatchObject({
      code: 0,
      stdout: `${file}: no problem found\n`,
    })
  })
})
