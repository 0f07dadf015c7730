/**
 * Writing in small pieces. A kernel that is not preemptible lets nobody else have the core before a write is done, whatever the priority of who writes: with a megabyte at
 * once, others were seen to wait for five milliseconds.
 */
import { writeSync } from 'node:fs'

const PIECE_OCTETS = 64 * 1024

/** Returns when all is written; throws what the file system throws. */
export function writeWhole(fd: number, octets: Uint8Array): void {
  for (let at = 0; at < octets.length; ) at += writeSync(fd, octets, at, Math.min(PIECE_OCTETS, octets.length - at))
}
