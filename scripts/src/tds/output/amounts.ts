/** A count as people read it: `12,400`. */
export function countWords(count: number): string {
  return count.toLocaleString('en-US')
}

/** How long something takes, no more exact than it can be known. */
export function aboutTime(seconds: number): string {
  const minutes = seconds / 60
  if (minutes < 1.5) return 'about a minute'
  if (minutes < 120) return `about ${countWords(Math.round(minutes))} minutes`
  const hours = minutes / 60
  return hours < 48
    ? `about ${countWords(Math.round(hours))} hours`
    : `about ${countWords(Math.round(hours / 24))} days`
}
