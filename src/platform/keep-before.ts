/** A file that is about to be replaced stays under another name. */
import { linkSync, renameSync, rmSync } from 'node:fs'

/** What the file in place is called once another has taken its place. */
export function nameBefore(path: string): string {
  return `${path}.1`
}

/** Gives the file in place its second name, so that at no moment there is none under the first. Throws what the file system throws. */
export function keepBefore(path: string): void {
  rmSync(`${path}.old`, { force: true })
  linkSync(path, `${path}.old`)
  renameSync(`${path}.old`, nameBefore(path))
}
