import { TdsError } from '@tds/runtime'

/** Another transaction got there first; rolling back and trying again at once is right, and loses nothing. */
export class DatabaseConflict extends TdsError {
  override readonly name = 'DatabaseConflict'

  constructor(message: string) {
    super(message, {
      code: 'database_conflict',
      disposition: 'retry',
      nextStep: 'None: the work is tried again by itself.',
    })
  }
}
