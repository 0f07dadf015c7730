import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { check } from '../../src/settings/check.ts'
import { settle } from '../../src/settings/settle.ts'
import { machine, settled } from './machine.ts'

const HEAD = 'listen: [127.0.0.1:5300]\n'
const FEEDS = `feeds:
  - { name: a, source: a.txt, class: hotline, category: illegal }
  - { name: b, source: /lists/b.txt, class: household, category: gambling, scope: site, subdomains: false, answer: zero }
  - { name: c, source: ../c.txt, class: legal, category: orders, format: rpz }
  - { name: d, source: d.txt, class: legal, category: illegal }
`

test('one line is a configuration: the rest has defaults', () => {
  const settings = settled(HEAD)
  expect(settings).toMatchObject({
    file: '/etc/qalqan/test.yaml',
    workers: 3,
    records: [],
    blocking: { answer: 'nxdomain', page: { ipv4: null, ipv6: null }, ttlSeconds: 60 },
    feeds: [],
    policies: [{ name: 'default', clients: [], categories: [], allowOnly: [] }],
    http: { page: null, admin: null, adminNames: [], tls: null },
    data: '/etc/qalqan/data',
    warnings: ['There are no feeds: nothing is blocked.'],
  })
})

describe('settling', () => {
  const rows: [string, string, object][] = [
    [
      'fills the port of DNS',
      'listen: [192.0.2.7, "[2001:DB8::7]"]',
      {
        listen: [
          { address: '192.0.2.7', port: 53 },
          { address: '2001:db8::7', family: 6, port: 53 },
        ],
      },
    ],
    [
      'lets an address and the wildcard share a port',
      'listen: [0.0.0.0:53, { address: 192.0.2.7, policy: default }]',
      { listen: [{ policy: null }, { policy: 'default' }] },
    ],
    ['takes a number of workers', `${HEAD}workers: 7`, { workers: 7 }],
    [
      'resolves units',
      `${HEAD}upstream: { timeout: 0.5 }\ntcp: { idle: 2m }\ncache: { size: 1GiB, ttl_min: 5, ttl_max: 2h, negative_ttl_max: 0 }`,
      {
        upstream: { timeoutMs: 500 },
        tcp: { idleMs: 120_000 },
        cache: { bytes: 2 ** 30, ttlSecondsMin: 5, ttlSecondsMax: 7200, negativeTtlSecondsMax: 0 },
      },
    ],
    ['turns the cache off', `${HEAD}cache: { size: 0 }`, { cache: { bytes: 0 } }],
    [
      'lowers the limit of a client with that of all',
      `${HEAD}tcp: { connections: 10 }`,
      { tcp: { connections: 10, connectionsPerClient: 10 } },
    ],
    [
      'answers with the page where there is one',
      `${HEAD}blocking: { page: { ipv6: "0::1" } }`,
      { blocking: { answer: 'page', page: { ipv4: null, ipv6: '::1' } } },
    ],
    [
      'keeps the answer that is written',
      `${HEAD}blocking: { answer: refused, page: { ipv4: 192.0.2.9 } }`,
      { blocking: { answer: 'refused' } },
    ],
    [
      'makes a record of each address',
      `${HEAD}records: { Қалқан.example.: [192.0.2.1, "2001:DB8::1"] }`,
      {
        records: [
          { name: 'xn--80aa6aj08bc.example', address: '192.0.2.1', family: 4 },
          { name: 'xn--80aa6aj08bc.example', address: '2001:db8::1', family: 6 },
        ],
      },
    ],
    [
      'makes paths absolute from the folder of the file',
      `${HEAD}data: ../../var/x\n${FEEDS}`,
      {
        data: '/var/x',
        feeds: [{ source: '/etc/qalqan/a.txt' }, { source: '/lists/b.txt' }, { source: '/etc/c.txt' }, {}],
      },
    ],
    [
      'fills what a feed leaves out',
      HEAD + FEEDS,
      {
        feeds: [
          { format: 'auto', scope: 'page', subdomains: null, answer: null },
          { scope: 'site', subdomains: false, answer: 'zero' },
          { format: 'rpz' },
          {},
        ],
      },
    ],
    [
      'adds a default policy of what everyone is protected from',
      HEAD + FEEDS,
      { policies: [{ name: 'default', clients: [], categories: ['illegal', 'orders'], allowOnly: [] }] },
    ],
    [
      'adds it behind policies of other names',
      `${HEAD}${FEEDS}policies: [{ name: p, categories: [gambling] }]`,
      { policies: [{ name: 'p' }, { name: 'default', categories: ['illegal', 'orders'] }] },
    ],
    [
      'leaves a default policy as it is written',
      `${HEAD}${FEEDS}policies: [{ name: default, categories: [gambling] }]`,
      { policies: [{ name: 'default', categories: ['gambling'] }] },
    ],
    [
      'makes a single client a prefix',
      `${HEAD}policies: [{ name: default, clients: [192.0.2.1, "2001:DB8::1"] }]`,
      { policies: [{ clients: ['192.0.2.1/32', '2001:db8::1/128'] }] },
    ],
    [
      'takes what the block page says',
      `${HEAD}block_page: { provider: "Провайдер", appeal: { email: a.b+c@d.example, url: "https://d.example/x?y=1&z", phone: "+7 (700) 000-00-00" } }`,
      {
        blockPage: {
          provider: 'Провайдер',
          appeal: { email: 'a.b+c@d.example', url: 'https://d.example/x?y=1&z', phone: '+7 (700) 000-00-00' },
        },
      },
    ],
    [
      'follows anchors',
      `${HEAD}${FEEDS}policies:\n  - { name: p, categories: &c [illegal] }\n  - { name: q, categories: *c }`,
      { policies: [{ categories: ['illegal'] }, { categories: ['illegal'] }, {}] },
    ],
  ]
  test.each(rows)('%s', (_, text, expected) => expect(settled(text)).toMatchObject(expected))

  test('the same configuration again gives the same settings, and changes nothing of it', () => {
    const config = freeze(check(parse(`${HEAD}${FEEDS}records: { a.lan: [192.0.2.1] }`)).config!)
    const first = settle(config, '/etc/qalqan/test.yaml', machine())
    expect(settle(config, '/etc/qalqan/test.yaml', machine())).toEqual(first)
    expect(first.faults).toEqual([])
  })

  test('what is settled, written out again as a configuration, settles to the same', () => {
    const first = settled(
      `${HEAD}${FEEDS}records: { Router.LAN.: 192.0.2.1 }\npolicies: [{ name: default, clients: ["2001:DB8::/32", 192.0.2.1] }]`,
    )
    const again = settled(
      JSON.stringify({
        listen: first.listen.map(own => `${own.address}:${own.port}`),
        upstreams: first.upstreams.map(server => `${server.address}:${server.port}`),
        records: Object.fromEntries(first.records.map(record => [record.name, record.address])),
        data: first.data,
        feeds: first.feeds.map(
          ({ subdomains, answer, limits: _, remote: __, signature: ___, transfer: ____, ...feed }) => ({
            ...feed,
            ...(subdomains === null ? {} : { subdomains }),
            ...(answer === null ? {} : { answer }),
          }),
        ),
        policies: first.policies.map(({ allowOnly, ...policy }) => ({ ...policy, allow_only: allowOnly })),
      }),
    )
    expect(again).toEqual(first)
  })

  test('settings are frozen through and through', () => {
    const settings = settled(`${HEAD}${FEEDS}records: { a.lan: 192.0.2.1 }\nhttp: { page: 127.0.0.1:80 }`)
    expect(unfrozen(settings, 'settings')).toEqual([])
    expect(() => (settings.listen as unknown[]).push(1)).toThrow(TypeError)
  })
})

test.each([
  ['no feeds', HEAD, ['There are no feeds: nothing is blocked.']],
  [
    'a page without an appeal',
    `${HEAD}${FEEDS}http: { page: 127.0.0.1:80 }`,
    [
      'The block page names no way to object: set block_page.appeal.email, block_page.appeal.url or block_page.appeal.phone.',
    ],
  ],
  ['a page with one', `${HEAD}${FEEDS}http: { page: 127.0.0.1:80 }\nblock_page: { appeal: { phone: "112" } }`, []],
])('warnings: %s', (_, text, warnings) => expect(settled(text).warnings).toEqual(warnings))

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(Object.freeze(value))) freeze(inner)
  return value
}

function unfrozen(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.entries(value).flatMap(([key, part]) => unfrozen(part, `${path}.${key}`))
  return Object.isFrozen(value) ? inner : [path, ...inner]
}
