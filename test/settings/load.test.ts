import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadSettings, systemEnvironment } from '../../src/settings/load.ts'
import { formatProblem } from '../../src/settings/problems.ts'
import { CONFIG_BYTES_MAX } from '../../src/settings/read.ts'
import { blockPageSettings } from '../support/block-page.ts'

/** The keys and spellings that operators were promised: this text stays valid as it is. */
const CONTRACT = `listen:                              # UDP and TCP on each
  - 127.0.0.1:5300
  - { address: "127.0.0.2:5300", policy: family }   # the address asked picks the policy
workers: auto
upstreams: [system]                  # or addresses
records: { "router.lan": 192.0.2.1 } # answered here
blocking:
  answer: page                       # page | nxdomain | nodata | zero | refused
  page: { ipv4: 127.0.0.1, ipv6: "::1" }
  ttl: 60s
feeds:
  - name: hotline
    source: feeds/hotline.ndjson     # relative to this file
    format: auto
    class: hotline
    category: illegal
  - { name: adult, source: feeds/adult.txt, class: household, category: adult }
  - { name: gambling, source: feeds/gambling.txt, class: household, category: gambling }
  - { name: kids, source: feeds/kids.txt, class: household, category: kids-sites }
policies:
  - { name: default, categories: [illegal] }        # whoever no other policy names
  - { name: family, clients: [10.20.0.0/16, "2001:db8:20::/48"], categories: [illegal, adult, gambling] }
  - { name: kids, clients: [10.30.0.0/16], categories: [illegal], allow_only: [kids-sites] }
http:
  page: 127.0.0.1:8080
  admin: 127.0.0.1:8081
data: ../data
log: { level: info }
`

let folder: string
const inFolder = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const environment = { ...systemEnvironment(), cpus: 4, readResolvConf: () => 'nameserver 192.0.2.53\n' }

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-settings-'))
  mkdirSync(join(folder, 'feeds'))
  for (const name of ['hotline.ndjson', 'adult.txt', 'gambling.txt', 'kids.txt']) inFolder(join('feeds', name), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

test('the configuration of the contract is accepted as it stands, with one warning', () => {
  const loaded = loadSettings(inFolder('contract.yaml', CONTRACT), environment)
  expect(loaded).toEqual({
    settings: {
      file: join(folder, 'contract.yaml'),
      listen: [
        { address: '127.0.0.1', family: 4, port: 5300, policy: null },
        { address: '127.0.0.2', family: 4, port: 5300, policy: 'family' },
      ],
      workers: 4,
      upstreams: [{ address: '192.0.2.53', family: 4, port: 53 }],
      upstream: { timeoutMs: 1500, attempts: 3, strategy: 'balanced', mixCase: true },
      forward: [],
      access: {
        clients: [
          ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'],
          ...['::1/128', 'fc00::/7', 'fe80::/10', '10.20.0.0/16', '2001:db8:20::/48', '10.30.0.0/16'],
        ],
        proxies: [],
        strangersAreDropped: false,
        rateLimit: null,
        cookies: { secrets: [] },
        identity: { version: null, id: null },
        anyIsMinimal: true,
      },
      rebinding: { protect: false, allow: [] },
      forwardsPrivateReverse: false,
      records: [{ name: 'router.lan', address: '192.0.2.1', family: 4 }],
      blocking: {
        answer: 'page',
        page: { ipv4: '127.0.0.1', ipv6: '::1' },
        ttlSeconds: 60,
        classes: {
          hotline: { answer: 'page', ttlSeconds: 60 },
          legal: { answer: 'page', ttlSeconds: 60 },
          household: { answer: 'page', ttlSeconds: 60 },
        },
        exceptionsCoverAliases: false,
        link: null,
        structuredErrors: null,
      },
      cache: {
        bytes: 64 * 2 ** 20,
        ttlSecondsMin: 0,
        ttlSecondsMax: 86_400,
        negativeTtlSecondsMax: 3600,
        staleSecondsMax: 86_400,
        keep: false,
      },
      tcp: { idleMs: 10_000, connections: 4096, connectionsPerClient: 64 },
      udp: { driver: 'auto' },
      feeds: [
        feed('hotline', 'hotline.ndjson', 'hotline', 'illegal'),
        feed('adult', 'adult.txt', 'household', 'adult'),
        feed('gambling', 'gambling.txt', 'household', 'gambling'),
        feed('kids', 'kids.txt', 'household', 'kids-sites'),
      ],
      fetch: { timeoutMs: 120_000, octetsMax: 512 * 2 ** 20, bootstrap: [], proxy: null },
      notify: null,
      guards: { protected: [], topList: [], exceptions: [], positiveFeeds: ['kids'] },
      history: { keepMs: 90 * 86_400_000, octetsMax: 2 ** 31 },
      policies: [
        { name: 'default', clients: [], categories: ['illegal'], allowOnly: [] },
        {
          name: 'family',
          clients: ['10.20.0.0/16', '2001:db8:20::/48'],
          categories: ['illegal', 'adult', 'gambling'],
          allowOnly: [],
        },
        { name: 'kids', clients: ['10.30.0.0/16'], categories: ['illegal'], allowOnly: ['kids-sites'] },
      ],
      http: {
        page: { address: '127.0.0.1', family: 4, port: 8080 },
        admin: { address: '127.0.0.1', family: 4, port: 8081 },
        adminNames: [],
        tls: null,
      },
      blockPage: blockPageSettings(null, { email: null, url: null, phone: null }),
      appeals: null,
      public: null,
      data: join(folder, '..', 'data'),
      log: { level: 'info' },
      warnings: [
        'The block page names no way to object: set block_page.appeal.email, block_page.appeal.url or block_page.appeal.phone.',
      ],
    },
  })
})

function feed(name: string, file: string, ruleClass: string, category: string) {
  const source = join(folder, 'feeds', file)
  return {
    name,
    source,
    format: 'auto',
    class: ruleClass,
    category,
    scope: 'page',
    remote: null,
    transfer: null,
    signature: null,
    mode: 'enforce' as const,
    subdomains: null,
    answer: null,
    limits: { shrink: 0.2, grow: 0.5, bad: 0.01 },
  }
}

describe('a file that cannot be read is one problem', () => {
  const rows: [string, () => string, string][] = [
    ['missing', () => join(folder, 'none.yaml'), 'no such file'],
    ['under a file', () => join(inFolder('plain', ''), 'x.yaml'), 'no such file'],
    ['a folder', () => folder, 'is a directory, expected a file'],
    ['a device', () => '/dev/zero', 'is not a regular file'],
    [
      'not UTF-8',
      () => inFolder('latin.yaml', Buffer.from('listen: [127.0.0.1:53]\n# caf\xe9\n', 'latin1')),
      'is not UTF-8 text (line 2)',
    ],
    ['UTF-16', () => inFolder('wide.yaml', Buffer.from('\ufefflisten: []\n', 'utf16le')), 'is not UTF-8 text (line 1)'],
    ['too large', () => inFolder('large.yaml', Buffer.alloc(CONFIG_BYTES_MAX + 1, '#')), 'is larger than 4 MiB'],
    ['empty', () => inFolder('empty.yaml', ''), 'the file is empty'],
    ['only comments', () => inFolder('comments.yaml', '# nothing\n'), 'the file is empty'],
  ]
  test.each(rows)('%s', (_, make, message) => {
    const file = make()
    const loaded = loadSettings(file, environment)
    expect('problems' in loaded && loaded.problems.map(formatProblem)).toEqual([`${file}:1:1: ${message}`])
  })
})

test('a byte order mark does not count as a column', () => {
  const loaded = loadSettings(inFolder('bom.yaml', '\ufefflisen: []\n'), environment)
  expect('problems' in loaded && loaded.problems.map(({ line, column }) => [line, column])).toContainEqual([1, 1])
})

test('a feed file that is missing, a folder or a device is a problem at its source', () => {
  const text = `listen: [127.0.0.1:53]
feeds:
  - { name: a, source: feeds/none.txt, class: legal, category: x }
  - name: b
    source: feeds
    class: legal
    category: x
  - { name: c, source: /dev/null, class: legal, category: x }
  - { name: d, source: feeds/adult.txt, class: legal, category: x }
`
  const file = inFolder('feeds.yaml', text)
  const loaded = loadSettings(file, environment)
  expect('problems' in loaded && loaded.problems.map(formatProblem)).toEqual([
    `${file}:3:24: ${folder}/feeds/none.txt: no such file`,
    `${file}:5:13: ${folder}/feeds: is a directory, expected a file`,
    `${file}:8:24: /dev/null: is not a regular file`,
  ])
})

test('a problem names the file as the user did', () => {
  const loaded = loadSettings('./no/such.yaml', environment)
  expect('problems' in loaded && loaded.problems.map(formatProblem)).toEqual(['./no/such.yaml:1:1: no such file'])
})

test('the real environment has processors and addresses, and its resolv.conf is text or missing', () => {
  const real = systemEnvironment()
  expect(real.cpus).toBeGreaterThanOrEqual(1)
  expect(real.localAddresses.length).toBeGreaterThan(0)
  expect([null, 'string']).toContain(real.readResolvConf() === null ? null : typeof real.readResolvConf())
})
