/**
 * Data plane. The message to an upstream: always a new one, with an OPT of our own (RFC 6891 §6.1.1: EDNS is hop by hop) and AD set, so that
 * the upstream's verdict on signatures comes back (RFC 6840 §5.7).
 */
import * as fromEdns from '../wire/edns.ts'
import * as fromHeader from '../wire/header.ts'
import * as fromName from '../wire/name.ts'
import * as fromOctets from '../wire/octets.ts'
import * as fromTypes from '../wire/types.ts'
import * as fromAccept from './accept.ts'
import * as fromKey from './key.ts'
import type { Questions } from './questions.ts'

// Bound here once: see "Imports of the data plane" in CONTRIBUTING.md.
const { OPT_OCTETS, writeOpt } = fromEdns
const { FLAG_AD, FLAG_CD, FLAG_RD, HEADER_OCTETS, writeHeader } = fromHeader
const { NAME_OCTETS_MAX } = fromName
const { putU16 } = fromOctets
const { CLASS_IN, NOERROR } = fromTypes
const { spelled } = fromAccept
const { KEY_CD, KEY_DO, KEY_NOT_RECURSIVE } = fromKey

const QUESTION_FIXED_OCTETS = 4
export const QUESTION_OCTETS_MAX = HEADER_OCTETS + NAME_OCTETS_MAX + QUESTION_FIXED_OCTETS + OPT_OCTETS

/** Writes the message for a question, in the spelling it is to be sent in; returns its octets. */
export function writeQuestion(questions: Questions, question: number, message: Uint8Array): number {
  const flags = questions.keyFlags[question]!
  const recursive = (flags & KEY_NOT_RECURSIVE) !== 0 ? 0 : FLAG_RD
  const checking = (flags & KEY_CD) !== 0 ? FLAG_CD : 0
  const plain = questions.plain[question] === 1
  writeHeader(message, 0, questions.id[question]!, recursive | checking | FLAG_AD, 1, 0, 0, plain ? 0 : 1)
  const name = questions.nameAt(question)
  const octets = questions.nameOctets[question]!
  const spelling = questions.spelling[question]!
  for (let i = 0; i < octets; i++) message[HEADER_OCTETS + i] = spelled(questions.names[name + i]!, i, spelling)
  let at = putU16(message, HEADER_OCTETS + octets, questions.type[question]!)
  at = putU16(message, at, CLASS_IN)
  return plain ? at : writeOpt(message, at, NOERROR, (flags & KEY_DO) !== 0)
}
