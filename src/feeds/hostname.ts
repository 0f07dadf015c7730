/**
 * A host name as feeds write it, to a name in wire form.
 *
 * Owns: what may stand in a list as a host name, and the sentence that says why something may not.
 * Names of ASCII letters, digits, hyphens and underscores, nearly all of them, go through `plainName` octet by octet; what that refuses
 * is looked at a second time as a string, for an internationalised name (UTS 46) or for the reason.
 * Convention: functions return the octets written to `out` or a negative constant, whose sentence `problemText` gives.
 */
import { Buffer } from 'node:buffer'
import { isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { LABEL_OCTETS_MAX, NAME_OCTETS_MAX } from '../wire/name.ts'
import { textOf } from './octet-text.ts'

export const NO_NAME = -1
export const THE_ROOT = -2
export const EMPTY_LABEL = -3
export const LONG_LABEL = -4
export const LONG_NAME = -5
export const AN_ADDRESS = -6
export const NUMERIC_END = -7
export const BAD_CHARACTER = -8
export const A_WILDCARD = -9
export const A_PORT = -10
export const A_URL = -11
export const A_SPACE = -12
export const NOT_UTF8 = -13
export const BAD_IDN = -14
export const TOP_LEVEL = -15

const PROBLEMS: readonly string[] = [
  '',
  'no name',
  'the root of all names',
  'an empty label',
  `a label over ${LABEL_OCTETS_MAX} octets`,
  `a name over ${NAME_OCTETS_MAX} octets`,
  'an address, not a name',
  'a name that ends in a number',
  'a character that no host name has',
  'a wildcard that is not the whole first label',
  'a port behind the name',
  'a URL, not a name',
  'a space inside the name',
  'not valid UTF-8',
  'not a valid internationalised name',
  'a top-level domain',
]

export function problemText(problem: number): string {
  return PROBLEMS[-problem] ?? 'not a name'
}

const DOT = 1
/** Each octet of a host name to itself in lower case, the dot to 1, every other octet to 0. */
const NAME_OCTETS: Uint8Array = nameOctets()

function nameOctets(): Uint8Array {
  const table = new Uint8Array(256)
  for (const octet of Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789-_')) table[octet] = octet
  for (const octet of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ')) table[octet] = octet + 0x20
  table[0x2e] = DOT
  return table
}

/** The host name `bytes[at, end)`, blanks around it already trimmed. `out` has room for 255 octets. */
export function hostname(bytes: Uint8Array, at: number, end: number, out: Uint8Array): number {
  const length = plainName(bytes, at, end, out)
  if (length > 0 && !endsInNumber(out, length)) return length
  const text = textOf(bytes, at, end)
  return text === null ? NOT_UTF8 : fromText(text, out)
}

/** The same for a string, blanks around it trimmed here. */
export function hostnameFromText(text: string, out: Uint8Array): number {
  const name = text.trim()
  const bytes = Buffer.from(name, 'utf8')
  return hostname(bytes, 0, bytes.length, out)
}

/**
 * A name of plain ASCII labels with or without a final dot, folded to lower case. `NO_NAME` where there is anything else, without
 * saying what. Does not look at whether it could be an address.
 */
export function plainName(bytes: Uint8Array, at: number, end: number, out: Uint8Array): number {
  if (end - at > NAME_OCTETS_MAX - 1) return NO_NAME
  let lengthAt = 0
  let write = 1
  for (let i = at; i < end; i++) {
    const octet = NAME_OCTETS[bytes[i]!]!
    if (octet > DOT) {
      out[write++] = octet
      continue
    }
    const length = write - lengthAt - 1
    if (octet !== DOT || length === 0 || length > LABEL_OCTETS_MAX) return NO_NAME
    out[lengthAt] = length
    lengthAt = write++
  }
  const length = write - lengthAt - 1
  if (length > LABEL_OCTETS_MAX || write === 1) return NO_NAME
  out[lengthAt] = length
  if (length === 0) return write
  if (write >= NAME_OCTETS_MAX) return NO_NAME
  out[write] = 0
  return write + 1
}

/** Whether there is only one label above the root. */
export function isTopLevel(name: Uint8Array, length: number): boolean {
  return name[0]! + 2 === length
}

/** A last label of digits, or `0x` and hexadecimal digits: clients read such a "name" as an IPv4 address (URL Standard §3.5). */
export function endsInNumber(name: Uint8Array, length: number): boolean {
  // Its last octet is a digit, a letter up to `f`, or the `x` itself: half of all names are told apart by that.
  const last = name[length - 2]!
  if (last > 0x66 && last !== 0x78) return false
  let labelAt = 0
  for (let next = 0; next < length - 1; next += name[next]! + 1) labelAt = next
  const end = labelAt + 1 + name[labelAt]!
  const first = name[labelAt + 1]!
  if (first < 0x30 || first > 0x39) return false
  return isNumber(Buffer.from(name.subarray(labelAt + 1, end)).toString('latin1'))
}

function isNumber(label: string): boolean {
  return /^(?:\d+|0x[0-9a-f]*)$/i.test(label)
}

function fromText(text: string, out: Uint8Array): number {
  const problem = problemOf(text)
  if (problem !== 0) return problem
  const ascii = isAscii(text) ? text : domainToASCII(text)
  if (ascii === '') return BAD_IDN
  const bytes = Buffer.from(ascii, 'latin1')
  const length = plainName(bytes, 0, bytes.length, out)
  if (length > 0) return endsInNumber(out, length) ? numericProblem(ascii) : length
  return lengthProblem(ascii)
}

/** What the text itself shows to be no name; 0 when only its lengths are left to see. */
function problemOf(text: string): number {
  if (text === '') return NO_NAME
  if (text === '.') return THE_ROOT
  if (isIPv6(text.replace(/^\[(.*)\]$/, '$1')) || isAddressRange(text)) return AN_ADDRESS
  if (text.includes('/')) return A_URL
  if (/[^\S\ufeff]/.test(text)) return A_SPACE
  if (text.includes('*')) return A_WILDCARD
  if (/^[^:]+:\d*$/.test(text)) return A_PORT
  return /[^\w.\-\u0080-\u{10ffff}]/u.test(text) ? BAD_CHARACTER : 0
}

function isAddressRange(text: string): boolean {
  const [address, bits, ...rest] = text.split('/')
  if (bits === undefined || rest.length > 0 || !/^\d{1,3}$/.test(bits)) return false
  return isIPv6(address!) || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(address!)
}

function numericProblem(ascii: string): number {
  const labels = ascii.replace(/\.$/, '').split('.')
  return labels.length <= 4 && labels.every(isNumber) ? AN_ADDRESS : NUMERIC_END
}

function lengthProblem(ascii: string): number {
  const labels = ascii.replace(/\.$/, '').split('.')
  if (labels.some(label => label === '')) return EMPTY_LABEL
  if (labels.some(label => label.length > LABEL_OCTETS_MAX)) return LONG_LABEL
  return ascii.length >= NAME_OCTETS_MAX - 1 ? LONG_NAME : BAD_CHARACTER
}

function isAscii(text: string): boolean {
  return !/[\u0080-\u{10ffff}]/u.test(text)
}
