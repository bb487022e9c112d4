import type { Readable, Writable } from 'node:stream'
import type { Clock } from '@tds/runtime'

/** All that a run of the command touches outside of the database; a test hands in its own. */
export interface Terminal {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined }
  readonly stdout: Writable & { readonly isTTY?: boolean | undefined }
  readonly stderr: Writable & { readonly isTTY?: boolean | undefined }
  /** Calls the listener instead of ending the process when a person presses Ctrl-C, until what it returns is called. */
  readonly onInterrupt: (listener: () => void) => () => void
  /** The machine's own clock where it is left out. */
  readonly clock?: Clock
}
