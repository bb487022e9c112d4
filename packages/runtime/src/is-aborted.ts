/** Whether a signal has aborted by now. A call, because the compiler does not expect a property to change meanwhile. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted
}
