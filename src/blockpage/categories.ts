/**
 * What categories are called on the block page. The slugs are those that feeds commonly use; a slug that is not here is
 * shown as the operator wrote it.
 */
import { LANGUAGES, type Language } from './language.ts'

/** The category's name in the order of `LANGUAGES`: Kazakh, Russian, English. */
const NAMES: ReadonlyMap<string, readonly [kk: string, ru: string, en: string]> = new Map([
  ['illegal', ['Заңсыз материал', 'Незаконные материалы', 'Illegal material']],
  ['child-abuse', ['Балаларға қатысты зорлық-зомбылық', 'Насилие над детьми', 'Child abuse']],
  ['court-order', ['Сот шешімі бойынша', 'По решению суда', 'By order of a court']],
  ['terrorism', ['Терроризм', 'Терроризм', 'Terrorism']],
  ['extremism', ['Экстремизм', 'Экстремизм', 'Extremism']],
  ['suicide', ['Өзіне-өзі қол жұмсауға итермелеу', 'Склонение к самоубийству', 'Incitement to suicide']],
  ['adult', ['Ересектерге арналған сайттар', 'Сайты для взрослых', 'Adult content']],
  ['gambling', ['Құмар ойындар', 'Азартные игры', 'Gambling']],
  ['dating', ['Танысу сайттары', 'Сайты знакомств', 'Dating']],
  ['games', ['Ойындар', 'Игры', 'Games']],
  ['drugs', ['Есірткі', 'Наркотики', 'Drugs']],
  ['alcohol', ['Алкоголь', 'Алкоголь', 'Alcohol']],
  ['tobacco', ['Темекі және вейптер', 'Табак и вейпы', 'Tobacco and vaping']],
  ['weapons', ['Қару', 'Оружие', 'Weapons']],
  ['violence', ['Зорлық-зомбылық', 'Насилие', 'Violence']],
  ['hate', ['Өшпенділікті қоздыру', 'Разжигание ненависти', 'Hate speech']],
  ['sects', ['Секталар', 'Секты', 'Sects']],
  ['social-networks', ['Әлеуметтік желілер', 'Социальные сети', 'Social networks']],
  ['messengers', ['Мессенджерлер', 'Мессенджеры', 'Messengers']],
  ['video', ['Бейне', 'Видео', 'Video']],
  ['music', ['Музыка', 'Музыка', 'Music']],
  ['shopping', ['Интернет-дүкендер', 'Интернет-магазины', 'Shopping']],
  ['news', ['Жаңалықтар', 'Новости', 'News']],
  ['phishing', ['Фишинг', 'Фишинг', 'Phishing']],
  ['malware', ['Зиянды бағдарламалар', 'Вредоносные программы', 'Malware']],
  ['fraud', ['Интернет-алаяқтық', 'Мошенничество', 'Fraud']],
  ['cryptomining', ['Жасырын майнинг', 'Скрытый майнинг', 'Cryptomining']],
  ['piracy', ['Авторлық құқықты бұзу', 'Нарушение авторских прав', 'Copyright infringement']],
  ['ads', ['Жарнама', 'Реклама', 'Advertising']],
  ['tracking', ['Пайдаланушыларды бақылау', 'Слежка за пользователями', 'Tracking']],
  ['proxy', ['VPN және анонимайзерлер', 'VPN и анонимайзеры', 'VPNs and anonymisers']],
  [
    'not-listed',
    ['Рұқсат етілген сайттар тізімінде жоқ', 'Нет в списке разрешённых сайтов', 'Not on the list of allowed sites'],
  ],
  ['doh', ['Шифрланған DNS', 'Шифрованный DNS', 'Encrypted DNS']],
])

/** Other spellings of the same categories. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['porn', 'adult'],
  ['csam', 'child-abuse'],
  ['drogue', 'drugs'],
  ['drug', 'drugs'],
  ['agressif', 'violence'],
  ['aggressive', 'violence'],
  ['betting', 'gambling'],
  ['sect', 'sects'],
  ['social', 'social-networks'],
  ['chat', 'messengers'],
  ['scam', 'fraud'],
  ['vpn', 'proxy'],
  ['suicide-promotion', 'suicide'],
])

/** Not escaped: an unknown slug comes back as it is. */
export function categoryName(slug: string, language: Language): string {
  const key = slug.toLowerCase().replaceAll('_', '-')
  const names = NAMES.get(ALIASES.get(key) ?? key)
  return names === undefined ? slug : names[LANGUAGES.indexOf(language)]!
}
