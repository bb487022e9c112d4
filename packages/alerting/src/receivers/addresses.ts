import { BlockList, isIP } from 'node:net'

/** Whether a host, as it stands in an address, is this machine by its very name. */
export function isLoopbackHost(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  return bare === 'localhost' || isLoopbackAddress(bare)
}

/** Whether an IP address is this machine. */
export function isLoopbackAddress(address: string): boolean {
  return isIn(loopback, address)
}

/** Whether an IP address belongs to the public internet: not to this machine, its network, or a cloud's own services. */
export function isPublicAddress(address: string): boolean {
  return isIP(address) !== 0 && !isIn(notPublic, address)
}

function isIn(list: BlockList, address: string): boolean {
  const version = isIP(address)
  return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4')
}

const loopback = blockList('127.0.0.0/8', '::1/128')
const notPublic = blockList(
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/127',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
)

// An IPv4 address written as IPv6 (::ffff:…) is judged by the IPv4 entries.
function blockList(...networks: string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/')
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}
