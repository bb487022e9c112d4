import { livingRecords, noRelated, type QualityRule } from './rule.ts'

/** An amount means nothing without its currency: the code is there, and it is one of ISO 4217. It is never replaced by another. */
export const unknownCurrency: QualityRule = {
  name: 'unknown_currency',
  judges: (entity) => {
    const { currency } = entity.quality
    if (currency === null) return null
    const { column, required } = currency
    const blank = required ? `t.${column} IS NULL OR` : ''
    return {
      keyedBy: 'record',
      violations: `SELECT t.organization_id, t.zoho_id AS entity_id, '${column}' AS subject, ${noRelated},
                          jsonb_build_object('${column}', t.${column}) AS detail
                     FROM ${livingRecords(entity)}
                    WHERE ${blank} t.${column} <> ALL (ARRAY[${knownCodes}])`,
    }
  },
}

/** The codes that the runtime lists: the ones in use and the ones withdrawn lately. */
const knownCodes = Intl.supportedValuesOf('currency')
  .filter((code) => /^[A-Z]{3}$/.test(code))
  .map((code) => `'${code}'`)
  .join(', ')
