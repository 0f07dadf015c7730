/** A line on the terminal that is written over, for a person who waits. Where stderr is no terminal, nothing is shown. */

const CLEAR = '\r\u001b[K'

export interface Terminal {
  readonly isTTY?: boolean
  write(text: string): unknown
}

export class WaitingLine {
  private readonly terminal: Terminal
  private shown = ''

  constructor(terminal: Terminal = process.stderr) {
    this.terminal = terminal
  }

  /** Shows this in place of what stands there. */
  show(text: string): void {
    if (this.terminal.isTTY !== true || text === this.shown) return
    this.shown = text
    this.terminal.write(`${CLEAR}${text}`)
  }

  /** Takes away what stands there. */
  clear(): void {
    if (this.shown !== '') this.terminal.write(CLEAR)
    this.shown = ''
  }

  /** Lets what stands there stay, and goes on below it. */
  leave(): void {
    if (this.shown !== '') this.terminal.write('\n')
    this.shown = ''
  }
}

/** `3 of 12 feeds read`, where `what` is `feeds read`; the last of them stays. */
export function progress(what: string, line = new WaitingLine()): (done: number, of: number) => void {
  return (done, of) => {
    line.show(`${done + 1} of ${of} ${what}`)
    if (done + 1 === of) line.leave()
  }
}
