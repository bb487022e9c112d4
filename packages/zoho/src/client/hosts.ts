/** Where Zoho keeps an organisation; the user chose it when signing up. */
export type ZohoDataCenter = 'us' | 'eu' | 'in' | 'au' | 'jp' | 'ca' | 'sa' | 'cn' | 'uk'

/** The two addresses of a data centre. */
export interface ZohoHosts {
  /** Where tokens are issued; a refresh token works only at its own. */
  readonly accountsUrl: string
  /** Where `/books/v3` and `/inventory/v1` hang. */
  readonly apiUrl: string
}

/** The hosts of a data centre. A table, because they cannot be derived from one another: Canada breaks the pattern. */
export function zohoHosts(dataCenter: ZohoDataCenter): ZohoHosts {
  return hosts[dataCenter]
}

// The API host of `uk` is the one that integrators use; Zoho's own list does not have it (docs/reference/zoho.md).
const hosts: Readonly<Record<ZohoDataCenter, ZohoHosts>> = {
  us: { accountsUrl: 'https://accounts.zoho.com', apiUrl: 'https://www.zohoapis.com' },
  eu: { accountsUrl: 'https://accounts.zoho.eu', apiUrl: 'https://www.zohoapis.eu' },
  in: { accountsUrl: 'https://accounts.zoho.in', apiUrl: 'https://www.zohoapis.in' },
  au: { accountsUrl: 'https://accounts.zoho.com.au', apiUrl: 'https://www.zohoapis.com.au' },
  jp: { accountsUrl: 'https://accounts.zoho.jp', apiUrl: 'https://www.zohoapis.jp' },
  ca: { accountsUrl: 'https://accounts.zohocloud.ca', apiUrl: 'https://www.zohoapis.ca' },
  sa: { accountsUrl: 'https://accounts.zoho.sa', apiUrl: 'https://www.zohoapis.sa' },
  cn: { accountsUrl: 'https://accounts.zoho.com.cn', apiUrl: 'https://www.zohoapis.com.cn' },
  uk: { accountsUrl: 'https://accounts.zoho.uk', apiUrl: 'https://www.zohoapis.uk' },
}
