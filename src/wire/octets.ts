/** Numbers as messages have them: big-endian, unsigned (RFC 1035 §2.3.2). Callers have checked that the octets are there. */

export function u16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 8) | bytes[offset + 1]!
}

export function u32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0
}

export function putU16(bytes: Uint8Array, offset: number, value: number): number {
  bytes[offset] = value >>> 8
  bytes[offset + 1] = value
  return offset + 2
}

export function putU32(bytes: Uint8Array, offset: number, value: number): number {
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
  return offset + 4
}

/** Copies octets without making a view of them, as `set` would. */
export function copyOctets(from: Uint8Array, fromAt: number, to: Uint8Array, toAt: number, length: number): number {
  let i = 0
  for (const most = (length - 3) | 0; i < most; i = (i + 4) | 0) {
    to[(toAt + i) | 0] = from[(fromAt + i) | 0]!
    to[(toAt + i + 1) | 0] = from[(fromAt + i + 1) | 0]!
    to[(toAt + i + 2) | 0] = from[(fromAt + i + 2) | 0]!
    to[(toAt + i + 3) | 0] = from[(fromAt + i + 3) | 0]!
  }
  for (; i < length; i = (i + 1) | 0) to[(toAt + i) | 0] = from[(fromAt + i) | 0]!
  return (toAt + length) | 0
}
