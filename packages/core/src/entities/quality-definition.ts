import type { EntityType } from './entity-type.ts'

/** A value of a column that tells something about the record. */
export interface ColumnValue {
  readonly column: string
  readonly value: string
}

/** An amount of the record, or of each of its child rows. */
export interface AmountPlace {
  readonly child?: string
  readonly column: string
}

/** An amount of the record that is the sum of an amount of its child rows. */
export interface ChildSum {
  readonly column: string
  readonly child: string
  readonly childColumn: string
}

/** Prices that a record gives to records of another type through its child rows. */
export interface PriceCoverage {
  readonly of: EntityType
  readonly child: string
  /** The child's column that names the priced record. */
  readonly item: string
  readonly rate: string
  /** Only records with this value count, where lists of other kinds exist. */
  readonly only?: ColumnValue
  /** A record with this value prices every record that has a price of its own, in `ownRate`, and names none. */
  readonly coversAll?: ColumnValue
  readonly ownRate: string
}

/** What must hold of a living record; each rule of `core/quality` reads the field that it judges. */
export interface QualityDefinition {
  /** The value that makes a record one in use. */
  readonly active: ColumnValue | null
  /** The value of a record that is never sold and so needs no price. */
  readonly notSold: ColumnValue | null
  /** No two records in use have the same value in it. */
  readonly unique: readonly string[]
  readonly neverNegative: readonly AmountPlace[]
  readonly childSums: readonly ChildSum[]
  readonly currency: { readonly column: string; readonly required: boolean } | null
  /** The record is a document: its lines add up to its sub total, and that with its charges to its total. */
  readonly documentTotals: { readonly lines: string } | null
  readonly prices: PriceCoverage | null
}

/** What a type's file says of it; what it leaves out is not judged. */
export type QualitySpec = Partial<QualityDefinition>

/** Completes what a type's file says. */
export function qualityOf(spec: QualitySpec = {}): QualityDefinition {
  return {
    active: null,
    notSold: null,
    unique: [],
    neverNegative: [],
    childSums: [],
    currency: null,
    documentTotals: null,
    prices: null,
    ...spec,
  }
}
