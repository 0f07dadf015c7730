/**
 * How long somebody goes last who must be done some time: as long as it gets a share of a processor. On cores that are never idle it gets next to none, and might never be done; but where they are busy
 * half of the time it is done soon enough, and who answers there had answers 20 ms late beside a compilation that went on as others do.
 */

const LOOK_MS = 1000
/** Of one core. Beside who is always busy, who goes last gets up to a twentieth, and who goes on a fifteenth to a fifth, because of its turns (`offerOften`). */
const SHARE_MIN = 0.1

export interface Patience {
  readonly isLeft: boolean
  end(): void
}

/**
 * Looks after `patientMs`, and each second from then on, whether it got a share since the last look; from the first time that it did not, `goOn` is called at each look.
 * `usedMs`: processor time so far, null where nobody knows, which is no share.
 */
export function startPatience(patientMs: number, usedMs: () => number | null, goOn: () => void): Patience {
  let isLeft = true
  let seen = { used: 0, atMs: performance.now() }
  let timer = setTimeout(look, patientMs).unref()
  return {
    get isLeft() {
      return isLeft
    },
    end: () => clearTimeout(timer),
  }

  function look(): void {
    const now = { used: usedMs() ?? 0, atMs: performance.now() }
    isLeft &&= now.used - seen.used >= SHARE_MIN * (now.atMs - seen.atMs)
    seen = now
    if (!isLeft) goOn()
    timer = setTimeout(look, LOOK_MS).unref()
  }
}
