/**
 * Notices when the file of a feed changes, is replaced, goes, or comes back.
 *
 * Owns: the folders' watches, which tell at once but not on every file system, and a slow poll of each file, which tells late but always. Both only
 * lead to a look at the file's inode, size and times; names are reported when these differ and nothing has moved for a while.
 * Begin to watch before the feeds are first loaded, so that no change falls between.
 */
import { type BigIntStats, type FSWatcher, statSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { FeedSettings } from '../settings/settings.ts'

export interface WatchOptions {
  /** How long nothing must have happened before a change is reported. */
  readonly debounceMs: number
  /** How often files are looked at without any sign. Absent: 30 s. */
  readonly pollMs?: number
}

export interface FeedWatch {
  close(): void
}

const POLL_MS = 30_000
/** A file that is written to all the time is reported after this many quiet periods all the same. */
const PATIENCE = 10

type WatchedFeed = Pick<FeedSettings, 'name' | 'source'>

/** `onChange` gets the names of the feeds whose files are not as they were, in the order of the feeds. */
export function watchFeeds(
  feeds: readonly WatchedFeed[],
  onChange: (names: readonly string[]) => void,
  options: WatchOptions,
): FeedWatch {
  return new Watch(feeds, onChange, options)
}

class Watch implements FeedWatch {
  private readonly feeds: readonly WatchedFeed[]
  private readonly onChange: (names: readonly string[]) => void
  private readonly debounceMs: number
  private readonly stamps = new Map<string, string>()
  private readonly folders = new Map<string, FSWatcher>()
  private readonly poll: NodeJS.Timeout
  private quiet: NodeJS.Timeout | null = null
  private putOff = 0
  private closed = false

  constructor(feeds: readonly WatchedFeed[], onChange: (names: readonly string[]) => void, options: WatchOptions) {
    this.feeds = feeds
    this.onChange = onChange
    this.debounceMs = options.debounceMs
    this.watchFolders()
    for (const { source } of feeds) this.stamps.set(source, stampOf(source))
    this.poll = setInterval(() => this.look(), options.pollMs ?? POLL_MS)
    this.poll.unref()
  }

  close(): void {
    this.closed = true
    clearInterval(this.poll)
    if (this.quiet !== null) clearTimeout(this.quiet)
    for (const watcher of this.folders.values()) watcher.close()
    this.folders.clear()
  }

  /** Folders rather than files: a watch on a file stays with the old one when another is renamed over it. */
  private watchFolders(): void {
    for (const folder of new Set(this.feeds.map(({ source }) => dirname(source)))) {
      if (!this.folders.has(folder)) this.watchFolder(folder)
    }
  }

  private watchFolder(folder: string): void {
    try {
      // Any event will do, also about another name: a feed can be a link that leads over it.
      const watcher = watch(folder, { persistent: false }, () => this.stir())
      watcher.on('error', () => this.unwatch(folder, watcher))
      this.folders.set(folder, watcher)
    } catch {
      // Not there, or no watches left: the poll sees to it and tries again.
    }
  }

  private unwatch(folder: string, watcher: FSWatcher): void {
    watcher.close()
    if (this.folders.get(folder) === watcher) this.folders.delete(folder)
  }

  private look(): void {
    this.watchFolders()
    if (this.changed().length > 0 && this.quiet === null) this.stir()
  }

  private stir(): void {
    if (this.closed) return
    if (this.quiet !== null) {
      if (this.putOff >= PATIENCE) return
      clearTimeout(this.quiet)
      this.putOff++
    } else this.putOff = 0
    this.quiet = setTimeout(() => this.settle(), this.debounceMs)
    this.quiet.unref()
  }

  private settle(): void {
    this.quiet = null
    const changed = this.changed()
    if (changed.length === 0) return
    for (const { source } of changed) this.stamps.set(source, stampOf(source))
    this.onChange(changed.map(({ name }) => name))
  }

  private changed(): WatchedFeed[] {
    return this.feeds.filter(({ source }) => stampOf(source) !== this.stamps.get(source))
  }
}

const ABSENT = 'absent'

function stampOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true }) satisfies BigIntStats
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch {
    return ABSENT
  }
}
