/** IP addresses from text to octets in network order, and back. Imports nothing: whether a text is an address at all, others have checked. */

/** The octets of an IP literal in network order: 4 or 16. Throws TypeError for anything else. */
export function addressOctets(address: string): Uint8Array {
  return address.includes(':') ? ipv6Octets(address) : ipv4Octets(address)
}

/** 4 or 16 octets as text (RFC 5952 §4). */
export function addressText(octets: Uint8Array): string {
  return octets.length === 4 ? octets.join('.') : ipv6Text(octets)
}

function ipv4Octets(address: string): Uint8Array {
  const parts = address.split('.').map(Number)
  if (parts.length !== 4 || parts.some(part => !(part >= 0 && part <= 255)))
    throw new TypeError(`not an IP address: ${address}`)
  return Uint8Array.from(parts)
}

function ipv6Octets(address: string): Uint8Array {
  const [bare = ''] = address.split('%')
  const [head = '', tail] = bare.split('::')
  const words = (text: string | undefined) =>
    text === undefined || text === '' ? [] : text.split(':').flatMap(ipv6Words)
  const before = words(head)
  const after = words(tail)
  const zeroes = tail === undefined ? 0 : 8 - before.length - after.length
  const octets = new Uint8Array(16)
  ;[...before, ...new Array<number>(zeroes).fill(0), ...after].forEach((word, i) => {
    octets[2 * i] = word >>> 8
    octets[2 * i + 1] = word & 0xff
  })
  return octets
}

function ipv6Words(part: string): number[] {
  if (!part.includes('.')) return [Number.parseInt(part, 16)]
  const [a = 0, b = 0, c = 0, d = 0] = ipv4Octets(part)
  return [(a << 8) | b, (c << 8) | d]
}

function ipv6Text(octets: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => ((octets[2 * i]! << 8) | octets[2 * i + 1]!).toString(16))
  const runs = words.map((_, from) => words.slice(from).findIndex(word => word !== '0'))
  const lengths = runs.map((run, from) => (run < 0 ? 8 - from : run))
  const longest = Math.max(...lengths)
  if (longest < 2) return words.join(':')
  const from = lengths.indexOf(longest)
  return `${words.slice(0, from).join(':')}::${words.slice(from + longest).join(':')}`
}
