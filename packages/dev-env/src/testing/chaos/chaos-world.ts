import { setTimeout as sleep } from 'node:timers/promises'

import { type Database, openDatabase } from '@tds/db'
import { type BlackHoleProxy, blackHoleProxy } from '@tds/db/testing'

import { prepareDatabase } from '../../installation/prepare-database.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../postgres/index.ts'
import { type EndToEnd, startEndToEnd } from '../end-to-end.ts'
import { type KeptRunning, keepRunning } from '../keep-running.ts'
import { releaseHeld } from '../release-held.ts'

/** An installation on a Postgres of its own, of which anything may be broken. */
export interface ChaosWorld extends EndToEnd {
  readonly postgres: EmbeddedPostgres
  /** The way of the daemons to Postgres. */
  readonly way: BlackHoleProxy
  /** Whoever ends is started again, as systemd would. */
  readonly kept: KeptRunning
}

const CONNECTIONS = 120

/** So many records that none of them meets the limit of thirty reads an hour, however long deliveries stream. */
const SIZE = {
  items: 300,
  customers: 280,
  vendors: 40,
  invoices: 300,
  bills: 200,
  creditNotes: 200,
  stockAdjustments: 200,
  priceLists: 60,
}

/** Starts two apis, two workers, a simulated Zoho and a durable Postgres; nothing is left running when that fails. */
export async function startChaosWorld(): Promise<ChaosWorld> {
  const postgres = await startEmbeddedPostgres({
    installation: process.env['TDS_TEST_POSTGRES_BIN'],
    settings: { max_connections: String(CONNECTIONS) },
  })
  try {
    await prepareDatabase(postgres.url)
    const way = await blackHoleProxy(postgres.url)
    const db = openDatabase({ url: postgres.url, applicationName: 'chaos', poolSize: 4 })
    const world = await startEndToEnd({
      database: { url: postgres.url, db, drop: () => db.close() },
      simulator: { size: SIZE },
      apis: 2,
      workers: 2,
      settings: { DATABASE_URL: way.url },
    }).catch(async (error: unknown) => {
      await way.close()
      await db.close()
      throw error
    })
    const { apis, workers } = world.installation
    const kept = keepRunning([...apis, ...workers])
    const over = new AbortController()
    const releasing = releaseThroughout(db, over.signal)
    return {
      ...world,
      postgres,
      way,
      kept,
      stop: async () => {
        over.abort()
        await releasing
        await kept.release().catch(() => undefined)
        await world.stop()
        await way.close()
        await postgres.stop()
      },
    }
  } catch (error) {
    await postgres.stop()
    throw error
  }
}

/** The person who releases what the deletion fuses hold goes on when Postgres is back. */
async function releaseThroughout(db: Database, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await releaseHeld(db, signal).catch(() => undefined)
    await sleep(500, undefined, { signal }).catch(() => undefined)
  }
}
