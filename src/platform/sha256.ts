/** SHA-256 as the product writes it down: in hexadecimal. */
import { createHash } from 'node:crypto'

/** Of octets, or of a text as UTF-8. */
export function sha256Of(contents: string | Uint8Array): string {
  return createHash('sha256').update(contents).digest('hex')
}
