import { parseArgs } from 'node:util'

/** What somebody wants of the demo. */
export type DemoWish =
  | { readonly kind: 'play'; readonly once: boolean; readonly size: WorldName }
  | { readonly kind: 'sql'; readonly statement: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problem: string }

/** The sizes of the made-up organisation. */
export type WorldName = 'customer' | 'small'

/** Told by `--help`, and after a mistake. */
export const usage = `Shows TDS Core at work: a made-up Zoho organisation and its copy in Postgres.

  npx -y pnpm@12.21.0 demo              play it, then keep running until Ctrl-C
  npx -y pnpm@12.21.0 demo --once       play it, compare every record, exit 0 if all are equal, else 1
  npx -y pnpm@12.21.0 demo --sql QUERY  ask the database of the running demo, in another terminal
      --size small                      a small organisation instead of one of the real size
      --help                            this text

Uses a Postgres of its own that comes with the install, or the one that DATABASE_URL names.`

/** Reads the command line. Never throws: a mistake is a wish too. */
export function readDemoWish(args: readonly string[]): DemoWish {
  try {
    const { values } = parseArgs({
      // pnpm hands over the "--" that somebody may put before the flags.
      args: args.filter((argument) => argument !== '--'),
      options: {
        once: { type: 'boolean', default: false },
        sql: { type: 'string' },
        size: { type: 'string', default: 'customer' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return { kind: 'help' }
    if (values.size !== 'customer' && values.size !== 'small') {
      return { kind: 'wrong', problem: `--size is customer or small, not ${values.size}` }
    }
    if (values.sql !== undefined) return sqlWish(values.sql, values.once)
    return { kind: 'play', once: values.once, size: values.size }
  } catch (error) {
    return { kind: 'wrong', problem: firstSentence(error) }
  }
}

function sqlWish(statement: string, once: boolean): DemoWish {
  if (once) return { kind: 'wrong', problem: '--sql asks a demo that runs; --once is another one' }
  if (statement.trim() === '') return { kind: 'wrong', problem: '--sql needs a statement' }
  return { kind: 'sql', statement }
}

/** Node goes on to explain how to pass such an argument all the same, which helps nobody here. */
function firstSentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('. ')[0] ?? text
}
