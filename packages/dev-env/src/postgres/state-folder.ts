import { lstat, mkdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { TdsError } from '@tds/runtime'

import type { ServerAccount } from './server-account.ts'

const NAME_OUTSIDE = 'tds-core-postgres'

/**
 * The folder that holds the data of every embedded Postgres of this checkout, made if need be.
 *
 * For an ordinary user that is `var/postgres` in the checkout, which git ignores. For root it lies outside,
 * where the account that Postgres runs under can reach it: a clone under root's home (mode 0700) is
 * closed to every other account.
 *
 * @throws TdsError `postgres_folder` when no folder will do.
 */
export async function stateFolder(account: ServerAccount | null, wished?: string): Promise<string> {
  if (!account)
    return madeFolder(wished ?? fileURLToPath(new URL('../../../../var/postgres', import.meta.url)))
  const outside = [tmpdir(), '/var/tmp', '/tmp'].map((folder) => join(folder, NAME_OUTSIDE))
  for (const candidate of [...(wished ? [wished] : []), ...outside]) {
    if (await everybodyMayEnter(dirname(resolve(candidate)))) return trustedFolder(candidate)
  }
  throw new TdsError('no folder found that Postgres can reach when it is started by root', {
    code: 'postgres_folder',
    disposition: 'reject',
    nextStep:
      'Point TMPDIR at a folder that other accounts may enter, run as an ordinary user, or set DATABASE_URL.',
    facts: { tried: outside },
  })
}

/** Whether accounts other than the owner may enter a folder, and every folder above it. */
export async function everybodyMayEnter(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => null)
  if (!found || (found.mode & 0o001) === 0) return false
  const above = dirname(folder)
  return above === folder ? true : everybodyMayEnter(above)
}

async function madeFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o711 })
  return folder
}

/** In a folder such as /tmp anybody may have been there first: what is there must be root's and closed to others. */
async function trustedFolder(folder: string): Promise<string> {
  await madeFolder(folder)
  const found = await lstat(folder)
  if (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return folder
  throw new TdsError(`${folder} exists and others may write to it`, {
    code: 'postgres_folder',
    disposition: 'reject',
    nextStep: `Remove ${folder}; it is made again with the right owner.`,
  })
}
