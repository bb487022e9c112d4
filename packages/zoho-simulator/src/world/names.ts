import type { Random } from '../random.ts'

/** A made-up product name, Arabic or English or both; the number keeps it apart from the others. */
export function productName(random: Random, number: number): string {
  const [english, arabic] = random.pick(goods)
  const variant = random.pick(variants)
  const mark = String(number).padStart(4, '0')
  if (random.chance(0.4)) return `${arabic} ${variant} ${mark}`
  if (random.chance(0.1)) return `${english} / ${arabic} ${variant} ${mark}`
  return `${english} ${variant} ${mark}`
}

/** A made-up business; the number keeps it apart from the others. */
export function businessName(random: Random, number: number): string {
  const mark = String(number).padStart(4, '0')
  return random.chance(0.45)
    ? `${random.pick(businesses.arabic)} ${random.pick(cities).arabic} ${mark}`
    : `${random.pick(cities).english} ${random.pick(businesses.english)} ${mark}`
}

/** A made-up person. */
export function personName(random: Random): { first: string; last: string } {
  const names = random.chance(0.5) ? people.arabic : people.english
  return { first: random.pick(names.first), last: random.pick(names.last) }
}

/** A city with a street, both in one of the two languages. */
export function place(random: Random): { city: string; street: string } {
  const city = random.pick(cities)
  const house = random.between(1, 240)
  return random.chance(0.5)
    ? { city: city.arabic, street: `شارع ${random.pick(streets.arabic)} ${house}` }
    : { city: city.english, street: `${house} ${random.pick(streets.english)} Street` }
}

/** A made-up brand, or blank. */
export function brandName(random: Random): string {
  return random.chance(0.3) ? '' : random.pick(brands)
}

const goods = [
  ['Fast charger', 'شاحن سريع'],
  ['Braided cable', 'كيبل مجدول'],
  ['Wall lamp', 'مصباح جداري'],
  ['LED panel', 'لوحة إضاءة'],
  ['Steel kettle', 'غلاية ستيل'],
  ['Tool case', 'حقيبة عدة'],
  ['Desk fan', 'مروحة مكتب'],
  ['Glass set', 'طقم أقداح'],
  ['Water filter', 'فلتر ماء'],
  ['Extension lead', 'سيار كهرباء'],
] as const

const variants = ['20W', '2 m', '32"', 'white', 'أسود', '½ L', 'Pro & Co', 'A/B', 'XL – new', '5×']

const brands = ['Northlight', 'Sindbad', 'نخلة', 'Karkh Tools', "O'Hara & Sons", 'Dijla']

const businesses = {
  english: ['Trading Co.', 'Home Store', 'Electrics', 'Supplies Ltd', 'Bazaar'],
  arabic: ['شركة النور', 'محلات الأمل', 'مكتب الرافدين', 'أسواق دجلة', 'معرض البيت'],
}

const people = {
  english: {
    first: ['Layla', 'Omar', 'Nadia', 'Yusuf', 'Sara'],
    last: ['Haddad', 'Karim', 'Aziz', 'Salman'],
  },
  arabic: { first: ['زينب', 'علي', 'مريم', 'حسن', 'نور'], last: ['الجبوري', 'العاني', 'الحسني', 'الكرخي'] },
}

const cities = [
  { english: 'Baghdad', arabic: 'بغداد' },
  { english: 'Basra', arabic: 'البصرة' },
  { english: 'Erbil', arabic: 'أربيل' },
  { english: 'Mosul', arabic: 'الموصل' },
  { english: 'Najaf', arabic: 'النجف' },
]

const streets = {
  english: ['Palm', 'River', 'Market', 'Garden', 'Bridge'],
  arabic: ['النخيل', 'النهر', 'السوق', 'الحدائق', 'الجسر'],
}
