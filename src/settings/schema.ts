/**
 * The second of the three types of a configuration: checked, as written.
 *
 * Every key that a file may have, with what it means and its default in the file's own spelling; the JSON schema for editors
 * comes from here too. Knows the kind of each value, not what values mean to each other: that is settled in `settle.ts`.
 */
import { z } from 'zod'
import { ANSWER_MODES, CLASSES } from '../images/classes.ts'
import { accessKeys, keepKey, staleKey } from './access.ts'
import { blockPageKey } from './block-page.ts'
import { blockingKeys } from './blocking.ts'
import { fetchKey } from './fetch.ts'
import { forwardKey } from './forward.ts'
import { guardsKey, limitsKey } from './guards.ts'
import { historyKey } from './history.ts'
import { choice, duration, flag, label, list, section, size, text, whole } from './kinds.ts'
import { appealsKey, publicKey } from './public.ts'
import { FEED_FORMATS } from './settings.ts'
import { signatureKey } from './signature.ts'
import { tlsKey } from './tls.ts'
import { notifyKey, zonesKey } from './zones.ts'

const ENDPOINT = 'an address and port, such as 127.0.0.1:5300 or "[::1]:5300"'

const listenEntry = z.union(
  [
    text(ENDPOINT),
    section({
      address: text(ENDPOINT).describe('Address and port to listen on, UDP and TCP; port 53 if none is given.'),
      policy: label('the name of a policy')
        .optional()
        .describe('The policy for whoever asks this address, whatever the address of the client.'),
    }),
  ],
  { error: `${ENDPOINT}, or { address: …, policy: … }` },
)

const recordAddress = text('an IP address or a list of them')
const record = z.union([recordAddress, list(recordAddress, 'IP addresses').min(1, { error: 'at least one address' })], {
  error: 'an IP address or a list of them',
})

const blocking = section({
  answer: choice(ANSWER_MODES)
    .optional()
    .describe(
      'How a blocked name is answered: with the address of the block page, NXDOMAIN, NODATA, an address of zeroes, or REFUSED. Default: page where page.ipv4 or page.ipv6 is given, else nxdomain.',
    ),
  page: section({
    ipv4: text('an IPv4 address')
      .optional()
      .describe('Address of the block page for A queries. Without it they get NODATA.'),
    ipv6: text('an IPv6 address')
      .optional()
      .describe('Address of the block page for AAAA queries. Without it they get NODATA.'),
  })
    .prefault({})
    .describe('Where the block page is, as clients reach it.'),
  ttl: duration('0s', '1d', 's').default('60s').describe('How long clients may remember that a name is blocked.'),
  ...blockingKeys,
})

const feed = section({
  name: label('a name').describe('The name of the feed in logs, metrics and explanations. Unique.'),
  source: text('the path of a file or a URL').describe(
    'Path of the file, absolute or relative to this configuration, an http:// or https:// URL, or xfr:// and the name of one of the zones.',
  ),
  refresh: duration('1m', '7d').optional().describe('How often a list with a URL is fetched. Default: fetch.refresh.'),
  allow_private: flag().default(false).describe('Whether the URL may lead to an address of a private network.'),
  format: choice(FEED_FORMATS).default('auto').describe('The format of the file; auto looks at its first lines.'),
  mode: choice(['enforce', 'monitor'])
    .default('enforce')
    .describe(
      'Whether its rules count, or what they would have blocked is only counted: to see a list before it bites.',
    ),
  class: choice(CLASSES).describe(
    'Who demands the block: a hotline, the law, or a household. A household never overrides the other two.',
  ),
  category: label('a category').describe('What the listed names are; policies name it. An entry may give its own.'),
  scope: choice(['page', 'site'])
    .default('page')
    .describe(
      'What a URL in the feed stands for: page blocks nothing, because DNS cannot block a page; site blocks its whole host.',
    ),
  subdomains: flag()
    .optional()
    .describe(
      'Whether a name covers what is below it. Default: as the format has it (hosts files: no; lists of domains: yes).',
    ),
  answer: choice(ANSWER_MODES)
    .optional()
    .describe('How names of this feed are answered, over blocking.answer and over what its entries ask for.'),
  limits: limitsKey,
  signature: signatureKey,
})

const policy = section({
  name: label('a name').describe(
    'The name of the policy. Unique. The policy named default is for whoever no other names.',
  ),
  clients: list(text('a client prefix, such as 10.20.0.0/16 or "2001:db8:20::/48"'), 'client prefixes')
    .default([])
    .describe('Prefixes of the clients. The longest that covers a client decides.'),
  categories: list(label('a category'), 'categories').default([]).describe('The categories to block.'),
  allow_only: list(label('a category'), 'categories')
    .default([])
    .describe('If not empty, only names of these categories resolve, and nothing else does.'),
})

const cache = section({
  size: size('1MiB', '64GiB')
    .default('64MiB')
    .describe('Memory for cached answers, all workers together. 0 turns the cache off.'),
  ttl_min: duration('0s', '1h', 's')
    .default('0s')
    .describe('Answers are kept at least this long, even if their owner says less.'),
  ttl_max: duration('1s', '7d', 's').default('1d').describe('Answers are kept at most this long.'),
  negative_ttl_max: duration('0s', '1d', 's')
    .default('1h')
    .describe('Negative answers (no such name, no such record) are kept at most this long.'),
  stale: staleKey,
  keep: keepKey,
})

export const configSchema = section({
  listen: list(listenEntry, 'addresses to listen on')
    .min(1, { error: 'at least one address to listen on' })
    .describe('Addresses and ports to answer DNS on, UDP and TCP on each.'),
  workers: z
    .union([z.literal('auto', { error: 'auto or a number from 1 to 256' }), whole(1, 256, 'auto or a number')], {
      error: 'auto or a number from 1 to 256',
    })
    .default('auto')
    .describe('Worker threads; auto is one for each processor core.'),
  upstreams: list(text('an address such as 192.0.2.53 or "[2001:db8::53]:53", or system'), 'upstream addresses')
    .min(1, { error: 'at least one upstream, or system' })
    .default(['system'])
    .describe(
      'Recursive resolvers that answer what is not blocked; system stands for the name servers of /etc/resolv.conf.',
    ),
  upstream: section({
    timeout: duration('10ms', '30s')
      .default('1500ms')
      .describe('How long an upstream may take before the next is asked.'),
    attempts: whole(1, 16, 'a number').default(3).describe('How often one question is asked, over all upstreams.'),
    strategy: choice(['balanced', 'ordered', 'parallel'])
      .default('balanced')
      .describe(
        'Which upstream is asked: the faster of two at random, the first that works, or two at once for the first answer.',
      ),
    mix_case: flag()
      .default(true)
      .describe('Whether names are sent in random upper and lower case, which a forged answer would have to guess.'),
  })
    .prefault({})
    .describe('How upstreams are asked.'),
  forward: forwardKey,
  ...accessKeys,
  records: z
    .record(z.string(), record, { error: 'a mapping of names to addresses' })
    .default({})
    .describe('Names that are answered here, each with its address or a list of them.'),
  blocking: blocking.prefault({}).describe('How blocked names are answered.'),
  feeds: list(feed, 'feeds').default([]).describe('Lists of names to block or, for allow_only, to allow.'),
  fetch: fetchKey,
  zones: zonesKey,
  notify: notifyKey,
  guards: guardsKey,
  history: historyKey,
  policies: list(policy, 'policies')
    .default([])
    .describe(
      'Who gets which categories. If none is named default, one is added with every category of class hotline or legal.',
    ),
  cache: cache.prefault({}).describe('Answers kept from upstreams.'),
  tcp: section({
    idle: duration('1s', '5m')
      .default('10s')
      .describe('A TCP connection on which nothing happens is closed after this time.'),
    connections: whole(1, 1_000_000, 'a number')
      .default(4096)
      .describe('TCP connections at once, all workers together.'),
    connections_per_client: whole(1, 1_000_000, 'a number')
      .optional()
      .describe(
        'TCP connections at once from one client address, which many subscribers may share. Default: 64, or connections where that is less.',
      ),
  })
    .prefault({})
    .describe('Limits of TCP connections from clients.'),
  udp: section({
    driver: choice(['auto', 'batch', 'dgram'])
      .default('auto')
      .describe(
        'How datagrams are read: batch by the system calls for many at once, dgram by Node alone, auto the first that works.',
      ),
  })
    .prefault({})
    .describe('How UDP is served.'),
  http: section({
    page: text(ENDPOINT).optional().describe('Address and port of the block page. Without it none is served.'),
    admin: text(ENDPOINT)
      .optional()
      .describe(
        'Address and port of /metrics, /healthz and /readyz. Without it there are none. Keep it off public networks.',
      ),
    admin_names: list(text('a host name'), 'host names')
      .default([])
      .describe('Host names under which admin is asked, besides its address, localhost and the name of the machine.'),
    tls: tlsKey,
  })
    .prefault({})
    .describe('What is served over HTTP.'),
  block_page: blockPageKey,
  appeals: appealsKey,
  public: publicKey,
  data: text('the path of a folder')
    .default('data')
    .describe(
      'Folder of last good copies and state, absolute or relative to this configuration. Created when missing.',
    ),
  log: section({
    level: choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('The least severe messages to log.'),
  })
    .prefault({})
    .describe('What is logged.'),
})

/** A configuration that keeps to the schema, its defaults filled in as a file would spell them. */
export type Config = z.output<typeof configSchema>
