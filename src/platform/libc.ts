/** Single calls of the C library through koffi, for what Node does not offer and the program can do without. */
import { createRequire } from 'node:module'

/** The function of this prototype, or null: off Linux, without koffi, or where the library has none of the name. */
export function libcFunction<Call>(prototype: string): Call | null {
  if (process.platform !== 'linux') return null
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
    return koffi.load(null).func(prototype) as unknown as Call
  } catch {
    return null
  }
}
