/** Parts that messages about zones are put together from. */
import { nameFromText } from '../../wire/name.ts'

/** A name that the settings have checked, in wire form and folded. */
export function wireName(text: string): Buffer {
  const octets = Buffer.alloc(256)
  return octets.subarray(0, nameFromText(text, octets))
}

/** Numbers of 16 bits, one behind the other. */
export function words(...values: readonly number[]): Buffer {
  const octets = Buffer.alloc(2 * values.length)
  for (const [i, value] of values.entries()) octets.writeUInt16BE(value, 2 * i)
  return octets
}
