/** Templates and certificates of the pages: files that a configuration names. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemEnvironment } from '../../src/settings/environment.ts'
import { loadSettings } from '../../src/settings/load.ts'
import { EXPIRED, FIRST, SECOND } from '../support/certificates.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qalqan-pages-'))
  mkdirSync(join(folder, 'page'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const put = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content)

const HEAD = 'listen: [127.0.0.1:5300]\nupstreams: [192.0.2.53]\n'

function load(text: string) {
  put('qalqan.yaml', `${HEAD}${text}`)
  return loadSettings(join(folder, 'qalqan.yaml'), systemEnvironment())
}

function problemsOf(text: string): string[] {
  const loaded = load(text)
  return 'problems' in loaded ? loaded.problems.map(problem => problem.message.replaceAll(folder, '.')) : []
}

describe('templates', () => {
  test('go before the words of the configuration, language by language', () => {
    put('page/legal.kk.txt', '\uFEFF {site}: {case}\n\nЕкінші.\n')
    put('page/notes.md', 'not a template')
    const loaded = load('block_page: { templates: page, legal: { explanation: { kk: a, ru: b } } }\n')
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems))
    expect(loaded.settings.blockPage.classes.legal.explanation).toEqual({
      kk: '{site}: {case}\n\nЕкінші.',
      ru: 'b',
      en: null,
    })
  })

  test.each<[what: string, name: string, content: string | Uint8Array, problem: RegExp]>([
    [
      'a misspelt placeholder',
      'legal.kk.txt',
      'a {stie} b',
      /legal\.kk\.txt: there is no placeholder "\{stie\}": did you mean "site"\?/,
    ],
    ['a misspelt file', 'leagl.kk.txt', 'a', /"leagl\.kk\.txt" is no template: did you mean "legal\.kk\.txt"\?/],
    ['an empty file', 'legal.kk.txt', ' \n', /legal\.kk\.txt: empty/],
    ['another encoding', 'legal.ru.txt', Uint8Array.of(0xc4, 0xe0), /legal\.ru\.txt: not UTF-8/],
    ['a long file', 'legal.en.txt', 'a'.repeat(16_385), /legal\.en\.txt: longer than 16384 octets/],
  ])('%s is told of', (_, name, content, problem) => {
    put(`page/${name}`, content)
    expect(problemsOf('block_page: { templates: page }\n')).toEqual([expect.stringMatching(problem)])
  })

  test('a folder that is not there, and a placeholder in the configuration', () => {
    expect(problemsOf('block_page: { templates: gone }\n')).toEqual([expect.stringMatching(/gone: no such file/)])
    expect(problemsOf('block_page: { legal: { explanation: { en: "By {bassis}" } } }\n')).toEqual([
      expect.stringMatching(/there is no placeholder "\{bassis\}": did you mean "basis"\?/),
    ])
  })
})

describe('TLS', () => {
  const NO_FEEDS = 'There are no feeds: nothing is blocked.'
  const PAGE = 'block_page: { appeal: { phone: "112" } }\n'
  const TLS = `${PAGE}http: { page: 127.0.0.1:80, tls: { enabled: true, listen: 127.0.0.1:443, certificate: c.pem, key: k.pem } }\n`

  test('files that belong together are taken, with a warning where they are out of date', () => {
    put('c.pem', FIRST.certificate)
    put('k.pem', FIRST.key)
    const loaded = load(TLS)
    expect('settings' in loaded && [loaded.settings.http.tls, loaded.settings.warnings]).toEqual([
      {
        endpoint: { address: '127.0.0.1', family: 4, port: 443 },
        certificate: join(folder, 'c.pem'),
        key: join(folder, 'k.pem'),
      },
      [NO_FEEDS],
    ])
    put('c.pem', EXPIRED.certificate)
    put('k.pem', EXPIRED.key)
    const late = load(TLS)
    expect('settings' in late && late.settings.warnings).toEqual([
      expect.stringMatching(/c\.pem ended on 202[01]-/),
      NO_FEEDS,
    ])
  })

  test.each<[what: string, text: string, key: string, problems: readonly RegExp[]]>([
    ['the key of another', TLS, SECOND.key, [/k\.pem is not the key of .*c\.pem/]],
    ['no key in the file', TLS, 'x', [/k\.pem is not the key of/]],
    [
      'missing keys',
      `${PAGE}http: { page: 127.0.0.1:80, tls: { enabled: true } }\n`,
      FIRST.key,
      [/missing: listen, certificate, key/],
    ],
    ['no page', TLS.replace('page: 127.0.0.1:80, ', ''), FIRST.key, [/are the pages of http\.page/]],
    ['a file that is not there', TLS.replace('k.pem', 'gone.pem'), FIRST.key, [/gone\.pem: no such file/]],
    [
      'a port that is taken',
      TLS.replace('127.0.0.1:443', '0.0.0.0:80'),
      FIRST.key,
      [/127\.0\.0\.1:80 is taken by http\.page already/],
    ],
    [
      'a port of DNS',
      TLS.replace('127.0.0.1:443', '127.0.0.1:5300'),
      FIRST.key,
      [/127\.0\.0\.1:5300 is a DNS listener already/],
    ],
  ])('%s is told of', (_, text, key, problems) => {
    put('c.pem', FIRST.certificate)
    put('k.pem', key)
    expect(problemsOf(text)).toEqual(problems.map(problem => expect.stringMatching(problem)))
  })

  test('what is not enabled is not looked at', () => {
    expect('settings' in load(TLS.replace('enabled: true', 'enabled: false'))).toBe(true)
  })
})
