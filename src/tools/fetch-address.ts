import { BlockList, isIP } from 'node:net';

/**
 * Whether an address is one of the public internet: not this machine, not a private or shared network, not reserved, and
 * not one of these written inside an IPv6 address (mapped, NAT64, 6to4, Teredo). IANA special-purpose registries, 2026.
 */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !BLOCKED_4.check(address, 'ipv4');
  if (family !== 6 || address.includes('%')) return false;
  if (!GLOBAL_6.check(address, 'ipv6') || BLOCKED_6.check(address, 'ipv6')) return false;
  return true;
}

const BLOCKED_4 = listOf('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Multicast, reserved, broadcast.
  ['224.0.0.0', 3],
  // The metadata and host services of some clouds, in otherwise public ranges.
  ['168.63.129.16', 32],
]);

/** Only this block is handed out: everything else (`::`, `::1`, mapped, NAT64, fc00::/7, fe80::/10, ff00::/8) is not. */
const GLOBAL_6 = listOf('ipv6', [['2000::', 3]]);

const BLOCKED_6 = listOf('ipv6', [
  // Protocol assignments: Teredo, benchmarking, ORCHID.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4 carries an IPv4 address, and nobody needs it any more.
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
]);

function listOf(family: 'ipv4' | 'ipv6', ranges: readonly (readonly [network: string, prefix: number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}
