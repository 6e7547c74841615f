import ipaddr from 'ipaddr.js';

/** What IANA gives out for the internet; anything else is local, unused, or an IPv4 address in disguise. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');
/** All the rest of IPv6. */
const NOT_GLOBAL_IPV6 = ['::/3', '4000::/2', '8000::/1'];

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

/**
 * Lists the networks of all addresses that are not public, for who filters by networks.
 *
 * @returns each as `address/prefix`; networks may be inside others
 *
 * @example
 * networksNotPublic().ipv4.includes('10.0.0.0/8'); // true
 */
export function networksNotPublic(): { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] } {
  return {
    ipv4: [...specialRanges(ipaddr.IPv4.parse('0.0.0.0')), `${AZURE_HOST}/32`],
    ipv6: [...NOT_GLOBAL_IPV6, ...specialRanges(ipaddr.IPv6.parse('::'))],
  };
}

type Network = [address: { toString(): string }, prefix: number];

/** What `range()` looks an address up in. */
function specialRanges(address: object): string[] {
  const { SpecialRanges } = address as { SpecialRanges: Record<string, Network | Network[]> }; // absent from its types
  return Object.values(SpecialRanges)
    .flatMap((range) => (isNetwork(range) ? [range] : range))
    .map(([start, prefix]) => `${start}/${prefix}`);
}

function isNetwork(range: Network | Network[]): range is Network {
  return typeof range[1] === 'number';
}
