/** Why a read is not made: kept with it, and with the events that wait for it. */
export const heldWhy =
  'deletion_held: the source does not have the record, and more are missing than may be deleted within an hour'
