/** The zones that the authorities serve, and every question that is put about them. */
import type { Zone } from './servers.ts'

const HEAD = `$TTL 300
@ IN SOA ns.zone.test. host.zone.test. 1 3600 600 86400 120
@ IN NS ns.zone.test.
`
const BIG_TXT = Array.from({ length: 20 }, (_, i) => `"${String(i).padStart(240, 'x')}"`).join(' ')
const MANY_ADDRESSES = Array.from({ length: 100 }, (_, i) => `many IN A 198.51.100.${i + 1}`).join('\n')
const CHAIN = Array.from({ length: 9 }, (_, i) => `c${i} IN CNAME c${i + 1}`).join('\n')
const LONG_LABEL = 'l'.repeat(63)
/** 250 octets and more with the origin. */
const LONG_NAME = `${Array.from({ length: 3 }, () => LONG_LABEL).join('.')}.${'m'.repeat(45)}`

/** Records of every common type, one owner each, so that each is asked for by its name. */
const TYPED: readonly (readonly [string, string])[] = [
  ['A', '198.51.100.1'],
  ['AAAA', '2001:db8::1'],
  ['MX', '10 mail'],
  ['TXT', '"text with spaces" "and \\"quotes\\" and \\200 octets"'],
  ['PTR', 'host.zone.test.'],
  ['SRV', '1 2 443 srv-target'],
  ['NAPTR', '100 10 "u" "E2U+sip" "!^.*$!sip:info@zone.test!" .'],
  ['CAA', '0 issue "ca.test"'],
  ['SSHFP', '4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789'],
  ['TLSA', '3 1 1 0d6fce3aa46a2a7ea8dd1b4d29f1b9bb3a1b5ff1c1a1f4a0a1b1c1d1e1f10203'],
  ['DS', '12345 13 2 0d6fce3aa46a2a7ea8dd1b4d29f1b9bb3a1b5ff1c1a1f4a0a1b1c1d1e1f10203'],
  ['HINFO', '"cpu" "os"'],
  ['RP', 'admin.zone.test. about.zone.test.'],
  ['LOC', '51 9 0.000 N 71 28 0.000 E 347.00m 1m 10000m 10m'],
  ['AFSDB', '1 afs.zone.test.'],
  ['KX', '10 kx.zone.test.'],
  ['CERT', '1 0 0 dGVzdA=='],
  ['DNSKEY', '256 3 13 dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlcw=='],
  ['OPENPGPKEY', 'dGVzdA=='],
  ['SMIMEA', '3 1 1 0d6fce3aa46a2a7ea8dd1b4d29f1b9bb3a1b5ff1c1a1f4a0a1b1c1d1e1f10203'],
  ['URI', '10 1 "https://zone.test/"'],
  ['EUI48', '00-00-5e-00-53-2a'],
  ['EUI64', '00-00-5e-ef-10-00-00-2a'],
  ['SVCB', '1 svc.zone.test. alpn=h2 port=8443'],
  ['HTTPS', '1 . alpn=h3,h2 ipv4hint=198.51.100.1'],
  ['NID', '10 0014:4fff:ff20:ee64'],
  ['L32', '10 198.51.100.1'],
  ['L64', '10 2001:0DB8:1140:1000'],
  ['LP', '10 l64.zone.test.'],
  ['TYPE65280', '\\# 4 0a000001'],
  ['TYPE1234', '\\# 0'],
]

const OWNERS = `@ IN A 198.51.100.10
@ IN MX 10 mail.zone.test.
@ IN TXT "v=spf1 -all"
ns IN A 198.51.100.53
mail IN A 198.51.100.25
host IN A 198.51.100.1
host IN AAAA 2001:db8::1
blocked IN A 198.51.100.66
big IN TXT ${BIG_TXT}
${MANY_ADDRESSES}
${CHAIN}
c9 IN A 198.51.100.9
broken IN CNAME nowhere.zone.test.
loop1 IN CNAME loop2
loop2 IN CNAME loop1
old IN DNAME new
a.new IN A 198.51.100.11
b.new IN CNAME host
*.wild IN A 198.51.100.12
*.wild IN TXT "from a wildcard"
*.wildalias IN CNAME host
there.wild IN AAAA 2001:db8::12
a.b.ent IN A 198.51.100.13
_dns._udp IN SRV 0 0 53 ns
we\\.ird IN A 198.51.100.14
sp\\032ace IN A 198.51.100.15
oct\\255et IN A 198.51.100.16
${LONG_LABEL} IN A 198.51.100.17
${LONG_NAME} IN A 198.51.100.18
xn--80ak6aa92e IN A 198.51.100.19
short 0 IN A 198.51.100.20
`

export const HOSTS = 500
const hosts = Array.from({ length: HOSTS }, (_, i) => `h${i} IN A 198.18.${i >> 8}.${i & 255}`).join('\n')
export const addressOfHost = (i: number) => `198.18.${i >> 8}.${i & 255}`

export const ZONE: Zone = {
  origin: 'zone.test.',
  text: `$ORIGIN zone.test.\n${HEAD}${OWNERS}${TYPED.map(([type, data], i) => `t${i} IN ${type} ${data}`).join('\n')}\n${hosts}\n`,
}

/** Any name below it has an address: for as many questions as one likes that no cache can know. */
export const WILDCARD_ADDRESS = '198.51.100.200'
export const WILDCARD_ZONE: Zone = {
  origin: 'any.test.',
  text: `$ORIGIN any.test.\n${HEAD}* IN A ${WILDCARD_ADDRESS}\n`,
}

export const SIGNED_ZONE: Zone = {
  origin: 'signed.test.',
  text: `$ORIGIN signed.test.\n${HEAD}www IN A 198.51.100.30\nwww IN AAAA 2001:db8::30\nalias IN CNAME www\n*.wild IN A 198.51.100.31\nonlytxt IN TXT "t"\n`,
}

export interface Question {
  readonly name: string
  readonly type: string
}

const BY_NAME: readonly (readonly [string, readonly string[]])[] = [
  ['', ['A', 'AAAA', 'NS', 'SOA', 'MX', 'TXT', 'CAA']],
  ['host', ['A', 'AAAA', 'TXT', 'HTTPS', 'TYPE65280']],
  ['HOST', ['A']],
  ['big', ['TXT', 'A']],
  ['many', ['A', 'AAAA']],
  ['c0', ['A', 'AAAA', 'CNAME', 'TXT']],
  ['c5', ['A']],
  ['broken', ['A', 'CNAME']],
  ['a.old', ['A', 'AAAA', 'CNAME']],
  ['b.old', ['A']],
  ['c.old', ['A']],
  ['old', ['DNAME', 'A']],
  ['x.wild', ['A', 'TXT', 'AAAA']],
  ['x.y.wild', ['A']],
  ['there.wild', ['A', 'AAAA']],
  ['x.wildalias', ['A', 'AAAA']],
  ['ent', ['A']],
  ['b.ent', ['A']],
  ['a.b.ent', ['A', 'AAAA']],
  ['_dns._udp', ['SRV']],
  ['we\\.ird', ['A']],
  ['sp\\032ace', ['A']],
  ['oct\\255et', ['A']],
  [LONG_LABEL, ['A']],
  [LONG_NAME, ['A', 'AAAA']],
  ['xn--80ak6aa92e', ['A']],
  ['short', ['A']],
  ['nowhere', ['A', 'TXT', 'TYPE65280']],
  ['below.nowhere', ['A']],
]

export const QUESTIONS: readonly Question[] = [
  ...BY_NAME.flatMap(([owner, types]) =>
    types.map(type => ({ name: owner === '' ? 'zone.test' : `${owner}.zone.test`, type })),
  ),
  ...TYPED.flatMap(([type], i) => [
    { name: `t${i}.zone.test`, type },
    { name: `t${i}.zone.test`, type: type === 'A' ? 'AAAA' : 'A' },
  ]),
]

export const SIGNED_QUESTIONS: readonly Question[] = [
  ['signed.test', 'SOA'],
  ['signed.test', 'DNSKEY'],
  ['www.signed.test', 'A'],
  ['www.signed.test', 'AAAA'],
  ['alias.signed.test', 'A'],
  ['x.wild.signed.test', 'A'],
  ['onlytxt.signed.test', 'A'],
  ['nowhere.signed.test', 'A'],
].map(([name, type]) => ({ name: name!, type: type! }))
