import type { Database, LeaderLease } from '@tds/db'
import type { Integration } from '../receivers/receiver.ts'
import type { MessageSurroundings } from './build-message.ts'
import type { Routing } from './routes.ts'

/** What a pass over the groups needs. */
export interface FlushParts {
  readonly db: Database
  readonly lease: Pick<LeaderLease, 'guard'>
  readonly routing: Routing
  /** The ways to people that are set up. */
  readonly configured: readonly Integration[]
  readonly surroundings: Omit<MessageSurroundings, 'now'>
}
