import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { run } from './program.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

describe('what every command says of itself', () => {
  const helped: readonly (readonly [readonly string[], RegExp])[] = [
    [['--help'], /^Usage: qalqan <command>/m],
    [['-h'], /^Usage: qalqan <command>/m],
    [['serve', '--help'], /^Usage: qalqan serve/],
    [['check', '-h'], /^Usage: qalqan check/],
    [['explain', '--help'], /^Usage: qalqan explain NAME/],
  ]
  test.each(helped)('%j prints its usage and exits 0', async (args, usage) => {
    const { code, stdout, stderr } = await run(...args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(usage)
    expect(stdout.split('\n').every(line => line.length <= 120)).toBe(true)
  })

  test.each([[['--version']], [['-V']], [['serve', '--version']], [['check', '--version']], [['explain', '-V']]])(
    '%j prints the version of package.json',
    async args => expect(await run(...args)).toMatchObject({ code: 0, stdout: `qalqan ${version}\n`, stderr: '' }),
  )
})

describe('wrong usage exits 2 with one line on what is wrong and one on where to look', () => {
  const rows: readonly (readonly [readonly string[], string])[] = [
    [[], 'which command?'],
    [['serv'], "no command is called 'serv'"],
    [['check', 'file.yaml'], "what is 'file.yaml'? check takes no operand"],
    [['serve', '--json'], '--json belongs to explain, feeds and appeals'],
    [['check', '--client', '192.0.2.1'], '--client and --policy belong to explain'],
    [['block', 'a.example'], 'a block needs its case: --case NUMBER'],
    [['block', 'a.example', '--case', 'K-1', '--feeds'], '--feeds belongs to unblock'],
    [['unblock', 'a.example', '--exact'], '--case, --class, --category and --exact belong to block'],
    [['explain'], 'explain takes one name'],
    [['explain', 'a.example', 'b.example'], 'explain takes one name'],
    [['explain', 'a.example', '--client', '192.0.2.1', '--policy', 'default'], '--client or --policy, not both'],
    [['check', '--confg', 'x'], "Unknown option '--confg'"],
    [['check', '--config'], "Option '-c, --config <value>' argument missing"],
  ]
  test.each(rows)('%j', async (args, problem) => {
    const { code, stdout, stderr } = await run(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    const lines = stderr.trimEnd().split('\n')
    expect(lines[0]).toContain(`qalqan: ${problem}`)
    expect(lines.slice(1)).toEqual(["Try 'qalqan --help'."])
  })
})
