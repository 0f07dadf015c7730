/**
 * Writing in small pieces. A kernel that is not preemptible lets nobody else have the core before a write is done, whatever the priority of who writes: with a megabyte at
 * once, others were seen to wait for five milliseconds, with 64 KiB, where the pages were new to a virtual machine, for one and a half.
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'

const PIECE_OCTETS = 16 * 1024

/** Returns when all is written; throws what the file system throws. */
export function writeWhole(fd: number, octets: Uint8Array): void {
  for (let at = 0; at < octets.length; ) at += writeSync(fd, octets, at, Math.min(PIECE_OCTETS, octets.length - at))
}

/**
 * Makes a file anew, for its owner alone, and returns when the disk has all that `write` has put there. Throws what `write` and the file system throw. What stands under another name
 * is in place until the caller renames this.
 */
export function writeSynced(path: string, write: (fd: number) => void): void {
  const fd = openSync(path, 'w', 0o600)
  try {
    write(fd)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
