import ipaddr from 'ipaddr.js';

/** What IANA gives out for the internet; anything else is local, unused, or an IPv4 address in disguise. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');

/** Azure's machines ask their host, and receive its secrets, at an address that looks public. */
const AZURE_HOST = '168.63.129.16';

/**
 * Says whether an address is one of the public internet's: not loopback, private, link-local, multicast, reserved, or
 * an IPv6 address that stands for an IPv4 one.
 *
 * @param address - IPv4 or IPv6, without brackets
 * @see RFC 6890
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address); // an IPv4-mapped address becomes the IPv4 address
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv6' ? parsed.match(GLOBAL_IPV6) : parsed.toString() !== AZURE_HOST;
}
