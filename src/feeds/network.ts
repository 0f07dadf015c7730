/** Networks of addresses as rules have them (`Network`), from text and to text. */
import { addressOctets, addressText } from '../wire/address-text.ts'
import type { Network } from './entry.ts'

const MAPPED_BITS = 96
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const

/** An address (what others have checked to be one) in 16 octets, IPv4 below ::ffff:0:0/96. */
export function wideOctets(address: string): Uint8Array {
  const octets = addressOctets(address)
  return octets.length === 4 ? Uint8Array.from([...MAPPED, ...octets]) : octets
}

/** Whether a network has an address of 16 octets. */
export function isWithin(address: Uint8Array, { octets, bits }: Pick<Network, 'octets' | 'bits'>): boolean {
  return octets.every(
    (octet, i) => ((octet ^ address[i]!) & (0xff00 >> Math.max(0, Math.min(8, bits - 8 * i))) & 0xff) === 0,
  )
}

/** `192.0.2.0/24`, `2001:db8::/32` (RFC 5952). */
export function networkText({ octets, bits }: Pick<Network, 'octets' | 'bits'>): string {
  const isIpv4 = bits >= MAPPED_BITS && MAPPED.every((octet, i) => octets[i] === octet)
  return isIpv4 ? `${addressText(octets.subarray(12))}/${bits - MAPPED_BITS}` : `${addressText(octets)}/${bits}`
}

/** What `networkText` wrote. */
export function networkFromText(text: string, of: Network['of']): Network {
  const [address = '', length] = text.split('/')
  const isIpv4 = !address.includes(':')
  return { of, octets: wideOctets(address), bits: Number(length) + (isIpv4 ? MAPPED_BITS : 0) }
}
