import { createHash } from 'node:crypto'
import type { Receiver } from './receiver.ts'

/** Tells settings of a receiver apart: enough to see a change, too little to learn anything about a password from. */
export function settingsMark({ settings }: Receiver): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 4)
}
