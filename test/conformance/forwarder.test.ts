/**
 * What the RFCs ask of a forwarder, clause by clause: each test has the name of its clause. What is said there of TLS and HTTPS, of recursion
 * and of validation is not for a forwarder over UDP and TCP, and has no test; TCP as a transport (RFC 7766) is tested on real sockets in
 * test/transport/tcp.test.ts.
 */
import packet from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { TCP, UDP } from '../../src/images/counters.ts'
import { query } from '../support/messages.ts'
import { hex, join, labels } from '../support/octets.ts'
import { pointer, rawMessage, rawOpt, rawQuery, soaRdata } from '../support/raw.ts'
import { optOf, read } from '../support/reading.ts'
import { a, cname, Story, soa } from '../support/story.ts'

const FLAGS = { qr: 0x8000, aa: 0x0400, tc: 0x0200, rd: 0x0100, ra: 0x0080, z: 0x0040, ad: 0x0020, cd: 0x0010 }
const flagsOf = (message: Uint8Array) => (message[2]! << 8) | message[3]!
const rcodeOf = (message: Uint8Array | null) => message![3]! & 0xf
const local = (more: Parameters<typeof rawQuery>[0] = {}) => rawQuery({ name: labels('localhost'), ...more })
const ask = (story: Story, message: Uint8Array, transport = UDP) => story.ask(message, '192.0.2.7', transport)

/** What a client gets of a question that an upstream answers with raw octets, whose id and question are made to fit. */
function forwarded(
  answer: Parameters<typeof rawMessage>[0],
  asked: Parameters<typeof rawQuery>[0] = {},
  story = new Story(),
) {
  ask(story, rawQuery(asked))
  const message = rawMessage({ ...(asked?.type === undefined ? {} : { type: asked.type }), ...answer })
  message.set(story.last().message.subarray(0, 2), 0)
  story.deliver(message)
  return story.answers.splice(0)[0]?.message ?? null
}

describe('RFC 1035', () => {
  test('§4.1.1: QR and RA are set, AA is not, Z is zero; id, opcode, RD and the question are the query’s', () => {
    const answer = forwarded({ answers: [{ type: 1, rdata: [192, 0, 2, 1] }], flags: 0x85f0 })!
    expect(flagsOf(answer) & ~FLAGS.ad).toBe(FLAGS.qr | FLAGS.rd | FLAGS.ra)
    expect([answer[0], answer[1]]).toEqual([0x12, 0x34])
    expect(read(answer).question).toBe('example.test A')
    expect(flagsOf(ask(new Story(), local({ flags: 0 }))!)).toBe(FLAGS.qr | FLAGS.ra)
  })

  test.each([
    ['to itself', pointer(30)],
    ['forward', pointer(60)],
  ])('§4.1.4: a pointer %s makes a message ill-formed, which is as if it had not come', (_, owner) => {
    expect(forwarded({ answers: [{ owner, type: 1, rdata: [192, 0, 2, 1] }] })).toBeNull()
  })

  test('§4.1.4: pointers to earlier names are followed', () => {
    const owner = [1, 0x61, ...pointer(12)]
    const answers = [
      { type: 5, rdata: owner },
      { owner, type: 1, rdata: [192, 0, 2, 1] },
    ]
    expect(read(forwarded({ answers })).answers).toEqual([
      'example.test 300 CNAME a.example.test',
      'a.example.test 300 A 192.0.2.1',
    ])
  })

  test('§4.2.1: 512 octets without EDNS, then TC; all of it over TCP', () => {
    const many = Array.from({ length: 60 }, (_, i) => a('big.test', `198.51.100.${i}`))
    const asked = { name: 'big.test', edns: false }
    const story = new Story()
    story.client(asked)
    story.upstream({ answers: many })
    expect(story.told()[0]).toMatchObject({ truncated: true, answers: [] })
    expect(story.client(asked, '192.0.2.7', TCP)?.answers).toHaveLength(60)
  })
})

describe('RFC 2181', () => {
  test('§8: a TTL with its top bit set is 0, and is not remembered', () => {
    const story = new Story()
    const told = forwarded({ answers: [{ type: 1, ttl: 0x80000001, rdata: [192, 0, 2, 1] }] }, {}, story)
    expect(read(told).answers).toEqual(['example.test 0 A 192.0.2.1'])
    ask(story, rawQuery())
    expect(story.sent).toHaveLength(2)
  })

  test('§9: TC says that the answer section was cut, not that something else was left out', () => {
    const additionals = Array.from({ length: 40 }, (_, i) => ({ type: 1, rdata: [192, 0, 2, i] }))
    const told = forwarded({ answers: [{ type: 1, rdata: [192, 0, 2, 1] }], additionals })!
    expect(flagsOf(told) & FLAGS.tc).toBe(0)
  })

  test('§5.4.1: what stands beside the answer is not believed, nor remembered', () => {
    const story = new Story()
    const other = [...labels('bank', 'test')]
    const forged = { owner: other, type: 1, rdata: [203, 0, 113, 66] }
    const told = forwarded(
      { answers: [{ type: 1, rdata: [192, 0, 2, 1] }, forged], authorities: [forged], additionals: [forged] },
      {},
      story,
    )
    expect(read(told).answers).toEqual(['example.test 300 A 192.0.2.1'])
    expect(story.client('bank.test')).toBeNull()
  })

  test('§11: any octet may stand in a label', () => {
    const name = Uint8Array.of(3, 0, 0x2e, 0xff, 4, 0x74, 0x65, 0x73, 0x74, 0)
    const told = forwarded({ name, answers: [{ type: 1, rdata: [192, 0, 2, 1] }] }, { name })!
    expect(told.subarray(12, 12 + name.length)).toEqual(name)
  })
})

describe('RFC 2308', () => {
  const negative = (ttl: number, minimum: number, rcode = 3) => {
    const story = new Story()
    story.client('gone.test')
    story.upstream({ rcode, authorities: [soa('test', ttl, minimum)] })
    return { story, told: story.told()[0]! }
  }
  test.each([
    [300, 60, 60],
    [30, 600, 30],
  ])('§5: TTL %i and MINIMUM %i: remembered for %i s, with the SOA', (ttl, minimum, seconds) => {
    const { story, told } = negative(ttl, minimum)
    expect([told.rcode, told.authorities]).toEqual(['NXDOMAIN', [`test ${seconds} SOA minimum ${minimum}`]])
    story.advance((seconds - 1) * 1000)
    expect(story.client('gone.test')?.rcode).toBe('NXDOMAIN')
    story.advance(1000)
    expect(story.client('gone.test')).toBeNull()
  })

  test('§5: a negative answer without SOA is not remembered', () => {
    const story = new Story()
    story.client('gone.test')
    story.upstream({ rcode: 3 })
    story.told()
    expect(story.client('gone.test')).toBeNull()
  })

  test('§7.1: SERVFAIL is remembered for less than 5 minutes, and for each question alone', () => {
    const story = new Story({ servers: 1, attempts: 1 })
    story.client('down.test')
    story.advance(1000)
    story.told()
    expect(story.client('down.test')?.rcode).toBe('SERVFAIL')
    expect(story.client({ name: 'down.test', type: 'AAAA' })).toBeNull()
    story.advance(300_000)
    expect(story.client('down.test')).toBeNull()
  })
})

test('RFC 3597 §3, §4: RDATA of an unknown type is passed on octet by octet, even where it looks like a pointer', () => {
  const rdata = [0xc0, 0x0c, 0xff, 0x00]
  const told = forwarded({ answers: [{ type: 65280, rdata }] }, { type: 65280 })!
  expect([...told.subarray(-4)]).toEqual(rdata)
})

test('RFC 4343 §3, §4: names are compared without case, and come back as they were asked', () => {
  const story = new Story()
  story.client('wWw.Test')
  story.upstream({ answers: [a('www.test')] })
  expect(story.told()[0]?.question).toBe('wWw.Test A')
  expect(story.client('WWW.tEST')?.question).toBe('WWW.tEST A')
  expect(story.sent).toHaveLength(1)
})

describe('RFC 6840 and RFC 4035', () => {
  const verified = (flags: number, dnssecOk: boolean) => {
    const story = new Story()
    story.client({ name: 'signed.test', flags: FLAGS.rd | flags, dnssecOk })
    story.upstream({ flags: FLAGS.ad, answers: [a('signed.test')] })
    return { sent: story.last().message, told: story.answers[0]!.message }
  }
  test.each([
    ['who asked with AD', FLAGS.ad, false, true],
    ['who asked with DO', 0, true, true],
    ['who asked with neither', 0, false, false],
  ])('§5.8: %s: the upstream’s verdict is told: %s', (_, flags, dnssecOk, isTold) => {
    expect((flagsOf(verified(flags, dnssecOk).told) & FLAGS.ad) !== 0).toBe(isTold)
  })

  test('§5.7, §5.9: AD goes up always, CD when it is asked for, and comes back', () => {
    const { sent, told } = verified(FLAGS.cd, false)
    expect(flagsOf(sent) & (FLAGS.ad | FLAGS.cd)).toBe(FLAGS.ad | FLAGS.cd)
    expect(flagsOf(told) & FLAGS.cd).toBe(FLAGS.cd)
    expect(flagsOf(verified(0, false).sent) & FLAGS.cd).toBe(0)
  })

  test('§3.2.1 (RFC 4035): answers with and without DO are not each other’s; signatures only go to who asked for them', () => {
    const story = new Story()
    story.client({ name: 'signed.test', dnssecOk: true })
    story.upstream({ answers: [a('signed.test')] })
    expect(story.client('signed.test')).toBeNull()
    expect((optOf(story.last().message) as { flag_do?: boolean } | null)?.flag_do).toBe(false)
  })

  test('a blocked name that is signed is not said to be verified', () => {
    const policies = [{ categories: ['illegal'] }]
    const story = new Story({ policies, rules: [{ name: 'bad.test', category: 'illegal', ruleClass: 'legal' }] })
    const answer = ask(story, query({ name: 'bad.test', flags: FLAGS.rd | FLAGS.ad, edns: true, dnssecOk: true }))!
    expect(flagsOf(answer) & FLAGS.ad).toBe(0)
    expect(read(answer).error?.code).toBe(16)
  })
})

describe('RFC 5452', () => {
  test('§5: however many clients ask, one question is with the upstreams', () => {
    const story = new Story()
    for (let i = 0; i < 50; i++) story.client('www.test', `192.0.2.${i}`)
    expect(story.sent).toHaveLength(1)
  })

  test('§9.1: an answer with another id is followed by the question over TCP', () => {
    const story = new Story()
    story.client('www.test')
    story.upstream({ id: 0x4321, answers: [a('www.test', '203.0.113.66')] })
    expect([story.told().length, story.last().via]).toEqual([0, 'tcp'])
  })

  test.each([
    ['name', { name: labels('other', 'test') }],
    ['type', { type: 28 }],
    ['class', { qclass: 3 }],
  ])('§9.1: an answer to another %s is nobody’s', (_, other) => {
    expect(
      forwarded({ ...other, answers: [{ owner: [...labels('example', 'test')], type: 1, rdata: [203, 0, 113, 66] }] }),
    ).toBeNull()
  })
})

test('RFC 5625 §4.1: flags and types that are not known are no reason to refuse', () => {
  const story = new Story()
  ask(story, rawQuery({ flags: FLAGS.rd | FLAGS.z, type: 4711 }))
  expect(story.sent).toHaveLength(1)
})

test.each([
  ['AXFR', 252, 5],
  ['IXFR', 251, 5],
  ['MAILB', 253, 4],
  ['MAILA', 254, 4],
  ['NXNAME (RFC 9824 §3.4)', 128, 1],
  ['0', 0, 1],
  ['OPT', 41, 1],
])('RFC 5936, RFC 6895 §3.1: %s is no question for a forwarder', (_, type, rcode) => {
  const story = new Story()
  for (const transport of [UDP, TCP]) expect(rcodeOf(ask(story, rawQuery({ type }), transport))).toBe(rcode)
  expect(story.sent).toHaveLength(0)
})

describe('names of special use', () => {
  test.each([
    ['localhost (RFC 6761 §6.3)', 'localhost', 'NOERROR'],
    ['below localhost (RFC 6761 §6.3)', 'www.localhost', 'NOERROR'],
    ['invalid (RFC 6761 §6.4)', 'www.invalid', 'NXDOMAIN'],
    ['onion (RFC 7686 §2)', 'abc.onion', 'NXDOMAIN'],
    ['alt (RFC 9476 §2)', 'abc.alt', 'NXDOMAIN'],
    ['home.arpa (RFC 8375 §4)', 'tv.home.arpa', 'NXDOMAIN'],
    ['resolver.arpa (RFC 9462 §6.4)', '_dns.resolver.arpa', 'NOERROR'],
    ['use-application-dns.net', 'use-application-dns.net', 'NXDOMAIN'],
    ['127.in-addr.arpa (RFC 6303 §4.2)', '1.0.0.127.in-addr.arpa', 'NXDOMAIN'],
    ['10.in-addr.arpa (RFC 6303 §4.1)', '1.0.0.10.in-addr.arpa', 'NXDOMAIN'],
    ['::1 (RFC 6303 §4.3)', `1.${'0.'.repeat(31)}ip6.arpa`, 'NXDOMAIN'],
    ['fd00::/8 (RFC 6303 §4.4)', 'a.d.f.ip6.arpa', 'NXDOMAIN'],
    ['100.64.0.0/10 (RFC 7793 §2)', '1.0.127.100.in-addr.arpa', 'NXDOMAIN'],
  ])('%s is answered here', (_, name, rcode) => {
    const story = new Story({ options: { forwardsPrivateReverse: false } })
    expect(story.client({ name, type: 'TXT' })?.rcode).toBe(rcode)
    expect(story.sent).toHaveLength(0)
  })

  test('ipv4only.arpa (RFC 7050) is asked for upstream', () => {
    const story = new Story()
    story.client('ipv4only.arpa')
    expect(story.sent).toHaveLength(1)
  })
})

describe('RFC 6891', () => {
  test('§6.1.1: two OPT records are FORMERR', () => {
    expect(rcodeOf(ask(new Story(), local({ additionals: [rawOpt(), rawOpt()] })))).toBe(1)
  })

  test('§6.1.1: an OPT whose name is not the root is FORMERR', () => {
    const { owner: _, ...opt } = rawOpt()
    expect(rcodeOf(ask(new Story(), local({ additionals: [{ ...opt, owner: [1, 0x61, 0] }] })))).toBe(1)
  })

  test('§6.1.1, §7: who speaks EDNS gets an OPT, who does not gets none', () => {
    expect(optOf(ask(new Story(), local({ additionals: [rawOpt()] })))).not.toBeNull()
    expect(optOf(ask(new Story(), local()))).toBeNull()
  })

  test('§6.1.3: another version is BADVERS', () => {
    const answer = ask(new Story(), local({ additionals: [rawOpt({ version: 1 })] }))!
    expect((optOf(answer) as { extendedRcode?: number } | null)?.extendedRcode).toBe(1)
    expect(rcodeOf(answer)).toBe(0)
  })

  test('§6.2.3: a payload size under 512 is 512', () => {
    const story = new Story()
    story.client({ name: 'ten.test', udpPayloadSize: 100 })
    story.upstream({ answers: Array.from({ length: 20 }, (_, i) => a('ten.test', `198.51.100.${i}`)) })
    expect(story.told()[0]?.answers).toHaveLength(20)
  })

  test('§6.2.6, §7: options are hop by hop: none of a client’s goes up, none of an upstream’s comes down', () => {
    const story = new Story()
    const options = join(hex('0008 0007 0001 18 00 c00002'), hex('000a 0008 0102030405060708'))
    ask(story, rawQuery({ additionals: [rawOpt({ options })] }))
    expect((optOf(story.last().message) as { options?: unknown[] } | null)?.options).toEqual([])
    const answer = rawMessage({
      answers: [{ type: 1, rdata: [192, 0, 2, 1] }],
      additionals: [rawOpt({ options: hex('0003 0002 6162') })],
    })
    answer.set(story.last().message.subarray(0, 2), 0)
    story.deliver(answer)
    expect((optOf(story.answers[0]!.message) as { options?: unknown[] } | null)?.options).toEqual([])
  })

  test.each([
    ['FORMERR', 1],
    ['NOTIMP', 4],
  ])('§7: a server that says %s is asked once more without EDNS', (_, rcode) => {
    const story = new Story()
    story.client('old.test')
    story.upstream({ rcode })
    expect([story.sent.length, story.last().server, optOf(story.last().message)]).toEqual([
      2,
      story.sent[0]!.server,
      null,
    ])
  })
})

test('RFC 7828 §3.2.1: a keepalive option with a time in a query is FORMERR', () => {
  expect(rcodeOf(ask(new Story(), local({ additionals: [rawOpt({ options: hex('000b 0002 0064') })] }), TCP))).toBe(1)
})

test('RFC 7871 §7.1.3, §11: no client’s subnet is ever sent on, so that 50 of them are one question', () => {
  const story = new Story()
  for (let i = 0; i < 50; i++) {
    const options = hex(`0008 0007 0001 18 00 c000${i.toString(16).padStart(2, '0')}`)
    ask(story, rawQuery({ additionals: [rawOpt({ options })] }))
  }
  expect(story.sent).toHaveLength(1)
})

describe('RFC 8767', () => {
  test('§4, §5: a stale answer is never given for a name that has been flagged meanwhile', async () => {
    const { images } = await import('../support/images.ts')
    const policies = [{ categories: ['illegal'] }]
    const story = new Story({ policies, servers: 1, attempts: 1, options: { staleSecondsMax: 86_400 } })
    story.client('www.test')
    story.upstream({ answers: [a('www.test')] })
    story.told()
    story.advance(400_000)
    story.client('www.test')
    story.plane.images = images([{ name: 'www.test', category: 'illegal' }], policies)
    story.advance(1000)
    expect(story.told()[0]?.error?.code).toBe(17)
  })
})

test.each([
  ['IQUERY', 1],
  ['STATUS', 2],
  ['NOTIFY', 4],
  ['UPDATE', 5],
  ['DSO (RFC 8490 §5)', 6],
  ['unknown', 15],
])('RFC 8906 §8: opcode %s is NOTIMP, a header alone, and never forwarded', (_, opcode) => {
  const story = new Story()
  const answer = ask(story, rawQuery({ flags: opcode << 11 }))!
  expect([rcodeOf(answer), answer.length, story.sent.length]).toEqual([4, 12, 0])
})

test.each([
  ['hotline', 15],
  ['legal', 16],
  ['household', 17],
] as const)('RFC 8914 §4: a block of class %s says info code %i', (ruleClass, code) => {
  const policies = [{ categories: ['own'] }]
  const story = new Story({ policies, rules: [{ name: 'bad.test', category: 'own', ruleClass, caseNumber: 'N-1' }] })
  expect(story.client('bad.test')?.error).toEqual({ code, text: 'N-1' })
})

describe('RFC 9520', () => {
  test('§3.1: a failing question is put to servers a bounded number of times', () => {
    const story = new Story({ servers: 2, attempts: 3 })
    story.client('down.test')
    for (let i = 0; i < 20; i++) story.advance(1000)
    expect(story.sent.length).toBeLessThanOrEqual(3)
  })

  test('§3.2: the failure is remembered, at least 1 s', () => {
    const story = new Story({ servers: 1, attempts: 1 })
    story.client('down.test')
    story.advance(1000)
    story.told()
    story.advance(900)
    expect(story.client('down.test')?.rcode).toBe('SERVFAIL')
    expect(story.sent).toHaveLength(1)
  })
})

test.each([
  ['no question', 0],
  ['two questions', 2],
  ['65,535 questions', 65_535],
])('RFC 9619 §4: a query with %s is FORMERR', (_, count) => {
  const story = new Story()
  expect(rcodeOf(ask(story, local({ counts: [count] })))).toBe(1)
  expect(story.sent).toHaveLength(0)
})

test('RFC 9715 §3: never more than 1232 octets over UDP, whatever the client offers, and as much is offered upstream', () => {
  const story = new Story()
  story.client({ name: 'big.test', udpPayloadSize: 65_535 })
  expect((optOf(story.last().message) as { udpPayloadSize?: number } | null)?.udpPayloadSize).toBe(1232)
  story.upstream({ answers: Array.from({ length: 100 }, (_, i) => a('big.test', `198.51.100.${i}`)) })
  const told = story.answers[0]!.message
  expect([told.length <= 1232, (flagsOf(told) & FLAGS.tc) !== 0]).toEqual([true, true])
})

describe('RFC 9267', () => {
  const rows: readonly (readonly [string, Parameters<typeof rawMessage>[0]])[] = [
    ['§2: a name without end', { answers: [{ owner: [63], type: 1, rdata: [1, 2, 3, 4] }] }],
    ['§3: a label length of 64', { answers: [{ owner: [64, 0], type: 1, rdata: [1, 2, 3, 4] }] }],
    ['§5: an RDLENGTH past the end', { answers: [{ type: 1, rdata: [1, 2, 3, 4], rdlength: 5000 }] }],
    ['§5: an A of three octets', { answers: [{ type: 1, rdata: [1, 2, 3] }] }],
    [
      '§6: more records in the header than in the message',
      { answers: [{ type: 1, rdata: [1, 2, 3, 4] }], counts: [1, 9] },
    ],
    ['a SOA without its numbers', { flags: 0x8183, authorities: [{ type: 6, rdata: soaRdata(60).subarray(0, 12) }] }],
  ]
  test.each(rows)('%s: the message is passed over, the right one is waited for', (_, message) => {
    const story = new Story()
    expect(forwarded(message, {}, story)).toBeNull()
    const right = rawMessage({ answers: [{ type: 1, rdata: [192, 0, 2, 1] }] })
    right.set(story.last().message.subarray(0, 2), 0)
    story.deliver(right)
    expect(read(story.answers[0]!.message).answers).toEqual(['example.test 300 A 192.0.2.1'])
  })
})

describe('ways round a block', () => {
  const policies = [{ categories: ['illegal'] }]
  const rules = [{ name: 'bad.test', category: 'illegal', ruleClass: 'hotline' as const }]
  const NAMES = ['bad.test', 'BAD.TEST', 'bAd.TeSt', 'www.bad.test', 'a.b.c.d.bad.test', '_dns.bad.test', '*.bad.test']
  const TYPES = [1, 28, 15, 16, 65, 64, 255, 2, 6, 5, 39, 12, 10, 4711]
  const forms = NAMES.flatMap(name => TYPES.map(type => ({ name, type })))

  test.each([UDP, TCP])(
    `${forms.length} forms of a flagged name, cold and warm, over transport %i: the verdict is the same`,
    transport => {
      const story = new Story({ policies, rules })
      for (const round of ['cold', 'warm'])
        for (const { name, type } of forms) {
          const asked = rawQuery({ name: labels(...name.split('.')), type, additionals: [rawOpt()] })
          expect(read(ask(story, asked, transport)).error?.code, `${round} ${name} ${type}`).toBe(15)
        }
      expect(story.sent).toHaveLength(0)
    },
  )

  test('names that only look like it are not blocked', () => {
    const story = new Story({ policies, rules })
    for (const name of [
      labels('notbad', 'test'),
      labels('bad.test'),
      labels('bad', 'test', 'com'),
      labels('bad\0', 'test'),
    ])
      ask(story, rawQuery({ name }))
    expect(story.sent).toHaveLength(4)
  })

  test('two households ask for the same name a thousand times, one by one: each gets its own verdict', () => {
    const own = new Story({
      policies: [{ categories: [] }, { categories: ['illegal'], clients: ['10.2.0.0/16'] }],
      rules,
    })
    own.client('bad.test')
    own.upstream({ answers: [a('bad.test')] })
    own.told()
    for (let i = 0; i < 1000; i++) {
      expect(own.client('bad.test', '192.0.2.1')?.answers).toEqual(['bad.test 300 A 198.51.100.1'])
      expect(own.client('bad.test', '10.2.0.1')?.error?.code).toBe(15)
    }
  })

  test('an alias to it is no way either', () => {
    const story = new Story({ policies, rules })
    story.client('way.test')
    story.upstream({ answers: [cname('way.test', 'bad.test'), a('bad.test')] })
    expect(story.told()[0]?.error?.code).toBe(15)
  })
})

test('the odds of guessing: ids are spread over their whole range, no two neighbours in a row', () => {
  const story = new Story()
  for (let i = 0; i < 300; i++) story.client(`n${i}.test`)
  const ids = story.sent.map(({ message }) => packet.decode(Buffer.from(message)).id ?? 0)
  expect(new Set(ids).size).toBeGreaterThan(290)
  expect(ids.filter((id, i) => i > 0 && Math.abs(id - ids[i - 1]!) === 1).length).toBeLessThan(20)
})
