import type { MultiBar, SingleBar } from 'cli-progress'
import type { Session } from '../session.ts'
import { progressWords, type RunData } from './run-data.ts'

/** Tells on standard error how far runs are, while a command waits for them. */
export interface RunProgress {
  readonly show: (runs: readonly RunData[]) => void
  readonly stop: () => void
}

/** Bars on a terminal, a line now and then elsewhere, nothing where only the result is wanted. */
export async function runProgress(session: Session): Promise<RunProgress> {
  if (!session.tellsProgress) return { show: () => undefined, stop: () => undefined }
  return session.terminal.stderr.isTTY === true ? bars(session) : lines(session)
}

/** From one line about a run to the next. */
const lineEveryMs = 15_000

function lines({ clock, terminal }: Session): RunProgress {
  let toldAt = clock.monotonicMs()
  return {
    show: (runs) => {
      if (clock.monotonicMs() - toldAt < lineEveryMs) return
      toldAt = clock.monotonicMs()
      for (const run of runs) terminal.stderr.write(`${progressWords(run)}\n`)
    },
    stop: () => undefined,
  }
}

/** One bar a run; where the total is not known, the words alone. */
async function bars({ terminal }: Session): Promise<RunProgress> {
  // Costs 50 ms to load: only who watches pays it.
  const { default: library } = await import('cli-progress')
  const bar: MultiBar = new library.MultiBar({
    stream: terminal.stderr,
    format: (options, { progress }, { run }: { readonly run: RunData }) =>
      run.expectedRows === null || run.status === 'waiting'
        ? progressWords(run)
        : `[${library.Format.BarFormat(progress, options)}] ${progressWords(run)}`,
    barCompleteChar: '#',
    barIncompleteChar: '-',
    barsize: 24,
    clearOnComplete: true,
    // The command itself hears Ctrl-C.
    gracefulExit: false,
  })
  const known = new Map<string, SingleBar>()
  return {
    show: (runs) => {
      for (const run of runs) {
        const one = known.get(run.runId) ?? bar.create(run.expectedRows ?? 1, 0, { run })
        known.set(run.runId, one)
        one.setTotal(run.expectedRows ?? 1)
        one.update(run.expectedRows === null ? 0 : run.read, { run })
      }
      bar.update()
    },
    stop: () => {
      bar.stop()
    },
  }
}
