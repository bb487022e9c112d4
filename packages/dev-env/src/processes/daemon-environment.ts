import type { Environment } from '@tds/runtime'

const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ'] as const

/** What every process needs of its surroundings. Everything else is given by name, so that no setting of the caller's leaks in. */
export function bareEnvironment(env: Environment): Record<string, string> {
  return Object.fromEntries(
    INHERITED.flatMap((name): [string, string][] => {
      const value = env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}
