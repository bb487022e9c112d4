import { z } from 'zod'
import { classifyDatabaseError } from '@tds/db'
import { childLogger, configureLogging, TDS_VERSION, TdsError } from '@tds/runtime'
import type { CommandLine, GlobalFlags } from './command-line.ts'
import type { AnyCommand, Outcome } from './command.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import type { Envelope } from './output/envelope.ts'
import { failureBody, failureLines, usageError } from './output/failure.ts'
import { renderBlocks } from './output/shown.ts'
import { createSession } from './session.ts'
import type { Terminal } from './terminal.ts'

type Chosen = Extract<CommandLine, { kind: 'command' }>
type Unusable = Extract<CommandLine, { kind: 'unusable' }>

/** Runs the command of a line that was understood, prints its result or its failure, and returns the exit code. */
export async function execute(terminal: Terminal, line: Chosen | Unusable): Promise<number> {
  const startedAt = new Date()
  const printer = printerOf(terminal, line, startedAt)
  if (line.kind === 'unusable') return printer.fail(usageError(line.problem))
  configureLogging({
    daemon: 'tds',
    level: line.global.debug ? 'debug' : 'error',
    format: 'pretty',
    write: (text) => void terminal.stderr.write(`${text}\n`),
  })
  try {
    return printer.succeed(await runChosen(terminal, line), line.definition)
  } catch (error) {
    if (line.global.debug) childLogger('tds:run').error('the command failed', { error })
    return printer.fail(error instanceof TdsError ? error : classifyDatabaseError(error))
  }
}

async function runChosen(terminal: Terminal, line: Chosen): Promise<Outcome<unknown>> {
  const { definition, global } = line
  const session = createSession(terminal, { ...global, timeoutSeconds: timeoutOf(global) })
  try {
    const input = inputOf(definition, line)
    const outcome = (await definition.run(session, input)) as Outcome<unknown>
    return outcome
  } finally {
    await session.close()
  }
}

function inputOf({ input }: AnyCommand, { args, options }: Chosen): unknown {
  const parsed = input.safeParse({ ...options, args })
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = String(issue?.path[0] ?? '')
  const flag =
    field === 'args' ? 'the argument' : `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  throw usageError(`${flag}: ${issue?.message ?? z.prettifyError(parsed.error)}`)
}

function timeoutOf({ timeout }: GlobalFlags): number {
  const seconds = Number(timeout)
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 600) return seconds
  throw usageError('--timeout: expected whole seconds from 1 to 600')
}

interface Printer {
  succeed(outcome: Outcome<unknown>, definition: AnyCommand): number
  fail(error: TdsError): number
}

function printerOf(terminal: Terminal, line: Chosen | Unusable, startedAt: Date): Printer {
  const { output, quiet } = line.global
  const dryRun = line.kind === 'command' && line.global.dryRun
  const print = (text: string): void => void terminal.stdout.write(text)
  const tell = (text: string): void => void terminal.stderr.write(`${text}\n`)
  return { succeed, fail }

  function succeed(outcome: Outcome<unknown>, definition: AnyCommand): number {
    const { data, exitCode = exitCodes.done, warnings = [], nextCursor = null } = outcome
    const isOk = exitCode === exitCodes.done
    if (output === 'json') {
      const parts = { ok: isOk, exitCode, data, warnings: [...warnings], error: null, nextCursor }
      print(`${JSON.stringify(envelope(parts))}\n`)
      return exitCode
    }
    const shown = definition.show(data)
    if (output === 'id') print(shown.ids.map((id) => `${id}\n`).join(''))
    else if (output === 'ndjson') print(ndjson(shown.records, { exitCode, nextCursor }))
    else print(renderBlocks(shown.blocks, { isTerminal: terminal.stdout.isTTY === true }))
    if (quiet) return exitCode
    for (const { message } of warnings) tell(`warning: ${message}`)
    if (nextCursor !== null) tell(`There is more: go on with --cursor ${nextCursor}`)
    if (dryRun) tell('A rehearsal: nothing was changed.')
    return exitCode
  }

  function fail(error: TdsError): number {
    const exitCode = exitCodeOf(error.code)
    const body = failureBody(error)
    if (output === 'json') {
      const parts = { ok: false, exitCode, data: null, warnings: [], error: body, nextCursor: null }
      print(`${JSON.stringify(envelope(parts))}\n`)
    }
    for (const text of failureLines(error)) tell(text)
    return exitCode
  }

  function envelope(
    parts: Pick<Envelope, 'ok' | 'exitCode' | 'data' | 'warnings' | 'error'> & { nextCursor: string | null },
  ): Envelope {
    const { nextCursor, ...rest } = parts
    return {
      schema: 'tds.cli/1',
      command: line.name,
      ...rest,
      dryRun,
      meta: {
        env: terminal.env['TDS_ENVIRONMENT'] ?? null,
        version: TDS_VERSION,
        apiVersion: null,
        transport: 'direct',
        startedAt: startedAt.toISOString(),
        durationMs: Date.now() - startedAt.getTime(),
        nextCursor,
        truncated: nextCursor !== null,
      },
    }
  }
}

function ndjson(
  records: readonly object[],
  summary: { readonly exitCode: number; readonly nextCursor: string | null },
): string {
  return [...records, { type: 'summary', count: records.length, ...summary }]
    .map((record) => `${JSON.stringify(record)}\n`)
    .join('')
}
