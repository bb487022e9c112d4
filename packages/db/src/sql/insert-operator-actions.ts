import type { Queryable } from '../queryable.ts'

/** Something that a person did. */
export interface OperatorActionWrite {
  readonly actor: string
  /** A verb with its object, for example `quarantine.discard`. */
  readonly action: string
  /** To what: an id, a key, a name. */
  readonly subject: string | null
  readonly reason: string | null
  /** Details, never secrets and nothing of a body. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** Writes down what a person did, in the transaction that does it. */
export async function insertOperatorActions(
  tx: Queryable,
  actions: readonly OperatorActionWrite[],
): Promise<void> {
  if (actions.length === 0) return
  await tx.query(
    `INSERT INTO tds_operator_actions (actor, action, subject, reason, facts)
     SELECT x.actor, x.action, x.subject, x.reason, x.facts
       FROM json_to_recordset($1::json) AS x(actor text, action text, subject text, reason text, facts jsonb)`,
    [JSON.stringify(actions)],
  )
}
