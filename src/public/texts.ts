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
  /** Where a number leads nowhere: what the visitor can do. */
  readonly caseAdvice: string
  readonly object: string
  readonly home: {
    readonly title: string
    readonly introduction: string
    readonly site: string
    readonly lookUp: string
    /** Where what was asked for is no name of a site. */
    readonly noName: string
  }
  /** What cannot be answered, by HTTP status. */
  readonly failures: Readonly<Record<Failure, { readonly title: string; readonly advice: string }>>
}

export type Failure = 400 | 404 | 405 | 429

const KAZAKH: PublicTexts = {
  appeal: {
    title: 'Бұғаттауға қарсылық білдіру',
    introduction: 'Сайт қателесіп бұғатталған деп ойласаңыз, осы жерге жазыңыз. Өтінішіңізді адам қарайды.',
    subject: 'Сайттың атауы немесе іс нөмірі',
    subjectHint: 'Мысалы: site.example немесе Q-ABCD-EFGH-JKMN',
    reason: 'Неліктен мұны қате деп ойлайсыз?',
    reasonHint: 'Өз сөзіңізбен, кемінде 10 таңба.',
    contact: 'Сізбен қалай хабарласуға болады? (міндетті емес)',
    contactHint:
      'Шифрланып сақталады, шешім шыққан соң жойылады. Оны көрсетпесеңіз де, өтініштің жайын нөмірі бойынша біле аласыз.',
    send: 'Жіберу',
    leaveEmpty: 'Бұл өрісті бос қалдырыңыз',
  },
  wrong: {
    subject: 'Сайттың атауын немесе іс нөмірін жазыңыз.',
    reason: 'Себебін кемінде 10, ең көбі 4000 таңбамен жазыңыз.',
    contact: 'Байланыс дерегі бір жолға сыйып, 200 таңбадан аспауы керек.',
    form: 'Форма дұрыс жіберілмеді. Осы беттегі форманы толтырып, қайта жіберіңіз.',
    early: 'Форма тым тез жіберілді. Бірнеше секундтан соң қайта жіберіңіз.',
    late: 'Форма тым ұзақ ашық тұрды. Қайта жіберіңіз.',
    often: 'Бүгін сіздің желіңізден тым көп өтініш түсті. Ертең қайталап көріңіз.',
    full: 'Қазір қаралмаған өтініш тым көп. Кейінірек қайталап көріңіз.',
    same: 'Дәл осындай өтініш бұрын түскен, ол қаралып жатыр.',
    broken: 'Қазір өтінішті сақтау мүмкін болмай тұр. Кейінірек қайталап көріңіз.',
  },
  ticket: {
    title: 'Сіздің өтінішіңіз',
    keep: 'Осы нөмірді сақтап қойыңыз: өтініштің жайын тек сол арқылы білуге болады.',
    number: 'Өтініш нөмірі',
    received: 'Түскен күні',
    state: 'Күйі',
    states: { open: 'қаралып жатыр', upheld: 'қанағаттандырылды', rejected: 'қабылданбады' },
    decided: 'Шешім шыққан күн',
    answer: 'Жауап',
    unknown: 'Мұндай нөмірлі өтініш жоқ.',
  },
  caseTitle: 'Бұғаттау туралы',
  caseUnknown: 'Мұндай нөмірлі бұғаттау қазір жоқ.',
  caseAdvice:
    'Бұғаттау алынған немесе нөмір қате жазылған болуы мүмкін. Сайт әлі де ашылмаса, оны атауы бойынша тексеріңіз.',
  object: 'Қарсылық білдіру',
  home: {
    title: 'Бұғаттаулар туралы',
    introduction:
      'Мұнда сайттың осы желіде бұғатталғанын не бұғатталмағанын, себебін біліп, бұғаттауға қарсылық білдіруге болады.',
    site: 'Сайттың атауы',
    lookUp: 'Тексеру',
    noName: 'Бұл сайттың атауы емес. Мысалы, былай жазыңыз: site.example',
  },
  failures: {
    400: { title: 'Мекенжай қате жазылған', advice: 'Мекенжайды тексеріңіз немесе басты беттен бастаңыз.' },
    404: { title: 'Мұндай бет жоқ', advice: 'Мекенжайды тексеріңіз немесе басты беттен бастаңыз.' },
    405: { title: 'Бұл бетті бұлай пайдалануға болмайды', advice: 'Басты беттен бастаңыз.' },
    429: {
      title: 'Сұрау тым көп',
      advice: 'Бүгін сіздің желіңізден тым көп сұрау түсті. Ертең қайталап көріңіз.',
    },
  },
}

const RUSSIAN: PublicTexts = {
  appeal: {
    title: 'Возражение против блокировки',
    introduction:
      'Если вы считаете, что сайт заблокирован по ошибке, напишите нам здесь. Обращение рассмотрит человек.',
    subject: 'Адрес сайта или номер дела',
    subjectHint: 'Например: site.example или Q-ABCD-EFGH-JKMN',
    reason: 'Почему вы считаете это ошибкой?',
    reasonHint: 'Своими словами, не менее 10 знаков.',
    contact: 'Как с вами связаться? (необязательно)',
    contactHint:
      'Хранится в зашифрованном виде и удаляется после решения. Узнать о решении можно и без этого, по номеру обращения.',
    send: 'Отправить',
    leaveEmpty: 'Оставьте это поле пустым',
  },
  wrong: {
    subject: 'Укажите адрес сайта или номер дела.',
    reason: 'Опишите причину: не менее 10 и не более 4000 знаков.',
    contact: 'Контакт должен уместиться в одной строке, не больше 200 знаков.',
    form: 'Форма отправлена неправильно. Заполните форму на этой странице и отправьте её ещё раз.',
    early: 'Форма отправлена слишком быстро. Отправьте её снова через несколько секунд.',
    late: 'Форма была открыта слишком долго. Отправьте её ещё раз.',
    often: 'Сегодня из вашей сети пришло слишком много обращений. Попробуйте завтра.',
    full: 'Сейчас слишком много нерассмотренных обращений. Попробуйте позже.',
    same: 'Точно такое обращение уже есть и рассматривается.',
    broken: 'Сейчас сохранить обращение не удаётся. Попробуйте позже.',
  },
  ticket: {
    title: 'Ваше обращение',
    keep: 'Сохраните этот номер: только по нему можно узнать, что стало с обращением.',
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
  caseAdvice:
    'Возможно, она уже снята или в номере ошибка. Если сайт по-прежнему не открывается, проверьте его по адресу.',
  object: 'Возразить против блокировки',
  home: {
    title: 'О блокировках',
    introduction: 'Здесь можно узнать, заблокирован ли сайт в этой сети и почему, и возразить против блокировки.',
    site: 'Адрес сайта',
    lookUp: 'Проверить',
    noName: 'Это не адрес сайта. Напишите его, например, так: site.example',
  },
  failures: {
    400: { title: 'Адрес указан неверно', advice: 'Проверьте адрес или начните с главной страницы.' },
    404: { title: 'Такой страницы нет', advice: 'Проверьте адрес или начните с главной страницы.' },
    405: { title: 'Так этой страницей пользоваться нельзя', advice: 'Начните с главной страницы.' },
    429: {
      title: 'Слишком много запросов',
      advice: 'Сегодня из вашей сети пришло слишком много запросов. Попробуйте завтра.',
    },
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
    contact: 'How can we reach you? (optional)',
    contactHint:
      'It is kept encrypted and deleted after the decision. Without it you can follow your appeal by its number.',
    send: 'Send',
    leaveEmpty: 'Leave this field empty',
  },
  wrong: {
    subject: 'Give the name of the site, or the case number.',
    reason: 'Describe the reason in at least 10 and at most 4000 characters.',
    contact: 'The contact has to fit into one line of up to 200 characters.',
    form: 'The form did not come as it should. Please fill in the form on this page and send it again.',
    early: 'The form was sent too quickly. Please send it again in a few seconds.',
    late: 'The form was open for too long. Please send it again.',
    often: 'Too many appeals came from your network today. Please try again tomorrow.',
    full: 'Too many appeals are waiting at the moment. Please try again later.',
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
  caseAdvice:
    'It may have been lifted, or there is a mistake in the number. If the site still does not open, look it up by its name.',
  object: 'Object to this block',
  home: {
    title: 'About blocks here',
    introduction: 'Here you can learn whether a site is blocked in this network and why, and object to a block.',
    site: 'Name of the site',
    lookUp: 'Look up',
    noName: 'This is no name of a site. Write it like this: site.example',
  },
  failures: {
    400: { title: 'This address is not in order', advice: 'Please check the address, or begin at the front page.' },
    404: { title: 'There is no such page', advice: 'Please check the address, or begin at the front page.' },
    405: { title: 'This page cannot be used in that way', advice: 'Please begin at the front page.' },
    429: {
      title: 'Too many look-ups',
      advice: 'Too many look-ups came from your network today. Please try again tomorrow.',
    },
  },
}

export const PUBLIC_TEXTS: Readonly<Record<Language, PublicTexts>> = { kk: KAZAKH, ru: RUSSIAN, en: ENGLISH }
