import { InvalidInputError } from '../../invalid-input-error.ts'
import type { JournalEntry } from '../../journal/journal.ts'
import type { ControlRoute } from '../control-route.ts'
import { asJson } from '../shown.ts'

/** Every call, one by one and counted. */
export const journalRoutes: readonly ControlRoute[] = [
  {
    method: 'GET',
    path: '/calls',
    tells:
      'Every call with its time, path, organisation, token, status, code, the limit that refused it and the fault that it met; `?path=` (a part of it), `?kind=`, `?status=`, `?code=`, `?after=` (a number), `?limit=` (default 1,000, the last) choose.',
    handle: ({ control, query }) => {
      const chosen = control.journal.entries().filter(entryFilter(query))
      const most = wholeNumber(query.get('limit') ?? '1000', 'limit')
      return { body: { calls: asJson(chosen.slice(Math.max(0, chosen.length - most))) } }
    },
  },
  {
    method: 'GET',
    path: '/counters',
    tells:
      'The calls counted: by status and code, 429s by the limit that was crossed, the most in any minute and at once, tokens issued and refused.',
    handle: ({ control }) => ({ body: asJson(control.callCounts()) }),
  },
  {
    method: 'DELETE',
    path: '/calls',
    tells: 'Clears calls and counters; limits and quotas go on.',
    handle: ({ control }) => {
      control.clearCalls()
      return { body: { status: 'cleared' } }
    },
  },
]

function entryFilter(query: URLSearchParams): (entry: JournalEntry) => boolean {
  const path = query.get('path') ?? ''
  const kind = query.get('kind')
  const status = query.get('status')
  const code = query.get('code')
  const after = wholeNumber(query.get('after') ?? '0', 'after')
  return (entry) =>
    entry.path.includes(path) &&
    entry.number > after &&
    (kind === null || kind === entry.kind) &&
    (status === null || status === String(entry.status ?? 'none')) &&
    (code === null || code === String(entry.code ?? 'none'))
}

function wholeNumber(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidInputError(`${name} must be a whole number, 0 or more`)
  return Number(text)
}
