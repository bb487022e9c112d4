import { readFile } from 'node:fs/promises'

const LOOK_MS = 500
const DEEPEST = 8

/** Ends a watch. */
export type StopWatching = () => void

/**
 * Calls `onGone` once when one of the programs that stand between us and whoever started us (npx, npm, pnpm and their
 * shells) has ended: they do not pass every signal on, and a killed one passes none. Needs /proc; does nothing where
 * there is none, and nothing when we were started without them.
 */
export async function watchLaunchers(onGone: () => void): Promise<StopWatching> {
  const launchers = await launchersAbove(process.ppid)
  const timer = setInterval(() => {
    void Promise.all(launchers.map(isStillThere)).then((there) => {
      if (there.every(Boolean)) return
      clearInterval(timer)
      onGone()
    })
  }, LOOK_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
  }
}

interface Launcher {
  readonly pid: number
  readonly start: string
}

interface Looked {
  readonly parent: number
  readonly start: string
}

async function launchersAbove(pid: number): Promise<Launcher[]> {
  const launchers: Launcher[] = []
  for (let next = pid; launchers.length < DEEPEST && (await isLauncher(next));) {
    const looked = await look(next)
    if (looked === null) break
    launchers.push({ pid: next, start: looked.start })
    next = looked.parent
  }
  return launchers
}

/** A package manager, or a shell that runs one command for it; never the shell that somebody types into. */
async function isLauncher(pid: number): Promise<boolean> {
  const command = (await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '')).split('\0')
  const [program = '', first = '', second = ''] = command
  if (/(?:^|\/)(?:sh|dash|bash)$/.test(program)) return first === '-c' && /pnpm|demo\.ts|dev\.ts/.test(second)
  return /(?:^|[/\s])(?:npx|npm|pnpm)(?:$|[\s.-])/.test(`${program} ${first}`)
}

async function isStillThere({ pid, start }: Launcher): Promise<boolean> {
  return (await look(pid))?.start === start
}

async function look(pid: number): Promise<Looked | null> {
  const line = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '')
  // The second field is the name in parentheses, which may hold spaces; field 22 is the time of the start.
  const [state, parent, ...rest] = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const start = rest[17]
  return state === undefined || state === 'Z' || start === undefined
    ? null
    : { parent: Number(parent), start }
}
