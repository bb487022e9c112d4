const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/

/**
 * A number that keeps its digits: what is held is what is written, and sums are made with integers, so that no
 * amount of the world ever passes through a double.
 */
export class Decimal {
  /** The number exactly as JSON will show it, for example `1.10`. */
  readonly source: string

  constructor(source: string) {
    if (!jsonNumber.test(source)) throw new RangeError(`Not a JSON number: ${source}`)
    this.source = source
  }
}

/** Makes a decimal of its digits; throws RangeError on anything that JSON does not allow as a number. */
export function decimal(source: string): Decimal {
  return new Decimal(source)
}

/** Makes a decimal of a whole number; throws RangeError on a fraction or beyond 2^53. */
export function whole(count: number): Decimal {
  if (!Number.isSafeInteger(count)) throw new RangeError(`Not a safe whole number: ${count}`)
  return new Decimal(String(count))
}

/** Zero, as Zoho writes it most often. */
export const zero = new Decimal('0')

/** The exact sum, without trailing zeros. */
export function sum(amounts: readonly Decimal[]): Decimal {
  const parts = amounts.map(partsOf)
  const scale = Math.max(0, ...parts.map((part) => part.scale))
  const units = parts.reduce((total, part) => total + part.units * tenTo(scale - part.scale), 0n)
  return fromParts({ units, scale })
}

/** The exact difference, without trailing zeros. */
export function subtract(from: Decimal, amount: Decimal): Decimal {
  return sum([from, multiply(amount, decimal('-1'))])
}

/** The exact product, without trailing zeros. */
export function multiply(a: Decimal, b: Decimal): Decimal {
  const left = partsOf(a)
  const right = partsOf(b)
  return fromParts({ units: left.units * right.units, scale: left.scale + right.scale })
}

/** Rounds half away from zero to so many decimal places, as amounts of money are. */
export function roundTo(amount: Decimal, places: number): Decimal {
  const { units, scale } = partsOf(amount)
  if (scale <= places) return fromParts({ units, scale })
  const step = tenTo(scale - places)
  const half = units < 0n ? -step / 2n : step / 2n
  return fromParts({ units: (units + half) / step, scale: places })
}

/** So many percent of an amount, rounded to two places. */
export function percentOf(amount: Decimal, percentage: Decimal): Decimal {
  const { units, scale } = partsOf(multiply(amount, percentage))
  return roundTo(fromParts({ units, scale: scale + 2 }), 2)
}

/** Negative, zero or positive, as a sort function wants it. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const { units } = partsOf(subtract(a, b))
  return units < 0n ? -1 : units > 0n ? 1 : 0
}

/** The same number written with at least so many decimal places: 174 becomes 174.0. */
export function withPlaces(amount: Decimal, places: number): Decimal {
  const [integer = '0', fraction = ''] = plain(amount).source.split('.')
  const digits = fraction.padEnd(places, '0')
  return new Decimal(digits === '' ? integer : `${integer}.${digits}`)
}

/** The same number without exponent and trailing zeros. */
function plain(amount: Decimal): Decimal {
  return fromParts(partsOf(amount))
}

interface Parts {
  units: bigint
  scale: number
}

function partsOf({ source }: Decimal): Parts {
  const exponentAt = source.search(/[eE]/)
  const mantissa = exponentAt < 0 ? source : source.slice(0, exponentAt)
  const point = mantissa.indexOf('.')
  const places = point < 0 ? 0 : mantissa.length - point - 1
  const units = BigInt(point < 0 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1))
  const scale = exponentAt < 0 ? places : places - Number(source.slice(exponentAt + 1))
  return scale < 0 ? { units: units * tenTo(-scale), scale: 0 } : { units, scale }
}

function fromParts({ units, scale }: Parts): Decimal {
  const sign = units < 0n ? '-' : ''
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0')
  const integer = digits.slice(0, digits.length - scale)
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  return new Decimal(fraction === '' ? sign + integer : `${sign}${integer}.${fraction}`)
}

function tenTo(power: number): bigint {
  return 10n ** BigInt(power)
}
