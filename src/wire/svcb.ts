/**
 * Data plane. RDATA of SVCB and HTTPS records (RFC 9460 §2.2): what must be sound before it is passed on, and the addresses that it hints at.
 *
 *     priority (2) │ target name, never compressed │ parameters: key (2) │ octets (2) │ value
 */
import * as fromName from './name.ts'
import * as fromOctets from './octets.ts'
import * as fromPrivateAddress from './private-address.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { LABEL_OCTETS_MAX, NAME_OCTETS_MAX } = fromName
const { u16 } = fromOctets
const { isPrivateIpv4, isPrivateIpv6 } = fromPrivateAddress

const PRIORITY_OCTETS = 2
export const PARAMETER_HEADER_OCTETS = 4
export const IPV4_HINT = 4
export const IPV6_HINT = 6
/** RDATA that is not sound. */
export const BAD_SVCB = -1

/** Where the parameters begin in RDATA `bytes[at, end)`; BAD_SVCB where the target is no whole name without pointers, or the parameters do not fill the rest. */
export function parametersAt(bytes: Uint8Array, at: number, end: number): number {
  const first = targetEnd(bytes, at + PRIORITY_OCTETS, end)
  if (first === BAD_SVCB) return BAD_SVCB
  let offset = first
  while (offset < end) {
    if (offset + PARAMETER_HEADER_OCTETS > end) return BAD_SVCB
    offset += PARAMETER_HEADER_OCTETS + u16(bytes, offset + 2)
  }
  return offset === end ? first : BAD_SVCB
}

function targetEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let offset = at; offset < end && offset - at < NAME_OCTETS_MAX; ) {
    const length = bytes[offset]!
    if (length === 0) return offset + 1
    if (length > LABEL_OCTETS_MAX) return BAD_SVCB
    offset += length + 1
  }
  return BAD_SVCB
}

/** Whether sound parameters in `bytes[at, end)` hint at an address of a private network. */
export function hintsAtPrivate(bytes: Uint8Array, at: number, end: number): boolean {
  for (let offset = at; offset < end; ) {
    const key = u16(bytes, offset)
    const value = offset + PARAMETER_HEADER_OCTETS
    offset = value + u16(bytes, offset + 2)
    if (key === IPV4_HINT && anyPrivate(bytes, value, offset, 4)) return true
    if (key === IPV6_HINT && anyPrivate(bytes, value, offset, 16)) return true
  }
  return false
}

function anyPrivate(bytes: Uint8Array, at: number, end: number, octets: 4 | 16): boolean {
  for (let offset = at; offset + octets <= end; offset += octets) {
    if (octets === 4 ? isPrivateIpv4(bytes, offset) : isPrivateIpv6(bytes, offset)) return true
  }
  return false
}
