/**
 * The process in which feeds become a filter image: wiring only, started by `compiler.ts`. It lives for one compilation, and all memory that this took is
 * gone with it; and it ends when its parent does.
 */
import { offerOften } from '../platform/yielding.ts'

// Before the rest is loaded, which takes longer than anything that others should wait for.
offerOften()
const { compileAsOrdered } = await import('./compile-as-ordered.ts')
process.once('message', compileAsOrdered)
