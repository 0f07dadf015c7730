/**
 * Addresses in feeds: as octets, and as the answer that a rule asks for.
 *
 * Lists answer with 0.0.0.0, ::, 127.0.0.1 or ::1 where they mean no more than "blocked"; how that is answered, the configuration says. Any
 * other address is taken at its word. Details are shared between the rules that have the same addresses, so that a line costs no object.
 */
import { addressOctets } from '../wire/address-text.ts'
import type { EntryDetail, GivenAddresses } from './entry.ts'

export const NXDOMAIN: EntryDetail = Object.freeze({ answer: 'nxdomain' })
export const NODATA: EntryDetail = Object.freeze({ answer: 'nodata' })
/** Blocked, and nothing said of the answer: it is the configuration's. */
export const AS_CONFIGURED = null
export const REFUSED: EntryDetail = Object.freeze({ answer: 'refused' })
export const DROP: EntryDetail = Object.freeze({ answer: 'drop' })

/** Different sets of addresses that are remembered; a feed with more makes an object for each further rule. */
const REMEMBERED_MAX = 1000

export class AddressAnswers {
  private readonly remembered = new Map<string, EntryDetail | null>()

  /** The detail for addresses in text form, all of them valid. */
  detailFor(addresses: readonly string[]): EntryDetail | null {
    const key = addresses.join(' ')
    const known = this.remembered.get(key)
    if (known !== undefined) return known
    const detail = addresses.every(isNowhere) ? AS_CONFIGURED : Object.freeze({ answer: givenBy(addresses) })
    if (this.remembered.size < REMEMBERED_MAX) this.remembered.set(key, detail)
    return detail
  }
}

/** Whether an address, in valid text form, is unspecified or loopback. */
export function isNowhere(address: string): boolean {
  const octets = addressOctets(address)
  if (octets.length === 4) return octets[0] === 127 || octets.every(octet => octet === 0)
  return octets.subarray(0, 15).every(octet => octet === 0) && octets[15]! <= 1
}

function givenBy(addresses: readonly string[]): GivenAddresses {
  const octets = addresses.map(addressOctets)
  return Object.freeze({
    ipv4: octets.filter(found => found.length === 4),
    ipv6: octets.filter(found => found.length === 16),
  })
}
