/** The seeds, messages in hexadecimal with a word on each, from `seeds/<target>.txt`: what fuzzing starts from, and every test run tries. */
import { readFileSync } from 'node:fs'

/** Each line is `octets # what it is`; spaces in the octets and empty lines mean nothing. Throws TypeError for a line that is no hexadecimal. */
export function seedsOf(target: string): Uint8Array[] {
  const text = readFileSync(new URL(`seeds/${target}.txt`, import.meta.url), 'utf8')
  const lines = text.split('\n').map(line => line.replace(/#.*$/, '').replaceAll(/\s/g, ''))
  return lines
    .filter(line => line !== '')
    .map(line => {
      if (!/^([0-9a-f]{2})+$/.test(line)) throw new TypeError(`seeds/${target}.txt: not octets: ${line.slice(0, 40)}`)
      return new Uint8Array(Buffer.from(line, 'hex'))
    })
}
