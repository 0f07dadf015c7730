/**
 * Compiling processes that go wrong, by the word in QALQAN_TEST_COMPILER: each begins as a good one does, announces an image of a megabyte, and then does something else
 * than to send it. `as-announced` sends just that, which is no filter image.
 */
import { crc32 } from 'node:zlib'
import { type FromCompiler, IMAGE_PIPE } from '../../../src/feeds/handover.ts'
import { writeWhole } from '../../../src/platform/write-whole.ts'

const octets = 1024 * 1024
const image = new Uint8Array(octets).fill(7)
const how = process.env.QALQAN_TEST_COMPILER

process.once('message', async () => {
  if (how === 'throws') return say({ kind: 'failed', problem: 'too much of it' }).then(() => process.exit(0))
  if (how === 'ends-early') return process.exit(3)
  if (how === 'says-nothing') return process.exit(0)
  await say({ kind: 'finished', octets: how === 'too-small' ? 4 : octets, sum: crc32(image), reports: [], seconds: 0 })
  if (how === 'killed-half-way') {
    writeWhole(IMAGE_PIPE, image.subarray(0, octets / 2))
    process.kill(process.pid, 'SIGKILL')
  } else if (how === 'ends-half-way') {
    writeWhole(IMAGE_PIPE, image.subarray(0, octets / 2))
    process.exit(0)
  } else if (how === 'one-bit-off') {
    image[octets - 1]! ^= 1
    writeWhole(IMAGE_PIPE, image)
    setInterval(() => {}, 1000)
  } else {
    writeWhole(IMAGE_PIPE, image)
    setInterval(() => {}, 1000)
  }
})

function say(message: FromCompiler): Promise<void> {
  return new Promise(resolve => {
    process.send!(message, () => resolve())
  })
}
