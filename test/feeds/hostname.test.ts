import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { endsInNumber, hostname, hostnameFromText, isTopLevel, problemText } from '../../src/feeds/hostname.ts'
import { nameFromText, nameToText } from '../../src/wire/name.ts'

function read(text: string | Uint8Array): string {
  const out = new Uint8Array(256)
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  const length = hostname(bytes, 0, bytes.length, out)
  return length < 0 ? `! ${problemText(length)}` : nameToText(out.slice(0, length))
}

const label63 = 'a'.repeat(63)
const text253 = [label63, label63, label63, 'a'.repeat(61)].join('.')

const rows: [text: string, name: string][] = [
  ['bad.example', 'bad.example'],
  ['BAD.Example', 'bad.example'],
  ['bad.example.', 'bad.example'],
  ['a_b.-c-.example', 'a_b.-c-.example'],
  ['_dmarc.example', '_dmarc.example'],
  ['com', 'com'],
  ['xn--90asrj3h1y.example', 'xn--90asrj3h1y.example'],
  ['1.example', '1.example'],
  ['example.0xyz', 'example.0xyz'],
  ['қалқан.example', 'xn--80aa6aj08bc.example'],
  ['ҚАЛҚАН.example', 'xn--80aa6aj08bc.example'],
  ['faß.example', 'xn--fa-hia.example'],
  ['bad。example', 'bad.example'],
  ['ｂａｄ.example', 'bad.example'],
  ['\ufeffbad.example', 'bad.example'],
  ['bad\u00ad.example', 'bad.example'],
  [`${label63}.example`, `${label63}.example`],
  [text253, text253],
  [`${text253}.`, text253],
  ['', '! no name'],
  ['.', '! the root of all names'],
  ['..', '! an empty label'],
  ['bad..example', '! an empty label'],
  ['.bad.example', '! an empty label'],
  [`${label63}a.example`, '! a label over 63 octets'],
  [`a${text253}`, '! a label over 63 octets'],
  [`a.${text253}`, '! a name over 255 octets'],
  [`${text253}a`, '! a name over 255 octets'],
  ['192.0.2.1', '! an address, not a name'],
  ['192.0.2.1.', '! an address, not a name'],
  ['0xc0.0.2.1', '! an address, not a name'],
  ['3221225985', '! an address, not a name'],
  ['0x7f000001', '! an address, not a name'],
  ['192.0.2.0/24', '! an address, not a name'],
  ['2001:db8::1', '! an address, not a name'],
  ['[2001:db8::1]', '! an address, not a name'],
  ['2001:db8::/32', '! an address, not a name'],
  ['１９２.0.2.1', '! an address, not a name'],
  ['bad.example.7', '! a name that ends in a number'],
  ['1.2.3.4.5', '! a name that ends in a number'],
  ['bad.0x1f', '! a name that ends in a number'],
  ['*.bad.example', '! a wildcard that is not the whole first label'],
  ['b*d.example', '! a wildcard that is not the whole first label'],
  ['bad.example:80', '! a port behind the name'],
  ['https://bad.example', '! a URL, not a name'],
  ['bad.example/page', '! a URL, not a name'],
  ['bad .example', '! a space inside the name'],
  ['bad\u00a0.example', '! a space inside the name'],
  ['bad!.example', '! a character that no host name has'],
  ['bad\0.example', '! a character that no host name has'],
  ['b%61d.example', '! a character that no host name has'],
  ['bad\\.example', '! a character that no host name has'],
  ['ex／ample.example', '! not a valid internationalised name'],
  ['\ufffd.example', '! not a valid internationalised name'],
  ['xn--a.қалқан.example', '! not a valid internationalised name'],
]

describe('a host name in a list', () => {
  for (const [text, name] of rows)
    test(`${JSON.stringify(text).slice(0, 40)} is ${name.slice(0, 60)}`, () => expect(read(text)).toBe(name))

  test('octets that are not UTF-8 are no name', () => {
    expect(read(Uint8Array.of(0x61, 0xff, 0x2e, 0x62))).toBe('! not valid UTF-8')
  })

  test('a string is read as its octets are, blanks around it aside', () => {
    const out = new Uint8Array(256)
    expect(nameToText(out.slice(0, hostnameFromText('  Bad.example ', out)))).toBe('bad.example')
    expect(problemText(hostnameFromText('192.0.2.1', out))).toBe('an address, not a name')
  })
})

test('any ASCII name of proper labels is read as the DNS reads it', () => {
  const label = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/)
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 6 }), labels => {
      const text = labels.join('.')
      const [a, b] = [new Uint8Array(256), new Uint8Array(600)]
      const bytes = Buffer.from(text)
      const length = hostname(bytes, 0, bytes.length, a)
      const end = nameFromText(text, b)
      if (text.length > 253) return length < 0
      return length === end && nameToText(a.slice(0, length)) === nameToText(b.slice(0, end))
    }),
  )
})

test('whatever the text, what is taken for a name is one: bounded, lower case, no address', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.domain(), fc.ipV4(), fc.ipV6()), text => {
      const out = new Uint8Array(256)
      const length = hostnameFromText(text, out)
      if (length < 0) return problemText(length) !== 'not a name'
      return (
        length <= 255 &&
        out[length - 1] === 0 &&
        !endsInNumber(out, length) &&
        !/[A-Z*]/.test(nameToText(out.slice(0, length)))
      )
    }),
    { numRuns: 2000 },
  )
})

test('a name of one label is a top-level domain, with a final dot as well', () => {
  const out = new Uint8Array(256)
  for (const [text, top] of [
    ['com', true],
    ['com.', true],
    ['a.com', false],
  ] as const)
    expect(isTopLevel(out, hostnameFromText(text, out))).toBe(top)
})
