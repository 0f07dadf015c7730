/**
 * Data plane. Which answers may not have addresses of private networks (DNS rebinding): those for every name, but for the names below
 * which an operator expects them.
 */
import type { NameTable } from './name-table.ts'
import type { QuerySlot } from './query.ts'

export class RebindingGuard {
  private readonly isOn: boolean
  private readonly expected: NameTable

  /** `expected`: names whose subtrees may have private addresses. */
  constructor(isOn: boolean, expected: NameTable) {
    this.isOn = isOn
    this.expected = expected
  }

  isGuarded(query: QuerySlot): boolean {
    return this.isOn && this.expected.find(query) < 0
  }
}
