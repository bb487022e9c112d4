import { setTimeout as sleep } from 'node:timers/promises'

import { openDatabase } from '@tds/db'

import type { Chance } from '../../deliveries/seeded-chance.ts'
import type { ChaosWorld } from './chaos-world.ts'

/** One way to break something while deliveries stream in. */
export interface Fault {
  readonly name: string
  /** Its number among the scenarios of docs/operations/faults.md. */
  readonly scenario: string
  readonly about: string
  /** Does it, and resolves when it is over. */
  strike(world: ChaosWorld, chance: Chance): Promise<void>
}

/** Every fault. */
export const chaosFaults: readonly Fault[] = [
  {
    name: 'api-killed',
    scenario: 'F-01',
    about: 'kill -9 of one of two apis',
    strike: async ({ kept, installation }, chance) => {
      const api = oneOf(installation.apis, chance)
      kept.kill(api)
      await api.whenEnded()
    },
  },
  {
    name: 'apis-killed',
    scenario: 'F-01',
    about: 'kill -9 of both apis at once',
    strike: async ({ kept, installation }) => {
      for (const api of installation.apis) kept.kill(api)
      await Promise.all(installation.apis.map((api) => api.whenEnded()))
    },
  },
  {
    name: 'worker-killed',
    scenario: 'F-05',
    about: 'kill -9 of a worker',
    strike: async ({ kept, installation }, chance) => {
      const worker = oneOf(installation.workers, chance)
      kept.kill(worker)
      await worker.whenEnded()
    },
  },
  {
    name: 'workers-killed',
    scenario: 'F-06',
    about: 'kill -9 of every worker, three times',
    strike: async ({ kept, installation }) => {
      for (let round = 0; round < 3; round += 1) {
        for (const worker of installation.workers) kept.kill(worker)
        await sleep(3_000)
      }
    },
  },
  {
    name: 'worker-frozen',
    scenario: 'F-07',
    about: 'a worker frozen for 15 s',
    strike: async ({ installation }, chance) => {
      const worker = oneOf(installation.workers, chance)
      worker.kill('SIGSTOP')
      await sleep(15_000)
      worker.kill('SIGCONT')
    },
  },
  {
    name: 'postgres-crashed',
    scenario: 'F-03',
    about: 'Postgres crashed and away for 4 s',
    strike: async ({ postgres }) => {
      await postgres.halt('immediate')
      await sleep(4_000)
      await postgres.resume()
    },
  },
  {
    name: 'postgres-restarted',
    scenario: 'F-04',
    about: 'Postgres restarted',
    strike: async ({ postgres }) => {
      await postgres.halt('fast')
      await postgres.resume()
    },
  },
  {
    name: 'connections-cut',
    scenario: 'F-18',
    about: 'every session of the daemons ended',
    strike: async ({ database }) => {
      await database.db.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tds-%'`,
      )
    },
  },
  {
    name: 'network-silent',
    scenario: 'F-09',
    about: 'the network swallows every connection there is',
    strike: ({ way }) => {
      way.swallow()
      return Promise.resolve()
    },
  },
  {
    name: 'queue-emptied',
    scenario: 'F-10',
    about: 'all jobs deleted',
    strike: async ({ database }) => {
      await database.db.query('DELETE FROM pgboss.job')
    },
  },
  {
    name: 'connections-taken',
    scenario: 'F-14',
    about: 'a stranger has every connection for 4 s',
    strike: async ({ postgres }) => {
      const stranger = openDatabase({ url: postgres.url, applicationName: 'stranger', poolSize: 150 })
      const until = performance.now() + 4_000
      const hold = async () => {
        while (performance.now() < until) {
          await stranger
            .transaction(async (tx) => {
              await tx.query(
                `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tds-%'`,
              )
              await sleep(Math.max(0, until - performance.now()))
            })
            .catch(() => sleep(50))
        }
      }
      await Promise.all(Array.from({ length: 150 }, hold))
      await stranger.close()
    },
  },
  {
    name: 'rows-locked',
    scenario: 'F-15',
    about: 'all customers locked for 5 s',
    strike: async ({ database }) => {
      await database.db.transaction(async (tx) => {
        await tx.query('SELECT 1 FROM tds_customers FOR UPDATE')
        await sleep(5_000)
      })
    },
  },
  {
    name: 'zoho-down',
    scenario: 'F-30',
    about: 'Zoho answers with errors for 8 s',
    strike: async ({ simulator }, chance) => {
      simulator.faults.add({ fault: chance() < 0.5 ? 'html-page' : 'internal-error' })
      await sleep(8_000)
      simulator.faults.remove()
    },
  },
  {
    name: 'calls-refused',
    scenario: 'F-31',
    about: 'Zoho refuses calls for 8 s, as too many',
    strike: async ({ simulator }) => {
      simulator.faults.add({ fault: 'rate-limited' })
      await sleep(8_000)
      simulator.faults.remove()
    },
  },
  {
    name: 'token-ended',
    scenario: 'F-32',
    about: 'the token ends in the middle of calls',
    strike: ({ simulator }) => {
      simulator.faults.add({ fault: 'token-dies', next: 1 })
      return Promise.resolve()
    },
  },
]

function oneOf<T>(all: readonly T[], chance: Chance): T {
  const one = all[Math.floor(chance() * all.length)]
  if (one === undefined) throw new RangeError('there is nothing to choose from')
  return one
}
