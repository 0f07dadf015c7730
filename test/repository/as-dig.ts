/** A reply in the words of dig, as far as the README shows them: everything but the id, the times and the server. */
import type { DecodedPacket } from 'dns-packet'
import type { Reply } from './sample-server.ts'

const FLAGS = ['qr', 'aa', 'tc', 'rd', 'ra', 'ad', 'cd'] as const
const EDE = 15
const EDE_NAMES: Readonly<Record<number, string>> = { 15: 'Blocked', 16: 'Censored', 17: 'Filtered' }

export function asDig({ octets, packet }: Reply): string {
  const flags = FLAGS.filter(flag => packet[`flag_${flag}`])
  // dns-packet decodes these two, and its types do not know.
  const { opcode, rcode } = packet as unknown as Readonly<Record<'opcode' | 'rcode', string>>
  const { questions = [], answers = [], authorities = [], additionals = [] } = packet
  const counts = `QUERY: ${questions.length}, ANSWER: ${answers.length}, AUTHORITY: ${authorities.length}, ADDITIONAL: ${additionals.length}`
  return [
    `;; ->>HEADER<<- opcode: ${opcode}, status: ${rcode}`,
    `;; flags: ${flags.join(' ')}; ${counts}`,
    ...additionals.flatMap(own => (own.type === 'OPT' ? optLines(own as unknown as Opt) : [`unexpected ${own.type}`])),
    ';; QUESTION SECTION:',
    ...questions.map(own => `;${own.name}. ${own.class} ${own.type}`),
    ...(answers.length === 0 ? [] : [';; ANSWER SECTION:', ...answers.map(recordLine)]),
    ...(authorities.length === 0 ? [] : [';; AUTHORITY SECTION:', ...authorities.map(recordLine)]),
    `;; MSG SIZE rcvd: ${octets}`,
  ].join('\n')
}

interface Opt {
  readonly udpPayloadSize: number
  readonly options: readonly { readonly code: number; readonly data: Buffer }[]
}

function optLines({ udpPayloadSize, options }: Opt): string[] {
  const errors = options.map(({ code, data }) => {
    if (code !== EDE) return `; unexpected option ${code}`
    const info = data.readUInt16BE(0)
    return `; EDE: ${info} (${EDE_NAMES[info]}): (${data.subarray(2).toString()})`
  })
  return [';; OPT PSEUDOSECTION:', `; EDNS: version: 0, flags:; udp: ${udpPayloadSize}`, ...errors]
}

function recordLine(record: NonNullable<DecodedPacket['answers']>[number]): string {
  const { name, ttl, class: qclass, type, data } = record as unknown as Record<string, unknown>
  return `${name}. ${ttl} ${qclass} ${type} ${data}`
}

/** What the README prints, in the same form: blanks as one, blank lines and the id left out. */
export function asPrinted(block: string): string {
  const lines = block.split('\n').map(line => line.trim().replace(/\s+/g, ' '))
  return lines
    .filter(line => line !== '')
    .map(line => line.replace(/, id: \d+$/, ''))
    .join('\n')
}
