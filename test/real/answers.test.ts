import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Folder, freePort } from '../cli/program.ts'
import { type DigAnswer, dig, digAll } from './dig.ts'
import { output, type RealServer } from './programs.ts'
import { startNsd, startSigningKnot, startUnbound } from './servers.ts'
import { QUESTIONS, type Question, SIGNED_QUESTIONS, SIGNED_ZONE, WILDCARD_ZONE, ZONE } from './zones.ts'

/** A trust anchor that fits no key: what is below is bogus. */
const WRONG_ANCHOR = 'any.test. DS 12345 13 2 0D6FCE3AA46A2A7EA8DD1B4D29F1B9BB3A1B5FF1C1A1F4A0A1B1C1D1E1F10203'

let folder: Folder
let nsd: RealServer
let knot: RealServer
let unbound: RealServer
/** Ports of Qalqan before NSD, before Knot, before Unbound. */
const before: Record<'nsd' | 'knot' | 'unbound', number> = { nsd: 0, knot: 0, unbound: 0 }

beforeAll(async () => {
  folder = new Folder()
  nsd = await startNsd(folder.path, [ZONE, WILDCARD_ZONE])
  knot = await startSigningKnot(folder.path, SIGNED_ZONE)
  const anchor = output('kdig', ['@127.0.0.1', '-p', String(knot.port), 'signed.test', 'CDS', '+short'])
    .trim()
    .split('\n')[0]!
  unbound = await startUnbound(folder.path, {
    stubs: [
      { origin: ZONE.origin, port: nsd.port },
      { origin: WILDCARD_ZONE.origin, port: nsd.port },
      { origin: SIGNED_ZONE.origin, port: knot.port },
    ],
    anchors: [`signed.test. DS ${anchor}`, WRONG_ANCHOR],
  })
  for (const [name, server] of Object.entries({ nsd, knot, unbound })) {
    before[name as 'nsd'] = await serveBefore(server.port)
  }
})
afterAll(async () => {
  for (const server of [unbound, knot, nsd]) await server?.stop()
  await folder.remove()
})

async function serveBefore(upstream: number): Promise<number> {
  const port = await freePort()
  folder.write('list.txt', 'blocked.zone.test\n')
  const config = folder.config(
    {
      listen: [`127.0.0.1:${port}`],
      workers: 1,
      upstreams: [`127.0.0.1:${upstream}`],
      feeds: [{ name: 'list', source: 'list.txt', class: 'hotline', category: 'illegal' }],
      blocking: { page: { ipv4: '192.0.2.80' } },
      data: `data-${port}`,
    },
    `qalqan-${port}.yaml`,
  )
  await folder.serve(config)
  return port
}

/** What must be the same: the RCODE, the answer section, and in a negative answer the authority section. */
function essence(question: Question, { status, answers, authorities }: DigAnswer): string {
  const isNegative = answers.length === 0
  return JSON.stringify({ question, status, answers, ...(isNegative ? { authorities } : {}) }, null, 1)
}

function compare(
  ownPort: number,
  upstreamPort: number,
  questions: readonly Question[],
  options: readonly string[],
): void {
  // What differs is asked once more: Unbound itself now and then leaves the SOA out of one negative answer, and has it in the next.
  const first = differences(ownPort, upstreamPort, questions, options)
  const again = first.map(({ question }) => question)
  const differing = again.length === 0 ? [] : differences(ownPort, upstreamPort, again, options).map(({ text }) => text)
  expect(differing).toEqual([])
}

function differences(
  ownPort: number,
  upstreamPort: number,
  questions: readonly Question[],
  options: readonly string[],
): { question: Question; text: string }[] {
  const own = digAll(ownPort, questions, options, folder.path)
  const upstream = digAll(upstreamPort, questions, options, folder.path)
  expect([own.length, upstream.length]).toEqual([questions.length, questions.length])
  return questions.flatMap((question, i) => {
    const [ours, theirs] = [essence(question, own[i]!), essence(question, upstream[i]!)]
    return ours === theirs ? [] : [{ question, text: `ours ${ours}\n${own[i]!.text}\ntheirs ${theirs}` }]
  })
}

const VARIANTS: readonly (readonly [string, readonly string[]])[] = [
  ['plain', ['+noedns']],
  ['with EDNS', ['+edns=0', '+bufsize=1232']],
  ['with DO', ['+dnssec']],
  ['over TCP', ['+tcp']],
  ['a second time, from the cache', ['+edns=0']],
]

describe.each(VARIANTS)(`every name and type of a zone, ${QUESTIONS.length} questions, %s`, (_, options) => {
  test('before NSD: what NSD says', () => compare(before.nsd, nsd.port, QUESTIONS, options))
  test('before Unbound: what Unbound says', () => compare(before.unbound, unbound.port, QUESTIONS, options))
})

describe('a signed zone', () => {
  test.each([
    ['without DO', ['+nodnssec']],
    ['with DO: signatures and denials too', ['+dnssec']],
    ['with DO, over TCP', ['+dnssec', '+tcp']],
  ])('%s', (_, options) => {
    compare(before.knot, knot.port, SIGNED_QUESTIONS, options)
    compare(before.unbound, unbound.port, SIGNED_QUESTIONS, options)
  })

  test('the verdict of a validating upstream comes through: AD where DO or AD asked for it, and not otherwise', () => {
    expect(dig(unbound.port, ['www.signed.test', '+dnssec']).flags).toContain('ad')
    expect(dig(before.unbound, ['www.signed.test', '+dnssec']).flags).toContain('ad')
    expect(dig(before.unbound, ['www.signed.test', '+nodnssec', '+adflag']).flags).toContain('ad')
    expect(dig(before.unbound, ['www.signed.test', '+nodnssec', '+noadflag']).flags).not.toContain('ad')
    expect(dig(before.unbound, ['host.zone.test', '+dnssec']).flags).not.toContain('ad')
  })

  test('what is bogus is SERVFAIL, and comes through for who checks for himself (CD)', () => {
    expect(dig(before.unbound, ['x.any.test']).status).toBe('SERVFAIL')
    expect(dig(before.unbound, ['y.any.test', '+cd'])).toMatchObject({
      status: 'NOERROR',
      answers: ['y.any.test. IN A 198.51.100.200'],
    })
    expect(dig(before.unbound, ['y.any.test']).status).toBe('SERVFAIL')
  })

  test('kdig +dnssec has nothing to complain of', () => {
    const text = output('kdig', ['@127.0.0.1', '-p', String(before.unbound), '+dnssec', 'www.signed.test', 'A'])
    expect(text).toMatch(/status: NOERROR/)
    expect(text).toMatch(/RRSIG\s+A /)
    expect(text).not.toMatch(/WARNING|\bERROR/)
  })
})

describe('what the upstream cannot answer', () => {
  test('an endless chain of aliases is an error or the part of it that the upstream gives, never silence', () => {
    for (const port of [before.nsd, before.unbound]) {
      expect(['SERVFAIL', 'NOERROR']).toContain(dig(port, ['loop1.zone.test', 'A']).status)
    }
  })
  test('a zone that it refuses is SERVFAIL', () => {
    expect(dig(nsd.port, ['elsewhere.example', 'A']).status).toBe('REFUSED')
    expect(dig(before.nsd, ['elsewhere.example', 'A']).status).toBe('SERVFAIL')
  })
})
