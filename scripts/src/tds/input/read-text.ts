import { readFile, stat } from 'node:fs/promises'
import { codeOf } from '@tds/runtime'
import { usageError } from '../output/failure.ts'
import type { Session } from '../session.ts'

/** Largest payload that is taken; the intake takes no more either unless it was told to. */
const largestBytes = 4 * 1024 ** 2

/** Reads what a flag names: `@file`, or `-` for standard input. Never waits for a person. */
export async function readGiven(
  session: Session,
  o: { readonly flag: string; readonly source: string },
): Promise<Buffer> {
  if (o.source === '-') return readStandardInput(session, o.flag)
  if (o.source.startsWith('@')) return readNamedFile(o.flag, o.source.slice(1))
  throw usageError(`${o.flag}: expected @file, or - for standard input`)
}

async function readNamedFile(flag: string, path: string): Promise<Buffer> {
  try {
    if ((await stat(path)).size > largestBytes) throw tooLarge(flag)
    return await readFile(path)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'usage') throw error
    throw usageError(`${flag}: the file ${path} cannot be read (${code ?? 'unreadable'})`)
  }
}

async function readStandardInput({ terminal, timeoutSeconds }: Session, flag: string): Promise<Buffer> {
  const { stdin } = terminal
  if (stdin.isTTY === true) throw usageError(`${flag} -: standard input is a terminal; give ${flag} @file`)
  const chunks: Buffer[] = []
  let bytes = 0
  const late = setTimeout(() => stdin.destroy(new Error('late')), timeoutSeconds * 1000)
  try {
    for await (const chunk of stdin) {
      const part = Buffer.from(chunk as Uint8Array)
      chunks.push(part)
      bytes += part.length
      if (bytes > largestBytes) throw tooLarge(flag)
    }
  } catch (error) {
    if (codeOf(error) === 'usage') throw error
    throw usageError(`${flag} -: standard input did not end within ${String(timeoutSeconds)} s`)
  } finally {
    clearTimeout(late)
  }
  return Buffer.concat(chunks)
}

function tooLarge(flag: string): Error {
  return usageError(`${flag}: more than ${String(largestBytes)} bytes`)
}
