/** Significant digits that a number may have; zeros before and after them do not count. */
const significantDigits = 100
/** Largest exponent, up or down, that may be written. */
const writtenExponent = 100
/** Digits before and after the point that 100 digits under an exponent of ±100 can reach. */
const placesEitherSide = 200

/**
 * The one way to write a decimal: plain digits, no exponent, no zeros that say nothing, no minus before zero
 * (`1.10` → `1.1`, `1e2` → `100`, `-0` → `0`). Equal values have equal normal forms, whatever their length.
 * Throws RangeError for what is no JSON number, for more than 100 significant digits and for exponents beyond ±100.
 */
export function normalDecimal(source: string): string {
  if (isPlainInteger(source)) return source
  const match = numberGrammar.exec(source)
  if (match === null) throw new RangeError('Not a JSON number.')
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  if (Math.abs(Number(exponent)) > writtenExponent) {
    throw new RangeError(`An exponent beyond ±${String(writtenExponent)} is not supported.`)
  }
  return writeDecimal(sign, whole + fraction, whole.length + Number(exponent))
}

// No nested repetition: it runs in linear time on any input.
const numberGrammar = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/

/** Most numbers are ids and counts, which are normal as they stand. */
function isPlainInteger(source: string): boolean {
  if (source.length === 0 || source.length > significantDigits) return false
  for (let at = 0; at < source.length; at += 1) {
    const code = source.charCodeAt(at)
    if (code < 0x30 || code > 0x39) return false
  }
  return source.charCodeAt(0) !== 0x30 || source.length === 1
}

/** Writes `digits` with the point after its first `point` digits; `point` may lie outside of them. */
function writeDecimal(sign: string, digits: string, point: number): string {
  const first = firstNonZero(digits)
  if (first === digits.length) return '0'
  const last = lastNonZero(digits)
  const significant = digits.slice(first, last + 1)
  const wholePlaces = point - first
  const fractionPlaces = significant.length - wholePlaces
  if (significant.length > significantDigits) {
    throw new RangeError(`More than ${String(significantDigits)} significant digits are not supported.`)
  }
  if (wholePlaces > placesEitherSide || fractionPlaces > placesEitherSide) {
    throw new RangeError(
      `More than ${String(placesEitherSide)} digits on one side of the point are not supported.`,
    )
  }
  if (wholePlaces <= 0) return `${sign}0.${'0'.repeat(-wholePlaces)}${significant}`
  if (fractionPlaces <= 0) return sign + significant + '0'.repeat(-fractionPlaces)
  return `${sign}${significant.slice(0, wholePlaces)}.${significant.slice(wholePlaces)}`
}

function firstNonZero(digits: string): number {
  let at = 0
  while (digits.charCodeAt(at) === 0x30) at += 1
  return at
}

function lastNonZero(digits: string): number {
  let at = digits.length - 1
  while (digits.charCodeAt(at) === 0x30) at -= 1
  return at
}
