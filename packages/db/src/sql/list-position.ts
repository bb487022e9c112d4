/** Where a list that is sorted by time goes on: after the row with this time, as Postgres prints it, and this id. */
export interface ListPosition {
  readonly at: string
  readonly id: string
}
