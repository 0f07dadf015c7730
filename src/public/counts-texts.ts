/** Every word of the page of counts, in each language, and nothing else. */
import type { Language } from '../blockpage/language.ts'
import type { Age } from './counts.ts'

export interface CountsTexts {
  readonly title: string
  readonly introduction: string
  /** `{number}`: the least number that is shown. */
  readonly few: string
  readonly asData: string
  readonly lists: string
  readonly list: string
  readonly entries: string
  readonly updated: string
  readonly ages: string
  readonly listedFor: string
  readonly age: Readonly<Record<Age, string>>
  readonly ended: string
  readonly changes: string
  readonly added: string
  readonly withdrawn: string
  readonly expired: string
  /** `{day}`: from when on. */
  readonly exactSince: string
  readonly appeals: string
  readonly month: string
  readonly received: string
  readonly upheld: string
  readonly rejected: string
  readonly urgent: string
  readonly blocked: string
  readonly lifted: string
  /** In the place of a table without rows. */
  readonly none: string
}

const KAZAKH: CountsTexts = {
  title: 'Бұғаттау статистикасы',
  introduction: 'Мұнда тек сандар берілген: сайттардың атаулары да, адамдар туралы мәліметтер де жоқ.',
  few: 'Кіші сандар көрсетілмейді: олардың орнында «< {number}» тұр.',
  asData: 'Осы деректер JSON пішімінде',
  lists: 'Тізімдер',
  list: 'Тізім',
  entries: 'Жазба саны',
  updated: 'Жаңартылған күні',
  ages: 'Жазбалар тізімде қанша уақыт тұр',
  listedFor: 'Уақыты',
  age: {
    month: '30 күннен аз',
    year: '30 күннен бір жылға дейін',
    threeYears: 'бір жылдан үш жылға дейін',
    older: 'үш жылдан көп',
    unknown: 'көрсетілмеген',
  },
  ended: 'Мерзімі өткен, бірақ тізімнен әлі алынбаған жазбалар',
  changes: 'Тізімдердің айлар бойынша өзгеруі',
  added: 'қосылды',
  withdrawn: 'алынды',
  expired: 'ескірді',
  exactSince: 'Дәл санау басталған күн: {day}. Одан бұрынғы сандар — тізім нұсқаларының арасындағы айырма.',
  appeals: 'Өтініштер',
  month: 'Ай',
  received: 'түсті',
  upheld: 'қанағаттандырылды',
  rejected: 'қабылданбады',
  urgent: 'Шұғыл өзгерістер',
  blocked: 'бұғатталды',
  lifted: 'бұғаты алынды',
  none: 'Әзірге жоқ.',
}

const RUSSIAN: CountsTexts = {
  title: 'Блокировки в цифрах',
  introduction: 'Здесь только цифры: нет ни адресов сайтов, ни сведений о людях.',
  few: 'Малые числа не приводятся: на их месте стоит «< {number}».',
  asData: 'Те же данные в формате JSON',
  lists: 'Списки',
  list: 'Список',
  entries: 'Записей',
  updated: 'Обновлён',
  ages: 'Как давно записи в списках',
  listedFor: 'Срок',
  age: {
    month: 'меньше 30 дней',
    year: 'от 30 дней до года',
    threeYears: 'от года до трёх лет',
    older: 'больше трёх лет',
    unknown: 'не указан',
  },
  ended: 'Записи, срок которых истёк, но которые ещё не убраны из списка',
  changes: 'Изменения списков по месяцам',
  added: 'добавлено',
  withdrawn: 'убрано',
  expired: 'истекло',
  exactSince: 'Точный подсчёт ведётся с {day} Более ранние числа — разница между версиями списка.',
  appeals: 'Обращения',
  month: 'Месяц',
  received: 'получено',
  upheld: 'удовлетворено',
  rejected: 'отклонено',
  urgent: 'Срочные изменения',
  blocked: 'заблокировано',
  lifted: 'разблокировано',
  none: 'Пока нет.',
}

const ENGLISH: CountsTexts = {
  title: 'What is blocked, in numbers',
  introduction: 'There are only numbers here: no names of sites, and nothing about people.',
  few: 'Small numbers are not shown: “< {number}” stands in their place.',
  asData: 'The same as JSON',
  lists: 'Lists',
  list: 'List',
  entries: 'Entries',
  updated: 'Updated',
  ages: 'For how long entries have been listed',
  listedFor: 'Listed for',
  age: {
    month: 'under 30 days',
    year: '30 days to a year',
    threeYears: 'one to three years',
    older: 'over three years',
    unknown: 'not stated',
  },
  ended: 'Entries whose end has passed, and that are still on the list',
  changes: 'How the lists changed, by month',
  added: 'added',
  withdrawn: 'withdrawn',
  expired: 'expired',
  exactSince: 'Counted exactly since {day}. Earlier figures are differences between versions of a list.',
  appeals: 'Appeals',
  month: 'Month',
  received: 'received',
  upheld: 'upheld',
  rejected: 'rejected',
  urgent: 'Urgent changes',
  blocked: 'blocked',
  lifted: 'lifted',
  none: 'None so far.',
}

export const COUNTS_TEXTS: Readonly<Record<Language, CountsTexts>> = { kk: KAZAKH, ru: RUSSIAN, en: ENGLISH }
