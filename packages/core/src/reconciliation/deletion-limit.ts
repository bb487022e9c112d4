/** A type of fewer rows may lose one an hour. */
export const rowsOfSmallType = 50
/** A type of so many may always lose this many. */
export const usualDeletions = 5
/** Of a large type 2 % may go: one of so many rows. */
export const rowsPerDeletion = 50

/** Deletions of a type that are done within an hour: 2 % of its rows but at least 5, and 1 where it has fewer than 50. */
export function deletionLimit(rows: number): number {
  if (rows < rowsOfSmallType) return 1
  return Math.max(usualDeletions, Math.floor(rows / rowsPerDeletion))
}
