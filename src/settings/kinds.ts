/**
 * The kinds of values that a configuration has, as zod schemas.
 *
 * The `error` of each says what was expected, as the end of the sentence "expected …"; a section's lists its keys. `explain.ts`
 * makes the sentences. What only settling can tell, such as whether an address is one, is not checked here.
 */
import { z } from 'zod'
import { DURATION_PATTERN, durationMs, SIZE_PATTERN, sizeBytes } from './units.ts'

/** A mapping with these keys and no other. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape).join(' ')
  return z.strictObject(shape, {
    error: issue =>
      issue.code === 'unrecognized_keys' ? keys : `a mapping with the keys ${keys.replaceAll(' ', ', ')}`,
  })
}

export function choice<const Words extends readonly string[]>(words: Words) {
  return z.enum(words, { error: `one of ${words.join(', ')}` })
}

export function list<Item extends z.ZodType>(item: Item, of: string) {
  return z.array(item, { error: `a list of ${of}` })
}

export function flag() {
  return z.boolean({ error: 'true or false' })
}

/** Text that is read further when the configuration is settled. */
export function text(expected: string, unitsMax = 4096) {
  return z
    .string({ error: expected })
    .min(1, { error: expected })
    .max(unitsMax, { error: `${expected}, at most ${unitsMax} characters` })
}

/** One line for people to read. */
export function line(expected: string, unitsMax = 200) {
  return text(expected, unitsMax).regex(/^[^\p{Cc}\u2028\u2029]*$/u, { error: `${expected}, in one line` })
}

/** The name of a feed, a policy or a category: what can stand in a metric's label, a file's name and a command's argument. */
export function label(what: string) {
  const error = `${what}: lower-case letters, digits, - and _, at most 64, a letter or digit first`
  return z.string({ error }).regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, { error })
}

export function whole(from: number, to: number, what: string) {
  const error = `${what} from ${from} to ${to}`
  return z.int({ error }).min(from, { error }).max(to, { error })
}

/** Bounds as they are written. `unit` `s`: whole seconds only, since that is what DNS counts in. */
export function duration(from: string, to: string, unit: 'ms' | 's' = 'ms') {
  const step = unit === 's' ? 1000 : 1
  const error = `a duration from ${from} to ${to}${unit === 's' ? ' in whole seconds' : ''} (500ms, 60s, 5m, 2h, 1d, or a number of seconds)`
  return z
    .union([z.number({ error }), z.string({ error }).regex(DURATION_PATTERN, { error })], { error })
    .refine(written => within(durationMs(written), durationMs(from), durationMs(to), step), { error })
}

/** A size within bounds, or 0. */
export function size(from: string, to: string) {
  const error = `a size from ${from} to ${to} (512KiB, 64MiB, 1GiB, or a number of octets), or 0`
  return z
    .union([z.number({ error }), z.string({ error }).regex(SIZE_PATTERN, { error })], { error })
    .refine(written => sizeBytes(written) === 0 || within(sizeBytes(written), sizeBytes(from), sizeBytes(to), 1), {
      error,
    })
}

function within(value: number, from: number, to: number, step: number): boolean {
  return value >= from && value <= to && value % step === 0
}
