/** Numbers for fuzzing: the same for the same seed, and fast (xorshift, Marsaglia 2003). Never for anything that must be unpredictable. */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed | 0 || 1
  }

  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    let state = this.state
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    this.state = state
    return (state >>> 0) % below
  }
}
