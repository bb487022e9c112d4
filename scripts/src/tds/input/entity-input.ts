import { z } from 'zod'
import { entities } from '@tds/core'

const entityTypes = entities.map(({ type }) => type)
const entityTypeInput = z.enum(
  entityTypes as [string, ...string[]],
  `expected one of ${entityTypes.join(', ')}`,
)

/** The one argument of a command about one type of record. */
export const entityInput = z.tuple([entityTypeInput])

/** The same where it may be left out. */
export const optionalEntityInput = z.tuple([entityTypeInput.optional()])
