import { execFileSync } from 'node:child_process'

import { TdsError } from '@tds/runtime'

/** The system account that Postgres runs under, as Node's `spawn` and `chown` want it. */
export interface ServerAccount {
  uid: number
  gid: number
}

/**
 * The account to run Postgres under, or null where that is simply ours: only root must step down,
 * because Postgres refuses to run as root. Takes `postgres` where the machine has it, else `nobody`,
 * so that no account has to be created on somebody's machine.
 *
 * @throws TdsError `postgres_account` when we are root and the machine has neither.
 */
export function serverAccount(): ServerAccount | null {
  if (process.getuid?.() !== 0) return null
  const account = accountOf('postgres') ?? accountOf('nobody')
  if (account) return account
  throw new TdsError('Postgres does not run as root, and this machine has no account to run it under', {
    code: 'postgres_account',
    disposition: 'reject',
    nextStep: 'Create a system account named postgres, run as an ordinary user, or set DATABASE_URL.',
  })
}

function accountOf(name: string): ServerAccount | null {
  try {
    return { uid: idOf('-u', name), gid: idOf('-g', name) }
  } catch {
    return null
  }
}

function idOf(kind: '-u' | '-g', name: string): number {
  return Number(execFileSync('id', [kind, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
}
