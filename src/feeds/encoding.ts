/**
 * From whatever Unicode encoding a feed has to UTF-8.
 *
 * Owns: telling UTF-8 from UTF-16 in both orders, by the byte order mark or, where there is none, by the zero octets that ASCII text has
 * in UTF-16. UTF-8 passes through untouched and unchecked: readers find an invalid sequence where it matters, in a rule.
 */

export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be'] as const
export type Encoding = (typeof ENCODINGS)[number]

/** How much of the beginning is looked at for zero octets. */
const SAMPLE_OCTETS = 2048

export function detectEncoding(head: Uint8Array): Encoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  const pairs = Math.min(head.length, SAMPLE_OCTETS) >> 1
  let zerosFirst = 0
  let zerosSecond = 0
  for (let i = 0; i < pairs; i++) {
    if (head[2 * i] === 0) zerosFirst++
    if (head[2 * i + 1] === 0) zerosSecond++
  }
  // In Latin text every other octet is zero; comments in other scripts bring the share down, but not below a half.
  if (pairs >= 2 && zerosSecond * 2 > pairs && zerosFirst * 10 < pairs) return 'utf-16le'
  if (pairs >= 2 && zerosFirst * 2 > pairs && zerosSecond * 10 < pairs) return 'utf-16be'
  return 'utf-8'
}

/** Octets in, UTF-8 out. What `push` returns is overwritten by the next call. */
export interface Transcoder {
  push(bytes: Uint8Array): Uint8Array
  finish(): Uint8Array
}

export function transcoderFor(encoding: Encoding): Transcoder {
  return encoding === 'utf-8' ? new PassThrough() : new FromUtf16(encoding)
}

class PassThrough implements Transcoder {
  push(bytes: Uint8Array): Uint8Array {
    return bytes
  }

  finish(): Uint8Array {
    return new Uint8Array(0)
  }
}

/** Half a surrogate pair becomes U+FFFD, which no name may hold, so that the line it is in fails and no other. */
class FromUtf16 implements Transcoder {
  private readonly decoder: TextDecoder
  private readonly encoder = new TextEncoder()
  private out = new Uint8Array(0)

  constructor(encoding: 'utf-16le' | 'utf-16be') {
    this.decoder = new TextDecoder(encoding)
  }

  push(bytes: Uint8Array): Uint8Array {
    return this.encode(this.decoder.decode(bytes, { stream: true }))
  }

  finish(): Uint8Array {
    return this.encode(this.decoder.decode())
  }

  private encode(text: string): Uint8Array {
    // A UTF-16 unit takes at most three octets in UTF-8.
    if (this.out.length < text.length * 3) this.out = new Uint8Array(text.length * 3)
    return this.out.subarray(0, this.encoder.encodeInto(text, this.out).written)
  }
}
