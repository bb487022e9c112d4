-- What became of each letter of a replay is of use for some months. What a person did stays in tds_operator_actions for good,
-- and the letters themselves say how they ended.

UPDATE tds_configuration
SET description = 'Days that resolved alerts and notifications are kept, and operations that have ended.'
WHERE config_key = 'retention.alerts_days';

CREATE FUNCTION tds_cleanup_old_operations(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.alerts_days', 180);
  items bigint;
  operations bigint;
BEGIN
  WITH old AS (
    SELECT item.operation_id, item.place
    FROM tds_operation_items AS item
    JOIN tds_operations AS operation ON operation.id = item.operation_id
    WHERE operation.status IN ('completed', 'aborted')
      AND operation.changed_at < cutoff
    ORDER BY operation.changed_at, item.operation_id, item.place
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_operation_items AS item
  USING old
  WHERE item.operation_id = old.operation_id
    AND item.place = old.place;

  GET DIAGNOSTICS items = ROW_COUNT;
  IF items >= greatest(batch, 1) THEN
    RETURN items;
  END IF;

  -- One that a cause asked for stays: it is what keeps the same cause from asking again.
  WITH old AS (
    SELECT operation.id
    FROM tds_operations AS operation
    WHERE operation.status IN ('completed', 'aborted')
      AND operation.changed_at < cutoff
      AND operation.cause IS NULL
      AND NOT EXISTS (SELECT FROM tds_operation_items AS item WHERE item.operation_id = operation.id)
    ORDER BY operation.changed_at
    LIMIT greatest(batch, 1) - items
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_operations AS operation
  USING old
  WHERE operation.id = old.id;

  GET DIAGNOSTICS operations = ROW_COUNT;
  RETURN items + operations;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_operations(integer) IS 'Deletes at most one batch of items, then operations, of what was completed or aborted more than retention.alerts_days ago and returns how many; never a stopped one, and of one that a cause asked for only the items. Call it until it returns 0.';
