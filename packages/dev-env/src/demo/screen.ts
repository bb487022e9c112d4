import { textTable } from './table.ts'

/** Where the demo tells its story. */
export interface Screen {
  /** A line of its own, with a blank one before it. */
  heading(text: string): void
  line(text?: string): void
  /** Lines that belong to what was just told. */
  detail(...lines: readonly string[]): void
  table(rows: readonly Readonly<Record<string, unknown>>[]): void
  /** A line that the next one replaces on a terminal; elsewhere it is printed every few seconds. */
  status(text: string): void
  /** The last status line stays. */
  endStatus(): void
}

const QUIET_MS = 5_000

/** Writes to a terminal, a pipe or a file. */
export function openScreen(out: NodeJS.WriteStream): Screen {
  let status: string | null = null
  let printedStatus = ''
  let printedStatusAt = -Infinity
  const print = (text: string) => {
    endStatus()
    out.write(`${text}\n`)
  }

  function endStatus(): void {
    if (status !== null) out.write(out.isTTY ? '\n' : status === printedStatus ? '' : `${status}\n`)
    status = null
  }

  return {
    heading: (text) => {
      print(`\n${text}`)
    },
    line: (text = '') => {
      print(text)
    },
    detail: (...lines) => {
      for (const text of lines) print(`   ${text}`)
    },
    table: (rows) => {
      for (const text of textTable(rows)) print(`     ${text}`)
    },
    status: (text) => {
      if (out.isTTY) {
        out.write(`\r${text.padEnd(status?.length ?? 0)}`)
        status = text
      } else if (text !== printedStatus && performance.now() - printedStatusAt > QUIET_MS) {
        out.write(`${text}\n`)
        printedStatusAt = performance.now()
        printedStatus = text
        status = null
      } else {
        status = text
      }
    },
    endStatus,
  }
}

/** A number as people read it: 12,345. */
export function counted(count: number, singular = '', plural = `${singular}s`): string {
  const number = count.toLocaleString('en-US')
  return singular === '' ? number : `${number} ${count === 1 ? singular : plural}`
}
