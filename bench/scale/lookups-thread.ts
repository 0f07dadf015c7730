/** Lookups in an image that another thread has built, as a worker of the program has it; see `support/images.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import type { ImageBuffers } from '../../src/resolver/assemble.ts'
import { openImages } from '../../src/resolver/assemble.ts'
import { lookupCases } from '../support/lookups.ts'
import { compare } from '../support/measure.ts'
import { blockedQuestions, cleanQuestions } from '../support/names.ts'
import { QueryDeck } from '../support/workload.ts'

const { buffers, names, questions } = workerData as { buffers: ImageBuffers; names: number; questions: number }

const flagged = new QueryDeck(blockedQuestions(questions, names))
const clean = new QueryDeck(cleanQuestions(questions))
const { figures } = compare(lookupCases('', openImages(buffers), flagged, clean), questions < 10_000 ? 'small' : 'full')
parentPort!.postMessage(
  Object.fromEntries(figures.map(({ what, nanoseconds }) => [what.replace(/, $/, ''), nanoseconds])),
)
