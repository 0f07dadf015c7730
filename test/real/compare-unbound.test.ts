/**
 * 20,000 names of every common type, served by NSD, resolved by Unbound: what Qalqan before that Unbound answers is what Unbound itself answers. Every
 * difference is explained by a row of EXPLAINED, or fails the test.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Folder, freePort } from '../cli/program.ts'
import { type Decoded, decode, query } from '../support/messages.ts'
import { line } from '../support/reading.ts'
import { UdpClient } from '../transport/clients.ts'
import type { RealServer } from './programs.ts'
import { startNsd, startUnbound } from './servers.ts'

const NAMES = 20_000
const IN_FLIGHT = 40
const ORIGIN = 'many.test.'

/** A record of each type for name number `n`; the last four have none of their own. */
const KINDS: readonly (readonly [type: string, rdata: ((n: number) => string) | null])[] = [
  ['A', n => `A 198.51.${(n >> 8) & 0xff}.${n & 0xff}`],
  ['AAAA', n => `AAAA 2001:db8::${n.toString(16)}`],
  ['CNAME', n => `CNAME n${n - (n % 16)}`],
  ['MX', n => `MX ${n % 100} mail${n % 7}`],
  ['TXT', n => `TXT "${'t'.repeat(n % 250)}" "second"`],
  ['SRV', n => `SRV 1 2 ${n % 65_536} target${n % 9}`],
  ['CAA', n => `CAA 0 issue "ca${n % 5}.test"`],
  ['PTR', n => `PTR host${n}.many.test.`],
  ['NAPTR', n => `NAPTR ${n % 1000} 10 "u" "E2U+sip" "!^.*$!sip:n${n}@many.test!" .`],
  ['SSHFP', n => `SSHFP 4 2 ${n.toString(16).padStart(64, '0')}`],
  ['TLSA', n => `TLSA 3 1 1 ${n.toString(16).padStart(64, 'a')}`],
  ['A', n => `A 198.51.100.1\n${Array.from({ length: 40 }, (_, i) => `n${n} A 203.0.113.${i}`).join('\n')}`],
  // Asked through the record beside it, a wildcard, or of a name that is not there, or has another type.
  ['A', n => `CNAME n${n - (n % 16)}`],
  ['A', null],
  ['MX', () => 'A 198.51.100.2'],
  ['TXT', null],
]

const nameOf = (n: number) => (n % 16 === 13 ? `x${n}.wild.many.test` : `n${n}.many.test`)
const typeOf = (n: number) => KINDS[n % 16]![0]

function zone(): string {
  const head = `$TTL 300
@ SOA ns host 1 3600 600 86400 60
@ NS ns
ns A 198.51.100.53
*.wild A 198.51.100.77
`
  const records: string[] = []
  for (let n = 0; n < NAMES; n++) {
    const rdata = KINDS[n % 16]![1]
    if (rdata !== null) records.push(`n${n} ${rdata(n)}`)
  }
  return `${head}${records.join('\n')}\n`
}

interface Compared {
  readonly rcode: string
  readonly flags: readonly string[]
  readonly answers: readonly string[]
  readonly authorities: readonly string[]
}

/** What is compared: without times, which go on between two questions, and in the order of the text, since Unbound turns the sets of records round. */
function comparable(message: Decoded): Compared {
  const lines = (records: Decoded['answers']) => (records ?? []).map(own => line({ ...own, ttl: 0 } as never)).sort()
  const flags = (['qr', 'aa', 'tc', 'rd', 'ra', 'ad', 'cd'] as const).filter(flag => message[`flag_${flag}`])
  return { rcode: message.rcode, flags, answers: lines(message.answers), authorities: lines(message.authorities) }
}

/** Differences that are meant, each with its reason. */
const EXPLAINED: readonly { readonly why: string; readonly explains: (ours: Compared, theirs: Compared) => boolean }[] =
  [
    {
      why: 'the zone’s name servers beside a positive answer are left out: nobody needs them, and nothing beside an answer is believed',
      explains: (ours, theirs) =>
        ours.rcode === theirs.rcode &&
        `${ours.flags}` === `${theirs.flags}` &&
        `${ours.answers}` === `${theirs.answers}` &&
        ours.authorities.length === 0 &&
        theirs.authorities.every(record => / NS /.test(record)),
    },
  ]

async function askAll(port: number): Promise<Compared[]> {
  const found: Compared[] = []
  let next = 0
  const worker = async () => {
    const client = await UdpClient.to(port)
    while (next < NAMES) {
      const n = next++
      const answer = await client.ask(query({ name: nameOf(n), type: typeOf(n), id: n & 0xffff, edns: true }), 5000)
      if (answer === null) throw new Error(`no answer for ${nameOf(n)} ${typeOf(n)}`)
      found[n] = comparable(decode(answer))
    }
    client.close()
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return found
}

describe(`${NAMES} names`, () => {
  let folder: Folder
  const servers: RealServer[] = []
  let ports: { ours: number; theirs: number }

  beforeAll(async () => {
    folder = new Folder()
    const nsd = await startNsd(folder.path, [{ origin: ORIGIN, text: zone() }])
    const unbound = await startUnbound(folder.path, { stubs: [{ origin: ORIGIN, port: nsd.port }] })
    servers.push(unbound, nsd)
    const port = await freePort()
    await folder.serve(
      folder.config({
        listen: [`127.0.0.1:${port}`],
        workers: 1,
        upstreams: [`127.0.0.1:${unbound.port}`],
        data: 'data',
      }),
    )
    ports = { ours: port, theirs: unbound.port }
  })
  afterAll(async () => {
    for (const server of servers) await server.stop()
    await folder.remove()
  })

  test('are answered as Unbound answers them, cold and warm, but for what is explained', async () => {
    const theirs = await askAll(ports.theirs)
    for (const round of ['cold', 'warm']) {
      const ours = await askAll(ports.ours)
      const different = ours.flatMap((own, n) => (JSON.stringify(own) === JSON.stringify(theirs[n]) ? [] : [n]))
      const unexplained = different.filter(n => !EXPLAINED.some(({ explains }) => explains(ours[n]!, theirs[n]!)))
      expect(unexplained.slice(0, 3).map(n => [round, nameOf(n), typeOf(n), ours[n], theirs[n]])).toEqual([])
    }
    expect(theirs.filter(own => own.rcode === 'NXDOMAIN').length).toBe(NAMES / 16)
    expect(theirs.filter(own => own.answers.length > 0).length).toBeGreaterThan((NAMES * 13) / 16)
  })
})
