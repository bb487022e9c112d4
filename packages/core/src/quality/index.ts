import { duplicateSku } from './duplicate-sku.ts'
import { lineSums } from './line-sums.ts'
import { missingReference } from './missing-reference.ts'
import { negativeStock } from './negative-stock.ts'
import type { QualityRule } from './rule.ts'
import { stockByLocation } from './stock-by-location.ts'
import { unknownCurrency } from './unknown-currency.ts'
import { unpricedItem } from './unpriced-item.ts'

/** The registry: every rule about mirrored data, one line each. The pass, the metric and the page of the rules read it. */
export const qualityRules: readonly QualityRule[] = [
  duplicateSku,
  lineSums,
  missingReference,
  negativeStock,
  stockByLocation,
  unknownCurrency,
  unpricedItem,
]
