/** SipHash-2-4 against the vectors of its reference implementation: key 00…0f, message 00, 01, 02 … */
import { expect, test } from 'vitest'
import { siphash } from '../../src/wire/siphash.ts'
import { hex } from '../support/octets.ts'

const rows: readonly (readonly [octets: number, hash: string])[] = [
  [0, '310e0edd47db6f72'],
  [1, 'fd67dc93c539f874'],
  [2, '5a4fa9d909806c0d'],
  [3, '2d7efbd796666785'],
  [4, 'b7877127e09427cf'],
  [5, '8da699cd64557618'],
  [6, 'cee3fe586e46c9cb'],
  [7, '37d1018bf50002ab'],
  [8, '6224939a79f5f593'],
  [9, 'b0e4a90bdf82009e'],
  [15, 'e545be4961ca29a1'],
]
test.each(rows)('%i octets', (octets, hash) => {
  const key = Uint8Array.from({ length: 16 }, (_, i) => i)
  const out = new Uint8Array(10)
  siphash(
    key,
    Uint8Array.from({ length: 20 }, (_, i) => (i < 2 ? 0xee : i - 2)),
    2,
    octets,
    out,
    1,
  )
  expect(out.subarray(1, 9)).toEqual(hex(hash))
  expect([out[0], out[9]]).toEqual([0, 0])
})
