import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

import { TdsError } from '@tds/runtime'

const HOST = '127.0.0.1'
/** Below the embedded Postgres's range, which ends where systems begin to take ports for outgoing connections. */
const LOWEST = 10_000
const HIGHEST = 15_000
/** Listened on by whoever has the ports wished for, as the first of a row is by whoever has the row. */
const WISH_CLAIM = LOWEST - 1
const TRIES = 200

/** Free ports on loopback that are ours until released. */
export interface ClaimedPorts {
  /** The next of them; each is given once. Throws RangeError when there are none left. */
  take(): number
  release(): Promise<void>
}

/**
 * Claims a row of neighbouring ports. The first of the row is listened on for as long as the claim lasts, so two runs at
 * once never share a row, and a process of ours that is restarted finds its port free again.
 *
 * @throws TdsError `no_ports` when every row tried is in use.
 */
export async function claimPorts(count: number): Promise<ClaimedPorts> {
  const rowLength = count + 1
  const rows = Math.floor((HIGHEST - LOWEST) / rowLength)
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const first = LOWEST + randomInt(rows) * rowLength
    const claim = await listenOn(first)
    if (claim === null) continue
    const row = Array.from({ length: count }, (_, index) => first + 1 + index)
    if (await areFree(row)) return claimedPorts(claim, row)
    await close(claim)
  }
  throw new TdsError(`found no ${String(count)} free ports on ${HOST}`, {
    code: 'no_ports',
    disposition: 'retry',
    nextStep: `Stop some of what listens on the ports from ${String(LOWEST)} to ${String(HIGHEST)}.`,
  })
}

/** The ports wished for when all of them are free and no other run has its wish, else as many others. */
export async function preferPorts(wished: readonly number[]): Promise<ClaimedPorts> {
  const claim = await listenOn(WISH_CLAIM)
  if (claim === null) return claimPorts(wished.length)
  if (await areFree(wished)) return claimedPorts(claim, [...wished])
  await close(claim)
  return claimPorts(wished.length)
}

function claimedPorts(claim: Server, row: number[]): ClaimedPorts {
  return {
    take: () => takeFrom(row),
    release: async () => {
      if (claim.listening) await close(claim)
    },
  }
}

function takeFrom(row: number[]): number {
  const port = row.shift()
  if (port === undefined) throw new RangeError('all claimed ports are taken')
  return port
}

async function areFree(row: readonly number[]): Promise<boolean> {
  for (const port of row) {
    const probe = await listenOn(port)
    if (probe === null) return false
    await close(probe)
  }
  return true
}

async function listenOn(port: number): Promise<Server | null> {
  const server = createServer((stranger) => stranger.destroy())
  try {
    server.listen(port, HOST)
    await once(server, 'listening')
    return server
  } catch {
    return null
  }
}

async function close(server: Server): Promise<void> {
  await new Promise((closed) => server.close(closed))
}
