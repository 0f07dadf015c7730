/** What may be a case number, in a feed or on the command line: 1 to 64 printable ASCII characters without spaces at the ends. */
export function isCaseNumber(value: unknown): value is string {
  return typeof value === 'string' && /^[!-~](?:[ -~]{0,62}[!-~])?$/.test(value)
}
