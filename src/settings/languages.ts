/** The languages that pages speak, the first where a visitor asks for none of them. */
export const LANGUAGES = ['kk', 'ru', 'en'] as const
export type Language = (typeof LANGUAGES)[number]
