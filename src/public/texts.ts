/** Every word of the pages about appeals, cases and counts, in each language, and nothing else. */
import type { Language } from '../blockpage/language.ts'

export interface PublicTexts {
  readonly appeal: {
    readonly title: string
    readonly introduction: string
    readonly subject: string
    readonly subjectHint: string
    readonly reason: string
    readonly reasonHint: string
    readonly contact: string
    readonly contactHint: string
    readonly send: string
    readonly leaveEmpty: string
  }
  readonly wrong: Readonly<
    Record<'subject' | 'reason' | 'contact' | 'form' | 'early' | 'late' | 'often' | 'full' | 'same' | 'broken', string>
  >
  readonly ticket: {
    readonly title: string
    readonly keep: string
    readonly number: string
    readonly received: string
    readonly state: string
    readonly states: Readonly<Record<'open' | 'upheld' | 'rejected', string>>
    readonly decided: string
    readonly answer: string
    readonly unknown: string
  }
  readonly caseTitle: string
  readonly caseUnknown: string
  readonly object: string
  readonly counts: {
    readonly title: string
    readonly introduction: string
    readonly lists: string
    readonly list: string
    readonly class: string
    readonly category: string
    readonly entries: string
    readonly updated: string
    readonly changes: string
    readonly added: string
    readonly removed: string
    readonly expired: string
    readonly appeals: string
    readonly month: string
    readonly received: string
    readonly upheld: string
    readonly rejected: string
    readonly urgent: string
    readonly blocked: string
    readonly lifted: string
    readonly few: string
  }
}

const KAZAKH: PublicTexts = {
  appeal: {
    title: 'Бұғаттауға қарсылық білдіру',
    introduction: 'Сайт қателесіп бұғатталған деп ойласаңыз, осында жазыңыз. Өтінішті адам қарайды.',
    subject: 'Сайттың атауы немесе іс нөмірі',
    subjectHint: 'Мысалы: site.example немесе Q-ABCD-EFGH-JKMN',
    reason: 'Неліктен бұл қате деп ойлайсыз?',
    reasonHint: 'Өз сөзіңізбен, кемінде 10 таңба.',
    contact: 'Сізбен қалай хабарласуға болады (міндетті емес)',
    contactHint:
      'Шифрланып сақталады және шешімнен кейін жойылады. Онсыз да өтініштің жайын нөмірі бойынша біле аласыз.',
    send: 'Жіберу',
    leaveEmpty: 'Бұл өрісті бос қалдырыңыз',
  },
  wrong: {
    subject: 'Сайттың атауын немесе іс нөмірін жазыңыз.',
    reason: 'Себебін кемінде 10, ең көбі 4000 таңбамен жазыңыз.',
    contact: 'Байланыс бір жолға, 200 таңбаға дейін сыюы керек.',
    form: 'Форма дұрыс толтырылмаған. Осы беттегі форманы қайта жіберіңіз.',
    early: 'Форма тым тез жіберілді. Бірнеше секундтан кейін қайта жіберіңіз.',
    late: 'Форма тым көп уақыт ашық тұрды. Қайта жіберіңіз.',
    often: 'Бүгін сіздің желіңізден өтініш тым көп түсті. Ертең қайталап көріңіз.',
    full: 'Қазір өтініш тым көп. Кейінірек қайталап көріңіз.',
    same: 'Дәл осындай өтініш түскен және қаралып жатыр.',
    broken: 'Қазір өтінішті сақтау мүмкін емес. Кейінірек қайталап көріңіз.',
  },
  ticket: {
    title: 'Сіздің өтінішіңіз',
    keep: 'Осы нөмірді сақтаңыз: өтініштің жайын тек сол арқылы білуге болады.',
    number: 'Өтініш нөмірі',
    received: 'Түскен күні',
    state: 'Жайы',
    states: { open: 'қаралып жатыр', upheld: 'қанағаттандырылды', rejected: 'қабылданбады' },
    decided: 'Шешілген күні',
    answer: 'Жауап',
    unknown: 'Мұндай нөмірлі өтініш жоқ.',
  },
  caseTitle: 'Бұғаттау туралы',
  caseUnknown: 'Мұндай нөмірлі бұғаттау қазір жоқ.',
  object: 'Қарсылық білдіру',
  counts: {
    title: 'Не бұғатталған: сандар',
    introduction: 'Бұл жерде тек сандар бар: сайттардың аты да, адамдар туралы мәлімет те жоқ.',
    lists: 'Тізімдер',
    list: 'Тізім',
    class: 'Негізі',
    entries: 'Жазбалар',
    updated: 'Жаңартылған',
    category: 'Санаты',
    changes: 'Тізімдердің айлар бойынша өзгеруі',
    added: 'қосылғаны',
    removed: 'шығарылғаны',
    expired: 'Мерзімі өткен жазбалар',
    appeals: 'Өтініштер',
    month: 'Ай',
    received: 'түскені',
    upheld: 'қанағаттандырылғаны',
    rejected: 'қабылданбағаны',
    urgent: 'Жедел өзгерістер',
    blocked: 'бұғатталғаны',
    lifted: 'алынғаны',
    few: 'Аз сандардың орнына «<» белгісі тұр.',
  },
}

const RUSSIAN: PublicTexts = {
  appeal: {
    title: 'Возразить против блокировки',
    introduction:
      'Если вы считаете, что сайт заблокирован по ошибке, напишите нам здесь. Обращение рассмотрит человек.',
    subject: 'Имя сайта или номер дела',
    subjectHint: 'Например: site.example или Q-ABCD-EFGH-JKMN',
    reason: 'Почему вы считаете это ошибкой?',
    reasonHint: 'Своими словами, не менее 10 знаков.',
    contact: 'Как с вами связаться (не обязательно)',
    contactHint:
      'Хранится в зашифрованном виде и удаляется после решения. Узнать о решении можно и без этого, по номеру обращения.',
    send: 'Отправить',
    leaveEmpty: 'Оставьте это поле пустым',
  },
  wrong: {
    subject: 'Укажите имя сайта или номер дела.',
    reason: 'Опишите причину: не менее 10 и не более 4000 знаков.',
    contact: 'Контакт должен помещаться в одну строку, до 200 знаков.',
    form: 'Форма заполнена неверно. Отправьте ещё раз форму с этой страницы.',
    early: 'Форма отправлена слишком быстро. Отправьте её снова через несколько секунд.',
    late: 'Форма была открыта слишком долго. Отправьте её ещё раз.',
    often: 'Сегодня из вашей сети пришло слишком много обращений. Попробуйте завтра.',
    full: 'Сейчас слишком много обращений. Попробуйте позже.',
    same: 'Точно такое обращение уже есть и рассматривается.',
    broken: 'Сейчас обращение нельзя сохранить. Попробуйте позже.',
  },
  ticket: {
    title: 'Ваше обращение',
    keep: 'Сохраните этот номер: только по нему можно узнать, что с обращением.',
    number: 'Номер обращения',
    received: 'Получено',
    state: 'Состояние',
    states: { open: 'рассматривается', upheld: 'удовлетворено', rejected: 'отклонено' },
    decided: 'Решено',
    answer: 'Ответ',
    unknown: 'Обращения с таким номером нет.',
  },
  caseTitle: 'О блокировке',
  caseUnknown: 'Блокировки с таким номером сейчас нет.',
  object: 'Возразить',
  counts: {
    title: 'Что заблокировано: числа',
    introduction: 'Здесь только числа: ни имён сайтов, ни сведений о людях.',
    lists: 'Списки',
    list: 'Список',
    class: 'Основание',
    entries: 'Записей',
    updated: 'Обновлён',
    category: 'Категория',
    changes: 'Как менялись списки, по месяцам',
    added: 'прибавилось',
    removed: 'убыло',
    expired: 'Записи с истёкшим сроком',
    appeals: 'Обращения',
    month: 'Месяц',
    received: 'получено',
    upheld: 'удовлетворено',
    rejected: 'отклонено',
    urgent: 'Срочные изменения',
    blocked: 'заблокировано',
    lifted: 'снято',
    few: 'Вместо малых чисел стоит знак «<».',
  },
}

const ENGLISH: PublicTexts = {
  appeal: {
    title: 'Object to a block',
    introduction: 'If you think that a site is blocked by mistake, write to us here. A person will look at it.',
    subject: 'Name of the site, or case number',
    subjectHint: 'Such as site.example or Q-ABCD-EFGH-JKMN',
    reason: 'Why do you think that it is a mistake?',
    reasonHint: 'In your own words, at least 10 characters.',
    contact: 'How to reach you (if you like)',
    contactHint:
      'It is kept encrypted and deleted after the decision. Without it you can follow your appeal by its number.',
    send: 'Send',
    leaveEmpty: 'Leave this field empty',
  },
  wrong: {
    subject: 'Give the name of the site, or the case number.',
    reason: 'Describe the reason in at least 10 and at most 4000 characters.',
    contact: 'The contact has to fit into one line of up to 200 characters.',
    form: 'The form was not filled in properly. Please send the form on this page again.',
    early: 'The form was sent too quickly. Please send it again in a few seconds.',
    late: 'The form was open for too long. Please send it again.',
    often: 'Too many appeals came from your network today. Please try again tomorrow.',
    full: 'There are too many appeals at the moment. Please try again later.',
    same: 'This very appeal has come before and is being looked at.',
    broken: 'Your appeal cannot be stored at the moment. Please try again later.',
  },
  ticket: {
    title: 'Your appeal',
    keep: 'Keep this number: only by it can you learn what becomes of your appeal.',
    number: 'Number of the appeal',
    received: 'Received',
    state: 'State',
    states: { open: 'being looked at', upheld: 'upheld', rejected: 'rejected' },
    decided: 'Decided',
    answer: 'Answer',
    unknown: 'There is no appeal with this number.',
  },
  caseTitle: 'About a block',
  caseUnknown: 'There is no block with this number at the moment.',
  object: 'Object to it',
  counts: {
    title: 'What is blocked, in numbers',
    introduction: 'There are only numbers here: no names of sites, and nothing about people.',
    lists: 'Lists',
    list: 'List',
    class: 'Basis',
    entries: 'Entries',
    updated: 'Updated',
    category: 'Category',
    changes: 'How the lists changed, by month',
    added: 'added',
    removed: 'removed',
    expired: 'Entries whose end has passed',
    appeals: 'Appeals',
    month: 'Month',
    received: 'received',
    upheld: 'upheld',
    rejected: 'rejected',
    urgent: 'Urgent changes',
    blocked: 'blocked',
    lifted: 'lifted',
    few: 'Small numbers are shown as “<”.',
  },
}

export const PUBLIC_TEXTS: Readonly<Record<Language, PublicTexts>> = { kk: KAZAKH, ru: RUSSIAN, en: ENGLISH }
