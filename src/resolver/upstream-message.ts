/**
 * Data plane. The message to an upstream: always a new one, with an OPT of our own (RFC 6891 §6.1.1: EDNS is hop by hop) and AD set, so that
 * the upstream's verdict on signatures comes back (RFC 6840 §5.7).
 */
import { OPT_OCTETS, writeOpt } from '../wire/edns.ts'
import { FLAG_AD, FLAG_CD, FLAG_RD, HEADER_OCTETS, writeHeader } from '../wire/header.ts'
import { NAME_OCTETS_MAX } from '../wire/name.ts'
import { putU16 } from '../wire/octets.ts'
import { CLASS_IN, NOERROR } from '../wire/types.ts'
import { spelled } from './accept.ts'
import { KEY_CD, KEY_DO, KEY_NOT_RECURSIVE } from './key.ts'
import type { Questions } from './questions.ts'

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
