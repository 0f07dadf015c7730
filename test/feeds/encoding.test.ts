import { describe, expect, test } from 'vitest'
import { detectEncoding, type Encoding, transcoderFor } from '../../src/feeds/encoding.ts'
import { readOctets } from './recorder.ts'

const text = '# тізім\nbad.example\nқалқан.example\n'

function utf16(from: string, order: 'le' | 'be', mark: boolean): Buffer {
  const octets = Buffer.from((mark ? '\ufeff' : '') + from, 'utf16le')
  return order === 'le' ? octets : octets.swap16()
}

const rows: [what: string, octets: Uint8Array, encoding: Encoding][] = [
  ['UTF-8', Buffer.from(text), 'utf-8'],
  ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`), 'utf-8'],
  ['UTF-16 little-endian with a mark', utf16(text, 'le', true), 'utf-16le'],
  ['UTF-16 big-endian with a mark', utf16(text, 'be', true), 'utf-16be'],
  ['UTF-16 little-endian without a mark', utf16(text, 'le', false), 'utf-16le'],
  ['UTF-16 big-endian without a mark', utf16(text, 'be', false), 'utf-16be'],
]

describe('encodings', () => {
  for (const [what, octets, encoding] of rows) {
    test(`${what} is seen to be ${encoding}`, () => expect(detectEncoding(octets)).toBe(encoding))
    test(`${what}: the names are the same`, () =>
      expect(readOctets(octets, { format: 'domains' })).toMatchObject({
        rules: ['bad.example', 'xn--80aa6aj08bc.example'],
        lines: [2, 3],
        bads: [],
      }))
    test(`${what}, a few octets at a time`, () =>
      expect(readOctets(octets, { format: 'domains' }, 31).rules).toEqual(['bad.example', 'xn--80aa6aj08bc.example']))
  }

  test('a few zero octets do not make a file UTF-16', () => {
    expect(detectEncoding(Buffer.from('bad.example\n\0\nother.example\n'))).toBe('utf-8')
    expect(detectEncoding(Buffer.alloc(0))).toBe('utf-8')
  })

  test('a character that two chunks share comes out whole', () => {
    const transcoder = transcoderFor('utf-16le')
    const octets = utf16('😀ж', 'le', false)
    const parts = [...octets].map(octet => Buffer.from(transcoder.push(Uint8Array.of(octet))))
    expect(Buffer.concat([...parts, Buffer.from(transcoder.finish())]).toString()).toBe('😀ж')
  })

  test('an odd octet at the end costs nothing but itself', () => {
    const octets = Buffer.concat([utf16('bad.example\n', 'le', true), Buffer.of(0x41)])
    expect(readOctets(octets, { format: 'domains' })).toMatchObject({
      rules: ['bad.example'],
      bads: ['2: not a valid internationalised name'],
    })
  })

  test('invalid UTF-8 is harmless in a comment and a bad line in a rule', () => {
    const octets = Buffer.from('# caf\xe9\nbad.example # \xff\nb\xe9d.example\nlast.example\n', 'latin1')
    expect(readOctets(octets, { format: 'domains' })).toMatchObject({
      rules: ['bad.example', 'last.example'],
      bads: ['3: not valid UTF-8'],
    })
  })
})
