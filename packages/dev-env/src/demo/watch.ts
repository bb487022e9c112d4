import { childLogger } from '@tds/runtime'

import type { DemoWorld } from './demo-world.ts'

const log = childLogger('demo:watch')

const LOOK_MS = 500

/** Keeps a line on the screen current while the work goes on; returns what the work returns. */
export async function whileWatching<T>(
  { screen }: Pick<DemoWorld, 'screen'>,
  line: () => Promise<string>,
  work: () => Promise<T>,
): Promise<T> {
  const ending = new AbortController()
  const watched = watch(screen, line, ending.signal)
  try {
    return await work()
  } finally {
    ending.abort()
    await watched
    screen.endStatus()
  }
}

async function watch(
  screen: DemoWorld['screen'],
  line: () => Promise<string>,
  signal: AbortSignal,
): Promise<void> {
  // Only a line for people: on a machine with too much to do a look may fail, and the next one shows what it would have.
  const show = async () => {
    try {
      screen.status(await line())
    } catch (error) {
      log.debug('The progress could not be read', { error })
    }
  }
  while (!signal.aborted) {
    await show()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_MS)
      signal.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
  await show()
}
