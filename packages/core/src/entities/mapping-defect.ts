import { childLogger, messageOf, TdsError } from '@tds/runtime'
import type { EntityType } from './entity-type.ts'

const log = childLogger('core:mapping')

/**
 * What our own mapping code threw over a body, as a fault of the program: the same body would bring it about for ever, so
 * trying again is of no use. What says already what it is stays as it is.
 */
export function mappingDefect({ type }: { readonly type: EntityType }, error: unknown): TdsError {
  if (error instanceof TdsError) return error
  log.error('the mapping of a record failed by a mistake of ours', { entityType: type, error })
  return new TdsError(`The mapping of ${type} failed: ${messageOf(error)}`, {
    code: 'mapping_defect',
    disposition: 'dead-letter',
    nextStep:
      'Report it with the log line before it. When a version that reads the record runs, tds records remap replays the dead letter.',
    facts: { entityType: type },
    cause: error,
  })
}
