/** Serials of zones, which count in a circle (RFC 1982). */

/** Whether `a` comes after `b`. */
export function isNewer(a: number, b: number): boolean {
  const ahead = (a - b) >>> 0
  return ahead !== 0 && ahead < 2 ** 31
}
