/**
 * Makes a folder, and those above it, for the owner alone. Node's own `recursive` never returns where the system says of a folder that is there that it is not: below `/proc`, or where
 * volumes are mounted when they are asked for and one is not to be had. There this throws.
 */
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const OWNER_ALONE = 0o700

/** The folder above is there, and nothing can be made in it. */
export class NoFolderThere extends Error {}

/** Does nothing where it is there. Throws `NoFolderThere`, and what the file system throws. */
export function makeFolder(path: string): void {
  if (isFolder(path)) return
  const above = dirname(path)
  if (above !== path) makeFolder(above)
  try {
    mkdirSync(path, { mode: OWNER_ALONE })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Somebody else may have made it meanwhile.
    if (code === 'EEXIST' && isFolder(path)) return
    if (code === 'ENOENT' && isFolder(above))
      throw new NoFolderThere(`${path} cannot be made: ${above} takes no folder`)
    throw error
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
