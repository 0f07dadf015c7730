/** Durations and sizes as people write them: `60s`, `500ms`, `64MiB`, or a plain number of seconds or octets. */

export const DAY_MS = 86_400_000

/** As the JSON schema shows them. Digits are bounded so that every one of them is an exact number. */
export const DURATION_PATTERN = /^\d{1,12}(ms|s|m|h|d)$/
export const SIZE_PATTERN = /^\d{1,12}(B|KiB|MiB|GiB)$/

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS }
const OCTETS: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

/** Milliseconds. `written` fits the pattern or is a number of seconds. */
export function durationMs(written: string | number): number {
  return typeof written === 'number' ? Math.round(written * 1000) : scaled(written, MILLISECONDS)
}

/** Octets. `written` fits the pattern or is a number of them. */
export function sizeBytes(written: string | number): number {
  return typeof written === 'number' ? written : scaled(written, OCTETS)
}

function scaled(written: string, units: Readonly<Record<string, number>>): number {
  const digits = /^\d*/.exec(written)![0]
  return Number(digits) * (units[written.slice(digits.length)] ?? Number.NaN)
}
