import { relative } from 'node:path'

import { changeRule } from '@tds/alerting'
import { askForRun, entities, resetCircuit } from '@tds/core'
import type { Database } from '@tds/db'

import { CHECKOUT } from '../processes/daemon.ts'
import { awaitedMail } from './awaited-mail.ts'
import type { DemoWorld } from './demo-world.ts'
import { asTold, fateOf, tell } from './tell.ts'

const rule = 'zoho_auth_failed'
const title = 'Zoho refuses our credentials'
const request = { actor: 'demo', reason: 'the demo', dryRun: false, via: 'demo' } as const

/** An alert is over a minute after its cause is; in the demo at once, until the returned function is called. */
export async function loseNoMinute(db: Database): Promise<() => Promise<void>> {
  await changeRule(db, { rule, settings: { keepSeconds: 0 } }, request)
  return async () => {
    await changeRule(db, { rule, settings: { keepSeconds: null } }, request)
  }
}

/**
 * Breaks Zoho: our access is withdrawn. Shows what is taken and applied all the same and the mail that people get, and
 * repairs it. The end is told by `sceneAllClear`: people hear news of it a minute later, in which the demo can go on.
 * Throws TdsError `demo_no_mail` when no mail comes within `withinMs`.
 */
export async function sceneOutage(world: DemoWorld, withinMs: number): Promise<void> {
  const { screen, simulator, db } = world
  const { organizationId } = simulator.access
  const [entity] = entities
  if (entity === undefined) throw new RangeError('there are no types of record')
  screen.heading('Zoho breaks: somebody withdraws our access to it.')
  simulator.switchboard.set({ refreshTokenRevoked: true })
  simulator.expireTokens()
  // The next call hears of it: here one that is asked for, because nothing else has a reason to call now.
  const wanted = {
    organizationId,
    entity,
    kind: 'sync',
    mode: 'incremental',
    request: {},
  } as const
  await askForRun(db, wanted, request)
  await showMail(world, { kind: 'Firing', withinMs })
  await showApplied(world)
  simulator.switchboard.set({ refreshTokenRevoked: false })
  await resetCircuit(db, organizationId, request)
  screen.detail('Our access is back, and a person lets the calls out again (tds circuit reset).')
}

/** A webhook that says everything needs no call. */
async function showApplied(world: DemoWorld): Promise<void> {
  const { screen, simulator } = world
  const [mutation] = simulator.mutateAtRandom(1, { types: ['product'], kinds: { update: 1 } })
  if (mutation === undefined) throw new RangeError('one change was asked for')
  const told = await tell(world, mutation, { shape: 'detail' })
  asTold('the answer to a webhook during an outage', told.status, 202)
  asTold('its event', (await fateOf(world, told.eventId)).status, 'applied')
  screen.detail(
    `POST ${told.path}  →  ${String(told.status)} ${told.word}, and applied: its body says everything.`,
    'What needs a read of Zoho would be taken, too, and wait.',
  )
}

/** Shows that people are told of its end, too. Throws as the other. */
export async function sceneAllClear(world: DemoWorld, withinMs: number): Promise<void> {
  world.screen.heading('10  Our access to Zoho was away for a while. People are told when it is over, too.')
  world.screen.detail('News about one alert come a minute apart at least:')
  await showMail(world, { kind: 'Resolved', withinMs })
}

/** Shows what lies in the mail catcher's folder, and that the page is there to which the mail leads. */
async function showMail(
  { screen, mails, signal }: DemoWorld,
  { kind, withinMs }: { readonly kind: 'Firing' | 'Resolved'; readonly withinMs: number },
): Promise<void> {
  const mail = await awaitedMail({ folder: mails.folder, subject: `${kind}: ${title}`, withinMs, signal })
  const link = mail.links.find((url) => url.endsWith(`/docs/operations/alerts/${rule}.md`))
  asTold(
    'the page of what to do',
    link === undefined ? 'not named' : (await fetch(link, { signal })).status,
    200,
  )
  screen.detail(
    `mail: ${mail.subject}`,
    `      ${relative(CHECKOUT, mails.folder)}/${mail.file}`,
    `      says what to do: ${String(link)}`,
  )
}
