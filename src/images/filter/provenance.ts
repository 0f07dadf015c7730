/**
 * Where a rule comes from, for people: what its entry names as its legal basis, and who has checked it. Both stand in one text of the section `bases`, so
 * that what many entries share is kept once.
 */
import { BASIS_OCTETS_MAX, basisText } from './bases.ts'
import type { FilterReader } from './reader.ts'

/** Between the two; no text that is shown has one. */
const BETWEEN = '\u001f'

export interface Provenance {
  readonly basis: string | null
  /** An organisation or a role. */
  readonly reviewedBy: string | null
}

/** The text for both; undefined for neither. A reviewer that would make it too long to be kept is left out. */
export function provenanceText(basis: string | undefined, reviewedBy: string | undefined): string | undefined {
  const own = basis?.replaceAll(BETWEEN, ' ')
  if (reviewedBy === undefined) return own
  const both = `${own ?? ''}${BETWEEN}${reviewedBy.replaceAll(BETWEEN, ' ')}`
  return Buffer.byteLength(both) > BASIS_OCTETS_MAX ? own : both
}

export function provenanceOf(image: FilterReader, element: number): Provenance {
  const [basis = '', reviewedBy = ''] = (basisText(image.bases, image.basisOf(element)) ?? '').split(BETWEEN)
  return { basis: basis === '' ? null : basis, reviewedBy: reviewedBy === '' ? null : reviewedBy }
}
