import { relative } from 'node:path'

import { CHECKOUT } from '../processes/daemon.ts'
import type { DemoWorld } from './demo-world.ts'

/** Prints where to look around while the demo runs. */
export function showAddresses({
  screen,
  installation,
  simulator,
  databaseUrl,
  ownsDatabase,
  mails,
  run,
}: DemoWorld): void {
  const { apiUrl, zohoUrl, healthUrls } = installation
  const address = (name: string, ...lines: string[]) => {
    lines.forEach((line, index) => {
      screen.detail(`${(index === 0 ? name : '').padEnd(10)} ${line}`)
    })
  }
  screen.heading('Look around:')
  // Somebody's own address may be long and hold a password that is nobody else's business.
  address(
    'database',
    `psql '${ownsDatabase ? databaseUrl : '<your DATABASE_URL>'}'`,
    'or, without psql, in another terminal:',
    "npx -y pnpm@12.21.0 -s demo --sql 'SELECT name, rate FROM tds_products LIMIT 5'",
  )
  // tds judges a delivery as the api does: for the organisation that the api is for.
  address(
    'operate',
    `export DATABASE_URL='${ownsDatabase ? databaseUrl : '<your DATABASE_URL>'}'`,
    `export ZOHO_ORGANIZATION_ID=${simulator.access.organizationId}`,
    'npx -y pnpm@12.21.0 --silent tds quarantine list',
  )
  address('API docs', `${apiUrl}/docs`)
  address('health', ...[...healthUrls].map(([name, url]) => `${`${url}/health`.padEnd(32)} ${name}`))
  address('metrics', `${apiUrl}/metrics`)
  address('Zoho', `${zohoUrl}  (simulated)`)
  address(
    'mails',
    `${mails.url}  (alerts of the alerter; none leaves this machine)`,
    relative(CHECKOUT, mails.folder),
  )
  address('logs', relative(CHECKOUT, run.logs))
}
