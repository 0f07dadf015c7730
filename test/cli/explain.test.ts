import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Explained } from '../../src/explain.ts'
import { Folder, ndjson } from './program.ts'

let folder: Folder
let config: string

beforeAll(() => {
  folder = new Folder()
  const entries = [
    {
      host: 'bad.example',
      scope: 'domain',
      case: 'KZ-1',
      reason: 'Assessed as illegal',
      basis: 'Act, section 1',
      listed: '2026-10-01',
    },
    { host: 'help.bad.example', scope: 'host', action: 'allow', reason: 'Victims are helped here' },
    { host: 'past.example', case: 'KZ-2', expires: '2020-01-01' },
    { url: 'https://forum.example/topic/1', scope: 'page', case: 'KZ-3' },
    { host: 'painted.example', case: 'KZ-\u001b[2J', reason: 'Red\u001b[31m\nand on a line of its own' },
  ]
  folder.write('hotline.ndjson', ndjson(...entries))
  folder.write('bets.hosts', '0.0.0.0 bets.example\n')
  folder.write('kids.txt', 'kids.example\nbad.example\n')
  config = folder.config({
    listen: ['127.0.0.1:5300'],
    upstreams: ['192.0.2.53'],
    feeds: [
      { name: 'hotline', source: 'hotline.ndjson', class: 'hotline', category: 'illegal' },
      { name: 'bets', source: 'bets.hosts', class: 'household', category: 'gambling' },
      { name: 'kids', source: 'kids.txt', class: 'household', category: 'kids-sites' },
    ],
    policies: [
      { name: 'default', categories: ['illegal'] },
      { name: 'family', clients: ['10.20.0.0/16', '2001:db8:20::/48'], categories: ['illegal', 'gambling'] },
      { name: 'kids', clients: ['10.30.0.0/16'], categories: ['illegal'], allow_only: ['kids-sites'] },
    ],
  })
})
afterAll(() => folder.remove())

const explain = (...args: readonly string[]) => folder.run('explain', ...args, '--config', config)

describe('qalqan explain: the verdict stands in the first line, whatever it is exits 0', () => {
  const rows: readonly (readonly [string, readonly string[], string])[] = [
    [
      'a flagged name',
      ['bad.example'],
      'bad.example: blocked, hotline, category illegal, by bad.example (policy default)',
    ],
    [
      'a name below it',
      ['www.bad.example'],
      'www.bad.example: blocked, hotline, category illegal, by bad.example (policy default)',
    ],
    [
      'in capitals, with a final dot',
      ['BAD.Example.'],
      'bad.example: blocked, hotline, category illegal, by bad.example (policy default)',
    ],
    ['an exception', ['help.bad.example'], 'help.bad.example: not blocked (policy default)'],
    ['an entry that has expired', ['past.example'], 'past.example: not blocked (policy default)'],
    ['a page', ['forum.example'], 'forum.example: not blocked (policy default)'],
    ['a name of no feed', ['good.example'], 'good.example: not blocked (policy default)'],
    ['a category of another policy', ['bets.example'], 'bets.example: not blocked (policy default)'],
    [
      'by policy',
      ['bets.example', '--policy', 'family'],
      'bets.example: blocked, household, category gambling, by bets.example (policy family)',
    ],
    [
      'by client',
      ['bets.example', '--client', '10.20.3.4'],
      'bets.example: blocked, household, category gambling, by bets.example (policy family)',
    ],
    [
      'by client, IPv6',
      ['bets.example', '--client', '2001:db8:20::7'],
      'bets.example: blocked, household, category gambling, by bets.example (policy family)',
    ],
    ['on the positive list', ['kids.example', '--client', '10.30.0.1'], 'kids.example: not blocked (policy kids)'],
    [
      'not on it',
      ['good.example', '--client', '10.30.0.1'],
      'good.example: blocked, household: not on the policy’s positive list (policy kids)',
    ],
    [
      'on it, and flagged by the hotline',
      ['bad.example', '--policy', 'kids'],
      'bad.example: blocked, hotline, category illegal, by bad.example (policy kids)',
    ],
  ]
  test.each(rows)('%s', async (_, args, verdict) => {
    const { code, stdout, stderr } = await explain(...args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')[0]).toBe(verdict)
  })

  const chains: readonly (readonly [string, readonly string[]])[] = [
    ['bad.example', ['KZ-1', '2026-10-01', 'feed hotline, line 2', 'Assessed as illegal', 'Act, section 1']],
    ['help.bad.example', ['allows', 'line 3', 'Victims are helped here', 'blocks']],
    ['past.example', ['expired', 'line 4', 'KZ-2', '2020-01-01']],
    ['forum.example', ['page', 'line 5', 'https://forum.example/topic/1']],
    ['good.example', ['no feed speaks of it']],
  ]
  test.each(chains)('%s: what the feeds say of it', async (name, parts) => {
    const { stdout } = await explain(name)
    for (const part of parts) expect(stdout).toContain(part)
  })

  test('--json: the same for machines', async () => {
    const { code, stdout } = await explain('www.bad.example', '--json')
    const explained = JSON.parse(stdout) as Explained
    expect(code).toBe(0)
    expect(explained).toMatchObject({
      name: 'www.bad.example',
      policy: 'default',
      blocked: true,
      judgement: { ruleClass: 'hotline', category: 'illegal', rule: 'bad.example', caseNumber: 'KZ-1' },
      entries: [
        { feed: 'hotline', line: 2, status: 'blocks', name: 'bad.example' },
        { feed: 'kids', line: 2 },
      ],
      failures: [],
    })
  })
})

describe('what cannot be explained is one line and exit 1', () => {
  const rows: readonly (readonly [readonly string[], string])[] = [
    [['bad..example'], 'bad..example'],
    [['.'], '.'],
    [[''], ''],
    [[`${'x'.repeat(64)}.example`], 'x'.repeat(64)],
    [['bad.example', '--policy', 'famly'], 'famly'],
    [['bad.example', '--client', 'somebody'], 'somebody'],
    [['bad.example', '--client', '10.20.0.0/16'], '10.20.0.0/16'],
    [['bad.example', '--client', '10.20.0.256'], '10.20.0.256'],
    [['https://bad.example/'], 'https://bad.example/ is a URL or a part of one: ask for its host'],
    [['bad.example/page.html'], 'is a URL or a part of one'],
    [['bad.example:443'], 'bad.example:443 has a port: ask for the name alone'],
    [['192.0.2.300'], '192.0.2.300 is no address either'],
    [['2001:db8::1%eth0'], '2001:db8::1%eth0 is no address either'],
    [['2001:db8:::1'], '2001:db8:::1 is no address either'],
    [['someone@bad.example'], 'is a mail address'],
    [['192.0.2.0/24'], '192.0.2.0/24 is a network: ask for one address of it'],
    [['[2001:db8::1]:53'], 'is in brackets: ask for the address alone'],
    [['||bad.example^'], 'has "|", which names have only as \\124'],
    [['bad.example '], 'has " ", which names have only as \\032'],
    [[''], 'not a domain name: ""'],
  ]
  test.each(rows)('%j', async (args, named) => {
    const { code, stdout, stderr } = await explain(...args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toContain(named)
  })

  test.each([
    ['the argument', 'bad\u001b[31m.example'],
    ['a feed', 'painted.example'],
  ])('control characters of %s do not reach the terminal', async (_, name) => {
    const { stdout, stderr } = await explain(name)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/)
    expect(stdout + stderr).not.toMatch(/^and on a line/m)
  })
})
