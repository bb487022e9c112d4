import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { openDatabase } from '@tds/db'
import { messageOf, TdsError } from '@tds/runtime'

import { findRun, type RunDirectory } from '../processes/run-directory.ts'
import { textTable } from './table.ts'

const NOTE = 'database-url'
const MOST_ROWS = 50

/** Notes where the demo's database is, for `--sql` in another terminal. Only for whoever runs the demo: it holds a password. */
export async function noteDatabase(run: RunDirectory, url: string): Promise<void> {
  await writeFile(join(run.path, NOTE), url, { mode: 0o600 })
}

/**
 * Asks the database of the demo that runs on this checkout, in a transaction that may only read.
 *
 * @throws TdsError `no_demo` when none runs, `demo_sql` with what Postgres says to the statement.
 */
export async function askRunningDemo(statement: string): Promise<string[]> {
  const run = await findRun('demo')
  const url = run === null ? '' : await readFile(join(run, NOTE), 'utf8').catch(() => '')
  if (url === '') {
    throw new TdsError('no demo is running on this checkout', {
      code: 'no_demo',
      disposition: 'reject',
      nextStep: 'Start one in another terminal: npx -y pnpm@12.21.0 demo',
    })
  }
  const db = openDatabase({ url, applicationName: 'tds-demo-sql', poolSize: 1 })
  try {
    const { rows } = await db.transaction(async (tx) => {
      await tx.query('SET TRANSACTION READ ONLY')
      return tx.query(statement)
    })
    const more = rows.length - MOST_ROWS
    return [...textTable(rows.slice(0, MOST_ROWS)), ...(more > 0 ? [`(and ${String(more)} more rows)`] : [])]
  } catch (cause) {
    throw new TdsError(messageOf(cause), {
      code: 'demo_sql',
      disposition: 'reject',
      nextStep:
        'Correct the statement. The tables: tds_products, tds_invoices, tds_audit_trail, tds_inbox_events, …',
      cause,
    })
  } finally {
    await db.close()
  }
}
