/** What a person who waits at a terminal sees, and a pipe does not. */
import { describe, expect, test } from 'vitest'
import { progress, WaitingLine } from '../../src/waiting-line.ts'

function terminal(isTTY: boolean) {
  const written: string[] = []
  return { written, terminal: { isTTY, write: (text: string) => written.push(text) } }
}

describe('on a terminal', () => {
  test('each text takes the place of the one before; the same is not written twice, and it goes at the end', () => {
    const { written, terminal: own } = terminal(true)
    const line = new WaitingLine(own)
    for (const text of ['list: fetching, 0 s', 'list: fetching, 0 s', 'list: reading, 1 s']) line.show(text)
    line.clear()
    line.clear()
    expect(written).toEqual(['\r\u001b[Klist: fetching, 0 s', '\r\u001b[Klist: reading, 1 s', '\r\u001b[K'])
  })

  test('progress ends with its last step, on a line of its own', () => {
    const { written, terminal: own } = terminal(true)
    const onProgress = progress('feeds read', new WaitingLine(own))
    for (const done of [0, 1]) onProgress(done, 2)
    expect(written).toEqual(['\r\u001b[K1 of 2 feeds read', '\r\u001b[K2 of 2 feeds read', '\n'])
  })
})

test('elsewhere nothing is written', () => {
  const { written, terminal: own } = terminal(false)
  const line = new WaitingLine(own)
  line.show('list: fetching, 0 s')
  line.clear()
  progress('feeds read', line)(0, 1)
  expect(written).toEqual([])
})
