/** Options of one statement. */
export interface QueryOptions {
  /** Prepares the statement on the server under this name; for hot statements whose text never varies. */
  name?: string
}

/**
 * Whatever can run a statement: a database, or a transaction on it. Statements take this, so that
 * their caller decides what they belong to.
 *
 * bigint, numeric, date, timestamps and json come back as the text that Postgres wrote, never through a
 * double or a Date; write them back as text, too.
 */
export interface Queryable {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- only the caller knows what its statement returns
  query<R extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
    options?: QueryOptions,
  ): Promise<{ rows: R[]; rowCount: number }>
}

/** Statements that become true together or not at all. Over when the function that was given it returns. */
export type Transaction = Queryable
