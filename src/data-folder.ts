/** The data folder as commands find it, before they say anything from it: what cannot be read must not look like what is not there. */
import { accessSync, constants, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { systemReason } from './settings/read.ts'

/** Why commands cannot use it, a sentence; null: they can, or it is not there yet. */
export function dataFolderProblem(
  folder: string,
  access: (path: string, mode: number) => void = accessSync,
): string | null {
  try {
    if (!statSync(folder).isDirectory()) return `the data folder ${folder} is no folder`
    access(folder, constants.R_OK | constants.X_OK)
    return null
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return null
    if (code === 'ENOTDIR') return `the data folder ${folder} cannot be there: a part of its path is no folder`
    if (code === 'EACCES' || code === 'EPERM')
      return `the data folder ${folder} is closed to ${whoAsks()}: run this as the user whom the server runs as`
    return `the data folder ${folder}: ${systemReason(error)}`
  }
}

/** In a container the user may have a number alone. */
function whoAsks(): string {
  try {
    return userInfo().username
  } catch {
    return `user ${process.getuid?.()}`
  }
}

/** What went wrong, as a sentence; what the system says of a file begins with the file. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { message, path, syscall } = error as NodeJS.ErrnoException
  if (path === undefined || syscall === undefined) return message
  return `${path}: ${/^E\w+: (.*?), \w+/.exec(message)?.[1] ?? message}`
}
