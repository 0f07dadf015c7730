import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseWantedList } from '../../src/blockpage/accept.ts'
import { chooseLanguage, LANGUAGES } from '../../src/blockpage/language.ts'

// RFC 9110 §12.5.4, RFC 4647 §3.4
const rows: [acceptLanguage: string | undefined, language: string][] = [
  [undefined, 'kk'],
  ['', 'kk'],
  ['kk', 'kk'],
  ['ru', 'ru'],
  ['en-GB,en;q=0.9', 'en'],
  ['ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7', 'ru'],
  ['kk-Cyrl-KZ, ru;q=0.5', 'kk'],
  ['en;q=0.1, ru;q=0.2', 'ru'],
  ['ru;q=0.5, en;q=0.5', 'ru'],
  ['de, fr', 'kk'],
  ['de, *', 'kk'],
  ['de, *, kk;q=0', 'ru'],
  ['kk;q=0, ru;q=0', 'en'],
  ['kk;q=0, ru;q=0, en;q=0', 'kk'],
  ['*, ru;q=0.5', 'ru'],
  ['RU', 'ru'],
  ['ru ; Q=0.9 , en ;q=0.95', 'en'],
  ['ru;q=1.5, en;q=0.2', 'en'],
  ['ru;q=, en;q=0.2', 'en'],
  ['ru;q=0.1234, en;q=0.2', 'en'],
  ['ru_RU, en', 'en'],
  ['russian, en', 'en'],
  [',,,;;;q=1,,en', 'en'],
  [`${'xx,'.repeat(5000)}ru`, 'kk'],
  ['\u0000ru, <script>, en', 'en'],
]
for (const [header, language] of rows) {
  test(`Accept-Language ${JSON.stringify(header)?.slice(0, 50)} reads ${language}`, () =>
    expect(chooseLanguage(null, header)).toBe(language))
}

describe('the language asked for by hand', () => {
  for (const language of LANGUAGES) {
    test(`${language} wins over the browser's`, () => expect(chooseLanguage(language, 'en, ru, kk')).toBe(language))
  }
  for (const asked of ['de', 'RU', '', '"><script>', '__proto__', 'constructor']) {
    test(`${JSON.stringify(asked)} is none of ours`, () => expect(chooseLanguage(asked, 'ru')).toBe('ru'))
  }
})

test('no header makes the choice throw, or choose what there is not', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), header => {
      expect(LANGUAGES).toContain(chooseLanguage(header, header))
      for (const { weight } of parseWantedList(header)) expect(weight >= 0 && weight <= 1).toBe(true)
    }),
  )
})
