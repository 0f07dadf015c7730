/**
 * Appeals on disk: `<data>/appeals.sqlite`. What somebody has written, and what was decided; of who wrote it only the contact that they chose to give,
 * encrypted under a key that lies in another file, and deleted some time after the decision.
 *
 * Owns: the tables and their versions. Every method throws what SQLite throws, such as for a database that is locked or damaged.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeFolder } from '../platform/make-folder.ts'
import { giveToOwnerOfFolder } from '../platform/ownership.ts'

export const STATES = ['open', 'upheld', 'rejected'] as const
export type AppealState = (typeof STATES)[number]

export interface NewAppeal {
  /** A site's name or a case number, as the person wrote it. */
  readonly subject: string
  readonly reason: string
  readonly contact: string | null
}

/** Times are seconds since 1970. */
export interface Appeal {
  readonly ticket: string
  readonly receivedAt: number
  readonly subject: string
  readonly reason: string
  readonly hasContact: boolean
  readonly state: AppealState
  readonly decidedAt: number | null
  readonly decidedBy: string | null
  readonly answer: string | null
}

export interface Decided {
  readonly state: 'upheld' | 'rejected'
  readonly by: string
  readonly answer: string
}

const KEY_OCTETS = 32
const NONCE_OCTETS = 12
const TAG_OCTETS = 16
const BUSY_MS = 2000
const VERSION = 1
/** Without letters and digits that are easily taken for others; 16 of them are 80 bits. */
const TICKET_LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const TICKET_LENGTH = 16
const TICKET_GROUP = 4

export function appealsPath(dataFolder: string): string {
  return join(dataFolder, 'appeals.sqlite')
}

export class AppealStore {
  private readonly database: DatabaseSync
  private readonly dataFolder: string
  private key: Buffer | null = null

  constructor(dataFolder: string) {
    this.dataFolder = dataFolder
    const path = appealsPath(dataFolder)
    makeFolder(dirname(path))
    // SQLite would make it readable for everybody.
    closeSync(openSync(path, 'a', 0o600))
    giveToOwnerOfFolder(path)
    this.database = new DatabaseSync(path, { timeout: BUSY_MS })
    this.migrate()
  }

  private migrate(): void {
    this.database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON')
    const { user_version: version } = this.database.prepare('PRAGMA user_version').get() as { user_version: number }
    if (version > VERSION) throw new Error(`${appealsPath(this.dataFolder)} is of a newer Qalqan`)
    if (version === VERSION) return
    this.database.exec(`BEGIN IMMEDIATE;
      CREATE TABLE IF NOT EXISTS appeals (
        ticket TEXT PRIMARY KEY,
        received_at INTEGER NOT NULL,
        subject TEXT NOT NULL,
        reason TEXT NOT NULL,
        contact BLOB,
        state TEXT NOT NULL CHECK (state IN ('open', 'upheld', 'rejected')),
        decided_at INTEGER,
        decided_by TEXT,
        answer TEXT
      ) STRICT;
      CREATE INDEX IF NOT EXISTS by_state ON appeals (state, received_at);
      PRAGMA user_version = ${VERSION};
      COMMIT`)
  }

  /** Returns the ticket by which its state can be followed. */
  add({ subject, reason, contact }: NewAppeal, now: number): string {
    const ticket = newTicket()
    const sealed = contact === null ? null : this.seal(contact, ticket)
    this.database
      .prepare(
        "INSERT INTO appeals (ticket, received_at, subject, reason, contact, state) VALUES (?, ?, ?, ?, ?, 'open')",
      )
      .run(ticket, now, subject, reason, sealed)
    return ticket
  }

  find(ticket: string): Appeal | null {
    const row = this.database.prepare(`${SELECT} WHERE ticket = ?`).get(ticket.toUpperCase())
    return row === undefined ? null : appealOf(row as unknown as Row)
  }

  /** The oldest first. */
  list(onlyOpen: boolean): Appeal[] {
    const rows = this.database
      .prepare(`${SELECT} ${onlyOpen ? "WHERE state = 'open'" : ''} ORDER BY received_at, ticket`)
      .all()
    return rows.map(row => appealOf(row as unknown as Row))
  }

  /** Whether somebody has written the very same, and it is open. */
  hasSame({ subject, reason }: NewAppeal): boolean {
    const sql = "SELECT 1 FROM appeals WHERE state = 'open' AND subject = ? AND reason = ?"
    return this.database.prepare(sql).get(subject, reason) !== undefined
  }

  /** Null where there is none, or it was given or has been deleted. */
  contactOf(ticket: string): string | null {
    const row = this.database.prepare('SELECT contact FROM appeals WHERE ticket = ?').get(ticket) as
      | { contact: Uint8Array | null }
      | undefined
    return row?.contact == null ? null : this.open(Buffer.from(row.contact), ticket)
  }

  /** False where there is no such appeal, or it was decided before. */
  decide(ticket: string, { state, by, answer }: Decided, now: number): boolean {
    const sql =
      "UPDATE appeals SET state = ?, decided_at = ?, decided_by = ?, answer = ? WHERE ticket = ? AND state = 'open'"
    return this.database.prepare(sql).run(state, now, by, answer, ticket).changes === 1
  }

  count(state: AppealState): number {
    return this.number('SELECT count(*) AS n FROM appeals WHERE state = ?', state)
  }

  /** Open ones that came before this time. */
  overdue(before: number): number {
    return this.number("SELECT count(*) AS n FROM appeals WHERE state = 'open' AND received_at < ?", before)
  }

  private number(sql: string, ...values: readonly (string | number)[]): number {
    return (this.database.prepare(sql).get(...values) as { n: number }).n
  }

  /** How many came, were upheld and were rejected, by month such as `2026-11`. */
  byMonth(): Record<string, Record<'received' | 'upheld' | 'rejected', number>> {
    const months: Record<string, Record<'received' | 'upheld' | 'rejected', number>> = {}
    const add = (month: string, what: 'received' | 'upheld' | 'rejected', n: number) => {
      months[month] ??= { received: 0, upheld: 0, rejected: 0 }
      months[month][what] += n
    }
    const month = (column: string) => `strftime('%Y-%m', ${column}, 'unixepoch')`
    const came = this.database.prepare(
      `SELECT ${month('received_at')} AS month, count(*) AS n FROM appeals GROUP BY month`,
    )
    for (const row of came.all() as unknown as { month: string; n: number }[]) add(row.month, 'received', row.n)
    const decided = this.database.prepare(
      `SELECT ${month('decided_at')} AS month, state, count(*) AS n FROM appeals WHERE state <> 'open' GROUP BY month, state`,
    )
    for (const row of decided.all() as unknown as { month: string; state: 'upheld' | 'rejected'; n: number }[])
      add(row.month, row.state, row.n)
    return months
  }

  /** Deletes contacts of appeals that were decided before this time; returns how many. */
  deleteContacts(decidedBefore: number): number {
    const sql = 'UPDATE appeals SET contact = NULL WHERE contact IS NOT NULL AND decided_at < ?'
    return Number(this.database.prepare(sql).run(decidedBefore).changes)
  }

  close(): void {
    this.database.close()
  }

  private seal(text: string, ticket: string): Buffer {
    const nonce = randomBytes(NONCE_OCTETS)
    const cipher = createCipheriv('aes-256-gcm', this.ownKey(), nonce).setAAD(Buffer.from(ticket))
    return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  }

  private open(sealed: Buffer, ticket: string): string {
    const decipher = createDecipheriv('aes-256-gcm', this.ownKey(), sealed.subarray(0, NONCE_OCTETS))
    decipher.setAAD(Buffer.from(ticket)).setAuthTag(sealed.subarray(-TAG_OCTETS))
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_OCTETS, -TAG_OCTETS)), decipher.final()]).toString(
      'utf8',
    )
  }

  /** Made when it is first needed. */
  private ownKey(): Buffer {
    if (this.key !== null) return this.key
    const path = join(this.dataFolder, 'appeals.key')
    try {
      writeFileSync(path, `${randomBytes(KEY_OCTETS).toString('base64')}\n`, { flag: 'wx', mode: 0o600 })
      giveToOwnerOfFolder(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const key = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64')
    if (key.length !== KEY_OCTETS) throw new Error(`${path} is no key`)
    this.key = key
    return key
  }
}

const SELECT =
  'SELECT ticket, received_at, subject, reason, contact IS NOT NULL AS has_contact, state, decided_at, decided_by, answer FROM appeals'

interface Row {
  readonly ticket: string
  readonly received_at: number
  readonly subject: string
  readonly reason: string
  readonly has_contact: number
  readonly state: AppealState
  readonly decided_at: number | null
  readonly decided_by: string | null
  readonly answer: string | null
}

function appealOf(row: Row): Appeal {
  const { ticket, received_at: receivedAt, subject, reason, state, answer } = row
  const { decided_at: decidedAt, decided_by: decidedBy, has_contact: hasContact } = row
  return { ticket, receivedAt, subject, reason, hasContact: hasContact === 1, state, decidedAt, decidedBy, answer }
}

function newTicket(): string {
  const letters = [...randomBytes(TICKET_LENGTH)].map(octet => TICKET_LETTERS[octet & 31]!)
  return letters.flatMap((letter, i) => (i > 0 && i % TICKET_GROUP === 0 ? ['-', letter] : [letter])).join('')
}
