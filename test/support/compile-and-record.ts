/** A compilation and what follows it, as the compiling process has them, in this one. */
import { type CompileOrders, compile, newAside, writeDown } from '../../src/feeds/compilation.ts'

/** Returns what could not be written down. */
export function compileAndRecord(orders: CompileOrders): string[] {
  const aside = newAside(orders)
  return writeDown(orders, compile(orders, aside), aside)
}
