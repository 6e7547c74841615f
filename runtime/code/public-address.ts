import ipaddr from 'ipaddr.js';

/**
 * Says whether an address is one of the public internet's: not loopback, private, link-local, multicast, reserved, or
 * an IPv4 address inside an IPv6 one that is any of these.
 *
 * @param address - IPv4 or IPv6, without brackets
 * @see RFC 6890
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address); // an IPv4-mapped address becomes the IPv4 address
  return parsed.range() === 'unicast';
}
