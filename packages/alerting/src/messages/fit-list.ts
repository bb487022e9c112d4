/**
 * The longest form that fits: `write` is given how many lines of the list to keep, all of them at first. Only the list is
 * cut; where not even a form without it fits, that form is returned.
 */
export function fitList<T>(lines: number, write: (listed: number) => T, fits: (written: T) => boolean): T {
  for (let listed = lines; listed > 0; listed -= 1) {
    const written = write(listed)
    if (fits(written)) return written
  }
  return write(0)
}
