/**
 * What a client that can show it is told of a block, as data (draft-ietf-dnsop-structured-dns-error §4): `c` whom to write or call, `j` why,
 * `s` what kind of block, `o` who blocks, `l` the language. Made once; the case's number is put between the two halves for each answer.
 *
 * Contacts are mailto and tel alone, as the draft has it. There is no `s` for what the law demands, where the draft forbids it, nor for a
 * household's own choice, for which it has none.
 */
import type { RuleClass } from './images/classes.ts'
import type { ClassAnswers } from './resolver/blocked.ts'
import type { Settings } from './settings/settings.ts'

/** Sub-error 5 of the draft's table: the network operator's policy. */
const NETWORK_OPERATOR_POLICY = 5
/** Stands for the number until the halves are cut apart; a character that JSON writes as it is. */
const NUMBER = '\u{e000}'

const REASONS: Readonly<Record<'kk' | 'ru' | 'en', Readonly<Record<RuleClass, string>>>> = {
  kk: {
    hotline: 'Жедел желі заңсыз деп таныған мазмұн бұғатталған. Іс нөмірі:',
    legal: 'Заң талабымен бұғатталған. Іс нөмірі:',
    household: 'Отбасыңыздың таңдауымен бұғатталған. Нөмірі:',
  },
  ru: {
    hotline: 'Заблокировано: горячая линия признала содержимое незаконным. Номер дела:',
    legal: 'Заблокировано по требованию закона. Номер дела:',
    household: 'Заблокировано по выбору вашей семьи. Номер:',
  },
  en: {
    hotline: 'Blocked: a hotline found illegal content here. Case number:',
    legal: 'Blocked because the law demands it. Case number:',
    household: 'Blocked by the choice of your household. Number:',
  },
}

type Said = Pick<ClassAnswers, 'structuredBefore' | 'structuredBehind' | 'structuredShort'>

export function structuredError(own: RuleClass, settings: Pick<Settings, 'blocking' | 'blockPage'>): Said {
  const { structuredErrors } = settings.blocking
  const none = new Uint8Array(0)
  if (structuredErrors === null) return { structuredBefore: none, structuredBehind: none, structuredShort: none }
  const { language } = structuredErrors
  const { provider } = settings.blockPage
  const short = { ...contacts(settings.blockPage.appeal), ...(own === 'hotline' ? { s: NETWORK_OPERATOR_POLICY } : {}) }
  const whole = {
    ...short,
    j: `${REASONS[language][own]} ${NUMBER}`,
    ...(provider === null ? {} : { o: provider.replaceAll(NUMBER, '') }),
    l: language,
  }
  const [before = '', behind = ''] = JSON.stringify(whole).split(NUMBER)
  return {
    structuredBefore: octets(before),
    structuredBehind: octets(behind),
    structuredShort: octets(JSON.stringify(short)),
  }
}

function contacts({ email, phone }: Settings['blockPage']['appeal']): { c?: string[] } {
  const mail = email === null ? [] : [`mailto:${email}`]
  const call = phone === null ? [] : [`tel:${phone.replaceAll(/[^+\d]/g, '')}`]
  return mail.length + call.length === 0 ? {} : { c: [...mail, ...call] }
}

function octets(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf8'))
}
