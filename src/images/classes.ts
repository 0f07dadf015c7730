/**
 * The three classes of a rule, and what each says on the wire. Their order is the order in which they speak when several
 * of them block one name: what everyone is protected from, what the law demands, what a household chose.
 */
export const CLASSES = ['hotline', 'legal', 'household'] as const
export type RuleClass = (typeof CLASSES)[number]

/** A class as a number: its place in `CLASSES`. */
export const HOTLINE = 0
export const LEGAL = 1
export const HOUSEHOLD = 2

/** Extended DNS Error INFO-CODE of each class, by its number: Blocked, Censored, Filtered (RFC 8914 §4.16–4.18). */
export const CLASS_INFO_CODES: readonly number[] = [15, 16, 17]

/** How a block is answered. `drop` sends nothing (RPZ's DROP); it can come from a zone, not from the configuration. */
export const ANSWER_MODES = ['page', 'nxdomain', 'nodata', 'zero', 'refused'] as const
export type AnswerMode = (typeof ANSWER_MODES)[number]
