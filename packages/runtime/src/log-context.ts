import { AsyncLocalStorage } from 'node:async_hooks'

/** What ties log lines of one piece of work together. */
export interface LogContext {
  /** The HTTP request it belongs to. */
  requestId?: string | undefined
  /** The inbox event it is about. */
  eventId?: string | undefined
  /** The sync run it is part of. */
  runId?: string | undefined
}

const storage = new AsyncLocalStorage<LogContext>()

/** Runs a function so that every log line written inside it, also after awaits, carries these fields. */
export function withLogContext<T>(fields: LogContext, run: () => T): T {
  return storage.run({ ...storage.getStore(), ...fields }, run)
}

/** The fields of the work that is running now; empty outside any. */
export function currentLogContext(): LogContext {
  return storage.getStore() ?? {}
}
