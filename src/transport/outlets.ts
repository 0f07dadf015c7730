/** Every listener's way out in one: answers find theirs by the query's transport and listener. */
import { TCP } from '../images/counters.ts'
import type { Outlet } from '../resolver/outlet.ts'
import type { QuerySlot } from '../resolver/query.ts'
import type { TcpListener } from './tcp.ts'
import type { UdpListener } from './udp.ts'

export class Outlets implements Outlet {
  readonly udp: UdpListener[] = []
  readonly tcp: TcpListener[] = []

  private of(query: QuerySlot): Outlet | undefined {
    return query.transport === TCP ? this.tcp[query.listener] : this.udp[query.listener]
  }

  reserve(query: QuerySlot): boolean {
    return this.of(query)?.reserve(query) ?? false
  }

  send(query: QuerySlot): void {
    this.of(query)?.send(query)
  }

  flush(): void {
    for (const listener of this.udp) listener.flush()
  }
}
