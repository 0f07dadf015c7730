/** Files that a command makes as root belong to whom their folder belongs to, so that a server that runs as somebody else can use them. */
import { chownSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Does nothing where the process is not root's. Throws what the file system throws. */
export function giveToOwnerOfFolder(path: string): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(dirname(path))
  chownSync(path, uid, gid)
}
