import type { Database } from '@tds/db'
import type { Simulator } from '@tds/zoho-simulator'

import type { Installation } from '../installation/start-installation.ts'
import type { MailCatcher } from '../mail/mail-catcher.ts'
import type { RunDirectory } from '../processes/run-directory.ts'
import type { Screen } from './screen.ts'

/** Everything that runs while the demo plays. */
export interface DemoWorld {
  readonly screen: Screen
  readonly db: Database
  readonly databaseUrl: string
  /** Whether the database is the demo's own, and goes away with it. */
  readonly ownsDatabase: boolean
  readonly simulator: Simulator
  readonly installation: Installation
  readonly mails: MailCatcher
  readonly run: RunDirectory
  /** Aborted when the demo is to end. */
  readonly signal: AbortSignal
}
