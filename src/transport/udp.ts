/**
 * A UDP listener: what both drivers are. The batch driver (`udp-batch.ts`) where the kernel's batch calls can be had, node:dgram
 * (`udp-dgram.ts`) everywhere else; the same pipeline and the same tests for both.
 */
import type { Outlet } from '../resolver/outlet.ts'
import type { Plane } from '../resolver/plane.ts'
import type { Kernel } from './kernel.ts'
import { BatchListener } from './udp-batch.ts'
import { DgramListener } from './udp-dgram.ts'

export interface UdpListener extends Outlet {
  /** Begins to take queries. */
  start(): void
  /** Sends the answers that were written and not yet sent; for those that come outside a batch of queries. */
  flush(): void
  port(): number
  /** Takes no more queries; answers can still be sent. */
  pause(): void
  close(): void
}

export interface UdpListenOptions {
  readonly address: string
  readonly port: number
  /** Number of the listener, for its policy. */
  readonly listener: number
}

/** Binds a listener; `kernel` null takes node:dgram. Rejects with an Error that has a `code` where the address cannot be bound. */
export function listenUdp(kernel: Kernel | null, plane: Plane, options: UdpListenOptions): Promise<UdpListener> {
  if (kernel === null) return DgramListener.bind(plane, options)
  return Promise.resolve().then(() => new BatchListener(kernel, plane, options))
}
