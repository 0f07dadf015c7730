/**
 * Every word of the block page, in each of its languages, and nothing else. To add a language, add it to `LANGUAGES` and
 * here; to add a category, see `categories.ts`.
 *
 * What is said must be true of every block of its class: who decided, why, and who can change it. No blame for the visitor.
 */
import type { RuleClass } from '../images/classes.ts'
import type { Language } from './language.ts'

export interface ClassTexts {
  /** What the block rests on, in two or three words. */
  readonly basis: string
  /** A sentence or three on who decided and how. */
  readonly explanation: string
}

export interface Texts {
  /** The language's own name, for the link that leads to it. */
  readonly languageName: string
  readonly languages: string
  readonly classes: Readonly<Record<RuleClass, ClassTexts>>
  readonly blocked: {
    readonly title: string
    readonly details: string
    readonly site: string
    readonly basis: string
    readonly category: string
    readonly caseNumber: string
    readonly since: string
    readonly reviewedBy: string
    readonly provider: string
  }
  readonly appeal: {
    readonly title: string
    /** What to do; the ways to do it follow as a list. */
    readonly invitation: string
    /** The same for a block that has no case number. */
    readonly invitationWithoutCase: string
    readonly email: string
    readonly url: string
    readonly phone: string
  }
  readonly notBlocked: {
    readonly title: string
    readonly explanation: string
    readonly adviceTitle: string
    readonly advice: readonly string[]
    readonly contacts: string
  }
  /** Over the places to go instead. */
  readonly places: string
  /** Stands where a host cannot be shown. */
  readonly requestedSite: string
  readonly privacy: string
}

const KAZAKH: Texts = {
  languageName: 'Қазақша',
  languages: 'Тілді таңдау',
  classes: {
    hotline: {
      basis: 'Жедел желіге түскен хабарлама',
      explanation:
        'Жедел желіге осы сайтта заңсыз материал бар екені туралы хабарлама түсті. Мамандар оны тексеріп, ' +
        'материалдың заңсыз екенін растады. Сайтқа кіру шектелгенге дейін оның иесінен материалды жою сұралған.',
    },
    legal: {
      basis: 'Заң немесе сот шешімі',
      explanation:
        'Бұл сайтқа кіру заңға немесе сот шешіміне сәйкес шектелген. Интернет-провайдер бұл талапты орындауға міндетті.',
    },
    household: {
      basis: 'Отбасының таңдауы',
      explanation:
        'Осы санаттағы сайттар заң талабымен емес, отбасыңыздың өз таңдауымен бұғатталған. ' +
        'Бұл таңдауды үйдегі интернет қосылымын басқаратын адам өзгерте алады.',
    },
  },
  blocked: {
    title: 'Бұл сайт бұғатталған',
    details: 'Бұғаттау туралы мәлімет',
    site: 'Сайт',
    basis: 'Негізі',
    category: 'Санаты',
    caseNumber: 'Іс нөмірі',
    since: 'Бұғатталған күні',
    reviewedBy: 'Кім тексерген',
    provider: 'Провайдер',
  },
  appeal: {
    title: 'Сайт қателесіп бұғатталған деп ойласаңыз',
    invitation: 'Бізге хабарласып, сайттың атауын және іс нөмірін көрсетіңіз. Өтінішіңіз қаралады.',
    invitationWithoutCase: 'Бізге хабарласып, сайттың атауын көрсетіңіз. Өтінішіңіз қаралады.',
    email: 'Электрондық пошта',
    url: 'Өтініш беру беті',
    phone: 'Телефон',
  },
  notBlocked: {
    title: 'Бұл сайт мұнда бұғатталмаған',
    explanation: 'Қазір бұл атау бұғатталмаған. Құрылғыңыз бұрынғы жауапты сақтап қалған болуы мүмкін.',
    adviceTitle: 'Не істеуге болады',
    advice: [
      'Бірнеше минут күтіп, сайтты қайта ашыңыз.',
      'Көмектеспесе, браузерді жауып, қайта ашыңыз немесе құрылғыны қайта іске қосыңыз.',
    ],
    contacts: 'Осы бет қайта ашыла берсе, бізге хабарласыңыз:',
  },
  places: 'Оның орнына мына сайттарға кіруге болады',
  requestedSite: 'сұралған сайт',
  privacy: 'Бұл бетті кім ашқаны жазып алынбайды.',
}

const RUSSIAN: Texts = {
  languageName: 'Русский',
  languages: 'Выбор языка',
  classes: {
    hotline: {
      basis: 'Сообщение на горячую линию',
      explanation:
        'На горячую линию поступило сообщение о незаконном материале на этом сайте. Специалисты проверили его и ' +
        'подтвердили, что материал незаконный. Прежде чем доступ был закрыт, владельца сайта просили этот материал удалить.',
    },
    legal: {
      basis: 'Закон или решение суда',
      explanation:
        'Доступ к этому сайту ограничен на основании закона или решения суда. Интернет-провайдер обязан выполнять это требование.',
    },
    household: {
      basis: 'Выбор семьи',
      explanation:
        'Сайты этой категории заблокированы не по требованию закона, а по выбору вашей семьи. ' +
        'Изменить этот выбор может тот, кто управляет домашним подключением к интернету.',
    },
  },
  blocked: {
    title: 'Этот сайт заблокирован',
    details: 'Сведения о блокировке',
    site: 'Сайт',
    basis: 'Основание',
    category: 'Категория',
    caseNumber: 'Номер дела',
    since: 'Дата блокировки',
    reviewedBy: 'Кем проверено',
    provider: 'Провайдер',
  },
  appeal: {
    title: 'Если вы считаете, что это ошибка',
    invitation: 'Свяжитесь с нами и укажите название сайта и номер дела. Ваше обращение будет рассмотрено.',
    invitationWithoutCase: 'Свяжитесь с нами и укажите название сайта. Ваше обращение будет рассмотрено.',
    email: 'Электронная почта',
    url: 'Страница для обращений',
    phone: 'Телефон',
  },
  notBlocked: {
    title: 'Этот сайт здесь не заблокирован',
    explanation: 'Сейчас блокировки на это имя нет. Возможно, ваше устройство запомнило прежний ответ.',
    adviceTitle: 'Что можно сделать',
    advice: [
      'Подождите несколько минут и откройте сайт ещё раз.',
      'Если не помогло, закройте браузер и откройте его снова или перезагрузите устройство.',
    ],
    contacts: 'Если эта страница открывается снова, свяжитесь с нами:',
  },
  places: 'Куда можно зайти вместо этого',
  requestedSite: 'запрошенный сайт',
  privacy: 'Эта страница не записывает, кто её открыл.',
}

const ENGLISH: Texts = {
  languageName: 'English',
  languages: 'Choose a language',
  classes: {
    hotline: {
      basis: 'Report to a hotline',
      explanation:
        'A hotline received a report of illegal material on this site. Experts checked the report and confirmed that the ' +
        'material is illegal. Before access was closed, the owner of the site had been asked to remove it.',
    },
    legal: {
      basis: 'Law or court decision',
      explanation:
        'Access to this site is restricted by law or by the decision of a court. Internet providers are obliged to comply.',
    },
    household: {
      basis: 'Choice of the household',
      explanation:
        'Sites of this category are blocked by the choice of your household, not because the law requires it. ' +
        'Whoever manages the internet connection at home can change that choice.',
    },
  },
  blocked: {
    title: 'This site is blocked',
    details: 'About this block',
    site: 'Site',
    basis: 'Basis',
    category: 'Category',
    caseNumber: 'Case number',
    since: 'Blocked since',
    reviewedBy: 'Reviewed by',
    provider: 'Provider',
  },
  appeal: {
    title: 'If you think this is a mistake',
    invitation: 'Contact us with the name of the site and the case number. Your request will be considered.',
    invitationWithoutCase: 'Contact us with the name of the site. Your request will be considered.',
    email: 'E-mail',
    url: 'Page for appeals',
    phone: 'Telephone',
  },
  notBlocked: {
    title: 'This site is not blocked here',
    explanation: 'There is no block on this name at the moment. Your device may have remembered an earlier answer.',
    adviceTitle: 'What you can do',
    advice: [
      'Wait a few minutes and open the site again.',
      'If that does not help, close the browser and open it again, or restart the device.',
    ],
    contacts: 'If you keep seeing this page, please contact us:',
  },
  places: 'Places to go instead',
  requestedSite: 'the requested site',
  privacy: 'This page does not record who opened it.',
}

export const TEXTS: Readonly<Record<Language, Texts>> = { kk: KAZAKH, ru: RUSSIAN, en: ENGLISH }
