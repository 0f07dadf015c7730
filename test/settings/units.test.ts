import { expect, test } from 'vitest'
import { DURATION_PATTERN, durationMs, SIZE_PATTERN, sizeBytes } from '../../src/settings/units.ts'

test.each([
  ['500ms', 500],
  ['60s', 60_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['0s', 0],
  [60, 60_000],
  [1.5, 1500],
  [0.25, 250],
] as const)('the duration %s is %d ms', (written, ms) => expect(durationMs(written)).toBe(ms))

test.each([
  ['1B', 1],
  ['512KiB', 524_288],
  ['64MiB', 67_108_864],
  ['1GiB', 1_073_741_824],
  [4096, 4096],
] as const)('the size %s is %d octets', (written, bytes) => expect(sizeBytes(written)).toBe(bytes))

test.each(['', 's', '60', '60 s', '-1s', '1.5s', '60S', '1w', '1s2m', '1234567890123s', '1s\n'])(
  'the text %j is no duration',
  text => expect(DURATION_PATTERN.test(text)).toBe(false),
)

test.each(['', 'MiB', '64', '64MB', '64 MiB', '64mib', '-1MiB', '1.5GiB', '1TiB'])('the text %j is no size', text =>
  expect(SIZE_PATTERN.test(text)).toBe(false),
)
