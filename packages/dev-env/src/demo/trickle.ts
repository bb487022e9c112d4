import { setTimeout as sleep } from 'node:timers/promises'

import { entities } from '@tds/core'
import { TdsError } from '@tds/runtime'
import type { Mutation } from '@tds/zoho-simulator'

import type { DemoWorld } from './demo-world.ts'
import { fateOf, tell } from './tell.ts'

const PAUSE_MS = 3_000

/** Lets something happen in Zoho every few seconds, and tells what became of it, until the demo ends. */
export async function trickle(world: DemoWorld): Promise<void> {
  const { screen, simulator, signal } = world
  const types = entities.map(({ type }) => type)
  for (;;) {
    const slept = await sleep(PAUSE_MS, true, { signal }).catch(() => false)
    if (!slept) return
    const [mutation] = simulator.mutateAtRandom(1, { types, kinds: { update: 9, create: 1 } })
    if (mutation === undefined) continue
    const became = await whatBecame(world, mutation)
    const time = new Date().toTimeString().slice(0, 8)
    const what = `${mutation.type} ${mutation.id} ${mutation.kind}d`
    screen.detail(`${time}  ${what.padEnd(42)} ${became}`)
  }
}

async function whatBecame(world: DemoWorld, mutation: Mutation): Promise<string> {
  const told = await tell(world, mutation).catch((error: unknown) => {
    if (error instanceof TdsError && error.code === 'demo_no_answer') return null
    throw error
  })
  if (told === null) return 'no answer: Zoho sends nothing twice'
  if (told.eventId === '') return `answered ${String(told.status)}: nothing was promised`
  const { status, ms } = await fateOf(world, told.eventId)
  return `${status} after ${String(ms)} ms`
}
