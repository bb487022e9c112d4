/**
 * How long this thread computes for some work, in milliseconds: where others have the machine meanwhile, the clock says
 * nothing about the work.
 */
export function computingMs(work: () => unknown): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
