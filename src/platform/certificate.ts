/** A certificate and its key in files that are renewed while the program runs, as by certbot. */
import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { nodeTls } from './on-use.ts'

export interface CertificateFiles {
  /** Paths of PEM files; the first certificate is the server's, those behind it lead to its issuer. */
  readonly certificate: string
  readonly key: string
}

export interface Material {
  readonly cert: string
  readonly key: string
}

export class Certificate {
  material: Material
  private readonly files: CertificateFiles
  private stamp: string
  private parsed: X509Certificate

  /** Throws Error with one clear sentence where the files cannot be used together. */
  constructor(files: CertificateFiles) {
    this.files = files
    this.stamp = stampOf(files)
    const read = readMaterial(files)
    this.material = read.material
    this.parsed = read.parsed
  }

  /** When it ends, in milliseconds since 1970. */
  get endsMs(): number {
    return Date.parse(this.parsed.validTo)
  }

  /** Whether it is for a host name. */
  covers(host: string): boolean {
    return this.parsed.checkHost(host) !== undefined
  }

  /** Whether the files had changed and have been read again. Throws as the constructor does, once for each change; what was there stays. */
  refresh(): boolean {
    const stamp = stampOf(this.files)
    if (stamp === this.stamp) return false
    this.stamp = stamp
    const read = readMaterial(this.files)
    this.material = read.material
    this.parsed = read.parsed
    return true
  }
}

/** Changes where a file does; also where one is gone. */
function stampOf({ certificate, key }: CertificateFiles): string {
  return [certificate, key]
    .map(path => {
      const status = statSync(path, { throwIfNoEntry: false })
      return status === undefined ? 'none' : `${status.mtimeMs} ${status.ino} ${status.size}`
    })
    .join(' ')
}

function readMaterial({ certificate, key }: CertificateFiles): { material: Material; parsed: X509Certificate } {
  const material = { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') }
  const parsed = parse(material.cert, certificate)
  try {
    nodeTls().createSecureContext(material)
  } catch (error) {
    throw new Error(`${key} is not the key of ${certificate}: ${(error as Error).message}`)
  }
  return { material, parsed }
}

function parse(text: string, path: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch (error) {
    throw new Error(`${path} has no certificate in PEM: ${(error as Error).message}`)
  }
}
