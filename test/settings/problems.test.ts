import { describe, expect, test } from 'vitest'
import { formatProblem, quote, sortProblems } from '../../src/settings/problems.ts'
import { machine, problems } from './machine.ts'

const HEAD = 'listen: [127.0.0.1:5300]\n'
const FEEDS = `${HEAD}feeds:
  - { name: a, source: a.txt, class: hotline, category: illegal }
  - { name: b, source: b.txt, class: household, category: gambling }
`

describe('the place of a problem is that of', () => {
  test.each([
    [
      'an unknown key at the top',
      `${HEAD}colour: red\n`,
      [
        '2:1: unknown key "colour": expected one of listen, workers, upstreams, upstream, forward, allow, strangers, rate_limit, proxy_protocol, cookies, identity, any, rebinding, private_reverse_zones, records, blocking, …',
      ],
    ],
    [
      'a mistyped key at the top',
      `${HEAD}upstrems: [system]\n`,
      ['2:1: unknown key "upstrems": did you mean "upstreams"?'],
    ],
    [
      'a mistyped key in a section',
      `${HEAD}blocking:\n  anser: nodata\n`,
      ['3:3: unknown key "anser": did you mean "answer"?'],
    ],
    [
      'a key with a hyphen',
      `${HEAD}cache: { ttl-min: 1s }\n`,
      ['2:10: unknown key "ttl-min": did you mean "ttl_min"?'],
    ],
    [
      'a mistyped key in a listener',
      'listen:\n  - { adress: "127.0.0.1:53" }\n',
      ['2:7: unknown key "adress": did you mean "address"?'],
    ],
    [
      'an unknown key in a listener',
      'listen:\n  - { address: "127.0.0.1:53", tls: true }\n',
      ['2:32: unknown key "tls": expected one of address, policy'],
    ],
    [
      'the mapping that lacks a key',
      'listen:\n  - { policy: default }\n',
      ['2:5: missing key "address": expected an address and port, such as 127.0.0.1:5300 or "[::1]:5300"'],
    ],
    [
      'the whole file when it lacks a key',
      'workers: 1\n',
      ['1:1: missing key "listen": expected a list of addresses to listen on'],
    ],
    [
      'a value of the wrong kind',
      `${HEAD}workers: many\n`,
      ['2:10: expected auto or a number from 1 to 256, got "many"'],
    ],
    ['a number out of bounds', `${HEAD}workers: 257\n`, ['2:10: expected auto or a number from 1 to 256, got 257']],
    [
      'a number that is not whole',
      `${HEAD}upstream: { attempts: 1.5 }\n`,
      ['2:23: expected a number from 1 to 16, got 1.5'],
    ],
    [
      'a key without a value',
      `listen:\nworkers: auto\n`,
      ['1:1: expected a list of addresses to listen on, got nothing'],
    ],
    ['an empty list', `${HEAD}upstreams: []\n`, ['2:12: expected at least one upstream, or system, got an empty list']],
    [
      'a word out of a choice',
      `${HEAD}log: { level: verbose }\n`,
      ['2:15: expected one of trace, debug, info, warn, error, silent, got "verbose"'],
    ],
    [
      'a mistyped word out of a choice',
      `${HEAD}log: { level: wran }\n`,
      ['2:15: expected one of trace, debug, info, warn, error, silent, got "wran": did you mean "warn"?'],
    ],
    [
      'a duration without a unit it knows',
      `${HEAD}tcp: { idle: 10sec }\n`,
      ['2:14: expected a duration from 1s to 5m (500ms, 60s, 5m, 2h, 1d, or a number of seconds), got "10sec"'],
    ],
    [
      'a duration out of bounds',
      `${HEAD}upstream: { timeout: 31 }\n`,
      ['2:22: expected a duration from 10ms to 30s (500ms, 60s, 5m, 2h, 1d, or a number of seconds), got 31'],
    ],
    [
      'a duration in part of a second',
      `${HEAD}blocking: { ttl: 1500ms }\n`,
      [
        '2:18: expected a duration from 0s to 1d in whole seconds (500ms, 60s, 5m, 2h, 1d, or a number of seconds), got "1500ms"',
      ],
    ],
    [
      'a size in a unit it does not know',
      `${HEAD}cache: { size: 64MB }\n`,
      ['2:16: expected a size from 1MiB to 64GiB (512KiB, 64MiB, 1GiB, or a number of octets), or 0, got "64MB"'],
    ],
    [
      'a yes that is text',
      `${HEAD}feeds: [{ name: a, source: a, class: legal, category: c, subdomains: yes }]\n`,
      ['2:70: expected true or false, got "yes"'],
    ],
    [
      'a telephone number that YAML reads as a number',
      `${HEAD}block_page: { appeal: { phone: +77000000000 } }\n`,
      ['2:32: expected a telephone number in quotes, got 77000000000: text that looks like a number needs quotes'],
    ],
    [
      'a listener that is a number',
      'listen: [53]\n',
      [
        '1:10: expected an address and port, such as 127.0.0.1:5300 or "[::1]:5300", or { address: …, policy: … }, got 53',
      ],
    ],
    [
      'a port alone',
      'listen:\n  - "53"\n',
      ['2:5: a port needs an address: write 127.0.0.1:53 for this machine only, 0.0.0.0:53 for every IPv4 address'],
    ],
    [
      'an address inside a listener',
      'listen:\n  - { address: "*:53" }\n',
      ['2:16: write 0.0.0.0:53 for every IPv4 address, "[::]:53" for every IPv6 address'],
    ],
    [
      'the later of two listeners',
      'listen: [127.0.0.1:53, "[::1]:53", 127.0.0.1, "[0::1]:53"]\n',
      [
        '1:36: 127.0.0.1:53 stands twice: one address and port can have one listener',
        '1:47: [::1]:53 stands twice: one address and port can have one listener',
      ],
    ],
    [
      'a page listener that is a DNS listener',
      `${HEAD}http: { page: 127.0.0.1:5300 }\n`,
      ['2:15: 127.0.0.1:5300 is a DNS listener already'],
    ],
    [
      'an admin listener under the wildcard of the page',
      `${HEAD}http:\n  page: 0.0.0.0:8080\n  admin: 127.0.0.1:8080\n`,
      ['4:10: 0.0.0.0:8080 is taken by http.page already'],
    ],
    [
      'an http listener without a port',
      `${HEAD}http: { admin: 127.0.0.1 }\n`,
      ['2:16: "127.0.0.1" has no port: write 127.0.0.1:8080, for one'],
    ],
    [
      'a name of the admin listener that is none',
      `${HEAD}http: { admin_names: [ok.example, 192.0.2.1, "a b"] }\n`,
      ['2:35: "192.0.2.1" is an address, not a domain name', '2:46: "a b" is not a domain name'],
    ],
    ['a record that is no name', `${HEAD}records:\n  "*.lan": 192.0.2.1\n`, ['3:3: "*.lan" is not a domain name']],
    [
      'the later spelling of one name',
      `${HEAD}records:\n  Router.lan: 192.0.2.1\n  router.lan.: 192.0.2.2\n`,
      ['4:3: "router.lan." is the same name as "Router.lan"'],
    ],
    [
      'an address of a record',
      `${HEAD}records: { a.lan: [192.0.2.1, 192.0.2, 192.0.2.1] }\n`,
      ['2:31: "192.0.2" is not an IP address', '2:40: 192.0.2.1 stands twice'],
    ],
    [
      'the answer that lacks its address',
      `${HEAD}blocking: { answer: page }\n`,
      ['2:21: the answer page needs blocking.page.ipv4 or blocking.page.ipv6'],
    ],
    [
      'a page address of the other family',
      `${HEAD}blocking: { page: { ipv4: "::1" } }\n`,
      ['2:27: expected an IPv4 address, got "::1"'],
    ],
    [
      'the minimum above the maximum',
      `${HEAD}cache: { ttl_min: 10m, ttl_max: 5m }\n`,
      ['2:19: ttl_min (10m) is longer than ttl_max (5m)'],
    ],
    [
      'the part above the whole',
      `${HEAD}tcp: { connections: 10, connections_per_client: 11 }\n`,
      ['2:49: connections_per_client (11) is more than connections (10)'],
    ],
    [
      'an appeal that would run as a script',
      `${HEAD}block_page: { appeal: { url: "javascript:alert(1)" } }\n`,
      ['2:30: expected a URL that begins with https:// or http://, got "javascript:alert(1)"'],
    ],
    [
      'an appeal with more than an address',
      `${HEAD}block_page: { appeal: { email: "a@b.example?cc=c@d.example" } }\n`,
      ['2:32: expected an e-mail address such as appeal@provider.example, got "a@b.example?cc=c@d.example"'],
    ],
    [
      'a feed by a name that cannot be a label',
      `${HEAD}feeds: [{ name: "A b", source: a, class: legal, category: c }]\n`,
      ['2:17: expected a name: lower-case letters, digits, - and _, at most 64, a letter or digit first, got "A b"'],
    ],
    [
      'a source that is neither a path nor a URL that can be fetched',
      `${HEAD}feeds:\n  - { name: a, source: "https://", class: legal, category: c }\n  - { name: b, source: "FTP://192.0.2.1/z", class: legal, category: c }\n`,
      [
        '3:24: "https://" is no URL',
        '4:24: sources over ftp:// are not supported: give the path of a file, an http:// or https:// URL, or xfr:// and a zone',
      ],
    ],
    [
      'a feed whose answer lacks its address',
      `${HEAD}feeds: [{ name: a, source: a, class: legal, category: c, answer: page }]\n`,
      ['2:66: the answer page needs blocking.page.ipv4 or blocking.page.ipv6'],
    ],
    [
      'the later of two feeds of one name',
      `${HEAD}feeds:\n  - { name: a, source: a, class: legal, category: c }\n  - { name: a, source: b, class: legal, category: c }\n`,
      ['4:13: another feed is named "a"'],
    ],
    [
      'the later of two policies of one name',
      `${FEEDS}policies:\n  - { name: a }\n  - { name: a }\n`,
      ['7:13: another policy is named "a"'],
    ],
    [
      'a category that no feed has',
      `${FEEDS}policies:\n  - name: default\n    categories: [illegal, gambing]\n    allow_only: [toys]\n`,
      [
        '7:27: no feed has the category "gambing": did you mean "gambling"?',
        '8:18: no feed has the category "toys": there are illegal, gambling',
      ],
    ],
    [
      'a category that stands twice',
      `${FEEDS}policies: [{ name: default, categories: [illegal, illegal] }]\n`,
      ['5:51: "illegal" stands twice in this list'],
    ],
    [
      'a listener whose policy there is not',
      'listen:\n  - { address: 127.0.0.1, policy: famly }\npolicies: [{ name: family }]\n',
      ['2:35: there is no policy "famly": did you mean "family"?'],
    ],
    [
      'a prefix with host bits',
      `${HEAD}policies: [{ name: a, clients: [10.0.0.1/8] }]\n`,
      [
        '2:33: "10.0.0.1/8" has bits set after the first 8: write 10.0.0.0/8 for the prefix or 10.0.0.1/32 for the one address',
      ],
    ],
    [
      'the later of two owners of a prefix',
      `${HEAD}policies:\n  - { name: a, clients: ["2001:db8::/32"] }\n  - { name: b, clients: [10.0.0.0/8, "2001:DB8:0::/32"] }\n`,
      ['4:38: 2001:db8::/32 is a prefix of policy "a" already: a client can have one policy'],
    ],
    [
      'a prefix that stands twice',
      `${HEAD}policies: [{ name: a, clients: [10.0.0.1, 10.0.0.1/32] }]\n`,
      ['2:43: 10.0.0.1/32 stands twice in this policy'],
    ],
    [
      'a key that stands twice',
      `${HEAD}tcp:\n  idle: 1s\n  idle: 2s\n`,
      ['4:3: the key "idle" stands twice in this mapping'],
    ],
    [
      'an alias, not its anchor',
      `${HEAD}tcp: { idle: &x many }\nudp: { driver: *x }\n`,
      [
        '2:17: expected a duration from 1s to 5m (500ms, 60s, 5m, 2h, 1d, or a number of seconds), got "many"',
        '3:16: expected one of auto, batch, dgram, got "many"',
      ],
    ],
  ])('%s', (_, text, expected) => expect(problems(text)).toEqual(expected))
})

describe('YAML that is not sound', () => {
  test.each([
    [
      'an unclosed quote',
      'listen: ["127.0.0.1:53]\n',
      [
        '2:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
        '2:1: not valid YAML: Missing closing "quote',
      ],
    ],
    ['a tab for indentation', 'log:\n\tlevel: info\n', ['2:1: not valid YAML: Tabs are not allowed as indentation']],
    [
      'two documents',
      'listen: []\n---\nlisten: []\n',
      ['2:1: expected one document, and here a second begins: leave out the line ---'],
    ],
    [
      'IPv6 brackets without quotes',
      'listen:\n  - [::1]:53\n',
      [
        '2:10: not valid YAML: Unexpected scalar at node end (an IPv6 address in brackets stands in quotes, such as "[::1]:53")',
      ],
    ],
    [
      'a list as a key',
      'upstreams: [[::1]:53]\n',
      [
        '1:13: a key is a word, not a list or a mapping (an IPv6 address in brackets stands in quotes, such as "[::1]:53")',
      ],
    ],
    ['a tag', 'listen: !!binary AAAA\n', ['1:9: not valid YAML: Unresolved tag: tag:yaml.org,2002:binary']],
    [
      'an alias without an anchor',
      'listen: *x\n',
      ['1:1: not valid YAML: Unresolved alias (the anchor must be set before the alias): x'],
    ],
    ['the key __proto__', 'listen: [127.0.0.1:53]\n__proto__: { workers: 1 }\n', ['2:1: unknown key "__proto__"']],
    [
      'a list',
      '- listen\n',
      [
        '1:1: expected a mapping with the keys listen, workers, upstreams, upstream, forward, allow, strangers, rate_limit, proxy_protocol, cookies, identity, any, rebinding, private_reverse_zones, records, blocking, feeds, fetch, zones, notify, guards, history, policies, cache, tcp, udp, http, block_page, appeals, public, data, log, got a list',
      ],
    ],
    [
      'a YAML 1.1 header, which changes nothing',
      '%YAML 1.1\n---\nlisten: [127.0.0.1:53]\nlog: { level: no }\n',
      ['4:15: expected one of trace, debug, info, warn, error, silent, got "no"'],
    ],
  ])('%s', (_, text, expected) => expect(problems(text)).toEqual(expected))
})

test('all problems come at once, in the order of the file, those of the schema and those of settling', () => {
  const text = `listen: [127.0.0.1:53, 127.0.0.1:53]
lgo: { level: info }
upstreams: [127.0.0.1]
workers: 0
blocking: { answer: page, tll: 5s }
feeds:
  - { name: a, source: a, class: leegal, category: c }
  - { name: b, source: ftp://b.example, class: legal, category: d }
policies:
  - { name: x, clients: [1] }
  - { name: y, clients: [10.0.0.1/8], categories: [d] }
http: { page: 127.0.0.1:53, admin: 5 }
`
  expect(problems(text).map(problem => problem.replace(/^(\d+:\d+): (\S+ \S+ \S+).*/, '$1 $2'))).toEqual([
    '1:24 127.0.0.1:53 stands twice:',
    '2:1 unknown key "lgo":',
    '3:13 127.0.0.1:53 is this',
    '4:10 expected auto or',
    '5:27 unknown key "tll":',
    '7:34 expected one of',
    '8:24 sources over ftp://',
    '10:26 expected a client',
    '11:26 "10.0.0.1/8" has bits',
    '12:15 127.0.0.1:53 is a',
    '12:36 expected an address',
  ])
})

describe('what follows from a problem that is told already is not told', () => {
  test.each([
    [
      'no unknown category after a broken feed',
      `${HEAD}feeds: [{ name: a, source: a, clas: legal, category: c }]\npolicies: [{ name: default, categories: [c] }]\n`,
      ['2:31: unknown key "clas": did you mean "class"?'],
    ],
    [
      'no unknown category after mistyped feeds',
      `${HEAD}feesd: []\npolicies: [{ name: default, categories: [c] }]\n`,
      ['2:1: unknown key "feesd": did you mean "feeds"?'],
    ],
    [
      'no unknown policy after a broken policy',
      'listen: [{ address: 127.0.0.1, policy: p }]\npolicies: [{ nam: p }]\n',
      ['2:14: unknown key "nam": did you mean "name"?'],
    ],
    [
      'no missing page after a mistyped page',
      `${HEAD}blocking: { answer: page, pge: { ipv4: 127.0.0.1 } }\n`,
      ['2:27: unknown key "pge": did you mean "page"?'],
    ],
  ])('%s', (_, text, expected) => expect(problems(text)).toEqual(expected))
})

test('a feed file that cannot be read is a problem at its source, with its whole path', () =>
  expect(
    problems(FEEDS, machine({ fileProblem: path => (/b\.txt$|\.last-good$/.test(path) ? 'no such file' : null) })),
  ).toEqual([`4:24: ${process.cwd()}/b.txt: no such file`]))

test('formatProblem is FILE:LINE:COLUMN: problem', () =>
  expect(formatProblem({ file: '../x y.yaml', line: 3, column: 14, message: 'expected more' })).toBe(
    '../x y.yaml:3:14: expected more',
  ))

test('sortProblems orders by line, then column, and tells each once', () => {
  const at = (line: number, column: number, message = 'm') => ({ file: 'f', line, column, message })
  expect(sortProblems([at(10, 1), at(2, 3), at(2, 1, 'b'), at(2, 1, 'a'), at(2, 3)])).toEqual([
    at(2, 1, 'a'),
    at(2, 1, 'b'),
    at(2, 3),
    at(10, 1),
  ])
})

test('what a message quotes is short, on one line, and nothing that a terminal obeys', () => {
  expect(quote('a\n\u001b[31mb\u009b\u202e\u2028')).toBe('"a\\n\\u001b[31mb\\u009b\\u202e\\u2028"')
  expect(quote('x'.repeat(1000))).toBe(`"${'x'.repeat(60)}…"`)
  expect(problems('listen: [127.0.0.1:53]\n"a\\e[2Jb\\n": 1\n')[0]).toMatch(/^2:1: unknown key "a\\u001b\[2Jb\\n": /)
})
