import { setTimeout as sleep } from 'node:timers/promises'

/** Asks until the answer is yes; throws Error naming `what` when it is not within `withinMs` (default 30 s). */
export async function waitUntil(
  isTrue: () => Promise<boolean> | boolean,
  o: { readonly what: string; readonly withinMs?: number; readonly everyMs?: number },
): Promise<void> {
  const withinMs = o.withinMs ?? 30_000
  const limit = performance.now() + withinMs
  while (!(await isTrue())) {
    if (performance.now() > limit) throw new Error(`Not within ${String(withinMs / 1000)} s: ${o.what}`)
    await sleep(o.everyMs ?? 20)
  }
}
