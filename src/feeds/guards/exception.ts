/** A named person's word that a rule counts although a guard would keep it back, in the configuration, with an end where they give one. */

export interface GuardException {
  /** Only rules of exactly this name. */
  readonly name: string
  readonly by: string
  readonly reason: string
  /** From this moment on the guard holds again, in seconds since 1970; null: it has no end. */
  readonly until: number | null
}

/** `now`: seconds since 1970. */
export function hasEnded({ until }: GuardException, now: number): boolean {
  return until !== null && until <= now
}

/** The one that counts for each name: of several the last to end. */
export function exceptionsByName(exceptions: readonly GuardException[]): Map<string, GuardException> {
  const byEnd = exceptions.toSorted((a, b) => (a.until ?? Infinity) - (b.until ?? Infinity) || 0)
  return new Map(byEnd.map(own => [own.name, own]))
}

/** When the next of those in force ends; null where none will. */
export function nextEndOf(exceptions: readonly GuardException[], now: number): number | null {
  const ends = exceptions.flatMap(own => (own.until === null || hasEnded(own, now) ? [] : own.until))
  return ends.length === 0 ? null : Math.min(...ends)
}

/** As configurations have it. */
export function endText({ until }: GuardException): string {
  return until === null ? 'without an end' : `until ${timeText(until)}`
}

/** For who meets a rule that needs it. */
export function endedText({ name, by, until }: GuardException): string {
  return `the exception for ${name} by ${by} ended on ${timeText(until!)}: the guard holds again`
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}
