import { expect } from 'chai';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { isPublicAddress, networksNotPublic } from '../../../runtime/code/index.ts';

const INSIDE: Record<string, readonly string[]> = {
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', 'fc00::1', 'fd12:3456::1', 'fec0::1'],
  'link-local, where clouds answer for a machine': ['169.254.169.254', '169.254.0.1', 'fe80::1', 'fe80::1%eth0'],
  'where clouds answer for a machine, though not link-local': [
    '100.100.100.200',
    '192.0.0.192',
    'fd00:ec2::254',
    '168.63.129.16',
  ],
  'behind the NAT of a carrier': ['100.64.0.1', '100.127.255.255'],
  'of this host': ['0.0.0.0', '0.1.2.3', '::'],
  'of many hosts': ['224.0.0.1', '255.255.255.255', 'ff02::1'],
  reserved: ['192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '240.0.0.1', '2001:db8::1', '100::1', '4000::1'],
  'IPv4 inside IPv6': [
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:a00:1',
    '::127.0.0.1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::127.0.0.1',
    '64:ff9b::8.8.8.8',
    '64:ff9b:1::127.0.0.1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
  ],
  'not an address': ['', 'localhost', '127.0.0.1:80', '[::1]', '256.0.0.1'],
};

describe('an address', () => {
  for (const [kind, addresses] of Object.entries(INSIDE)) {
    it(`is not public when it is ${kind}`, () => {
      expect(addresses.filter(isPublicAddress)).to.deep.equal([]);
    });
  }

  it('is public when the internet routes it', () => {
    const addresses = [
      '1.1.1.1',
      '172.15.255.255',
      '172.32.0.1',
      '100.63.255.255',
      '2606:4700::1111',
      '::ffff:8.8.8.8',
    ];
    expect(addresses.filter((it) => !isPublicAddress(it))).to.deep.equal([]);
  });
});

describe('the networks of addresses that are not public', () => {
  const isInside = (address: string, networks: readonly string[]): boolean => {
    const parsed = ipaddr.parse(address);
    return networks.some((network) => parsed.match(ipaddr.parseCIDR(network)));
  };

  it('hold the same addresses, whoever filters', () => {
    const { ipv4, ipv6 } = networksNotPublic();
    for (const address of Object.values(INSIDE).flat().filter(ipaddr.isValid)) {
      const parsed = ipaddr.process(address); // what stands for an IPv4 address is one to who filters
      expect(isInside(parsed.toString(), parsed.kind() === 'ipv4' ? ipv4 : ipv6), address).to.equal(true);
    }
    fc.assert(fc.property(fc.ipV4(), (address) => isInside(address, ipv4) !== isPublicAddress(address)));
    const notMapped = fc.ipV6().filter((address) => ipaddr.process(address).kind() === 'ipv6');
    fc.assert(fc.property(notMapped, (address) => isInside(address, ipv6) !== isPublicAddress(address)));
    const global = fc
      .ipV6()
      .map((address) => `2${address.slice(1)}`)
      .filter(ipaddr.isValid);
    fc.assert(fc.property(global, (address) => isInside(address, ipv6) !== isPublicAddress(address)));
  });
});
