/** The accept stage: an upstream's answer read and written anew. One address; a chain of three aliases and two addresses; 20 addresses. */
import type { Answer } from 'dns-packet'
import { ACCEPTED, Acceptor, type Expected } from '../src/resolver/accept.ts'
import { NAME_OCTETS_MAX, nameFromText } from '../src/wire/name.ts'
import { TYPE_A } from '../src/wire/types.ts'
import { query, replyTo } from '../test/support/messages.ts'
import { type Case, compare, type Size } from './support/measure.ts'
import { asText, type BenchResult } from './support/result.ts'

const MESSAGES: Record<Size, number> = { small: 200, full: 20_000 }
const NAME = 'www.shop-window.example'
const ID = 0x1234
const LIMITS = { ttlSecondsMin: 0, ttlSecondsMax: 86_400, negativeTtlSecondsMax: 3600 }

const alias = (name: string, data: string): Answer => ({ type: 'CNAME', name, ttl: 300, data })
const address = (name: string, last: number): Answer => ({ type: 'A', name, ttl: 60, data: `192.0.2.${last}` })
const ANSWERS: readonly (readonly [what: string, answers: readonly Answer[]])[] = [
  ['1 address', [address(NAME, 1)]],
  [
    '3 aliases and 2 addresses',
    [
      alias(NAME, 'shop-window.cdn.test'),
      alias('shop-window.cdn.test', 'edge.cdn.test'),
      alias('edge.cdn.test', 'edge-7.region.cdn.test'),
      address('edge-7.region.cdn.test', 1),
      address('edge-7.region.cdn.test', 2),
    ],
  ],
  ['20 addresses', Array.from({ length: 20 }, (_, i) => address(NAME, i))],
]

export function run(size: Size): BenchResult {
  const acceptor = new Acceptor(LIMITS)
  const names = new Uint8Array(NAME_OCTETS_MAX + 1)
  const nameOctets = nameFromText(NAME, names)
  const expected: Expected = { id: ID, names, nameAt: 0, nameOctets, type: TYPE_A, dnssecOk: false, spelling: 0 }
  const cases = ANSWERS.map(([what, answers]): Case => {
    const message = replyTo(query({ name: NAME, id: ID }), { answers })
    return {
      what,
      each: MESSAGES[size],
      run: () => acceptAll(acceptor, message, expected, MESSAGES[size], answers.length),
    }
  })
  return { title: 'Accept', ...compare(cases, size), notes: [] }
}

function acceptAll(
  acceptor: Acceptor,
  message: Uint8Array,
  expected: Expected,
  times: number,
  records: number,
): number {
  let octets = 0
  for (let i = 0; i < times; i++) {
    if (acceptor.accept(message, 0, message.length, expected) !== ACCEPTED) throw new Error('not accepted')
    if (acceptor.answers !== records) throw new Error(`${acceptor.answers} records were kept and not ${records}`)
    octets += acceptor.octets
  }
  return octets
}

if (import.meta.main) console.log(asText(run('full')))
