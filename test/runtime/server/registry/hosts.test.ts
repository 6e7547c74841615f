import { expect } from 'chai';
import { claimHost, hostName, proveByDns } from '../../../../runtime/server/registry/hosts.ts';
import { createMemoryStore } from '../../../../runtime/store/index.ts';
import { startDns, type TestDns } from '../../../support/dns.ts';
import { refusalOf } from '../../../support/refusal.ts';

describe('a custom domain that has to be proven', () => {
  let dns: TestDns;

  before(async () => {
    dns = await startDns({
      'shop.test': ['webtask:container:acme'],
      'long.test': ['webtask:cont', 'ainer:acme'],
      'other.test': ['v=spf1 -all'],
      'near.test': ['webtask:container:acme2'],
    });
  });
  after(() => dns.close());

  const prove = (host: string, container: string): Promise<void> => proveByDns(host, container, dns.resolver);
  const unproven = (host: string, container: string) => ({
    code: 'HOST_UNPROVEN',
    message: `the host \`${host}\` has no TXT record that says it is for this container`,
    fix: `Add a TXT record to ${host}: webtask:container:${container}`,
  });

  it('is, by a TXT record with the name of the container, also in pieces', async () => {
    await prove('shop.test', 'acme');
    await prove('long.test', 'acme');
  });

  for (const host of ['other.test', 'near.test', 'missing.test']) {
    it(`is not, by what ${host} says`, async () => {
      expect(await refusalOf(prove(host, 'acme'))).to.deep.equal(unproven(host, 'acme'));
    });
  }

  it('is not where DNS does not answer', async () => {
    const silent = await startDns({ 'shop.test': ['webtask:container:acme'] });
    await silent.close();
    expect(await refusalOf(proveByDns('shop.test', 'acme', silent.resolver))).to.deep.equal(
      unproven('shop.test', 'acme'),
    );
  });

  it('cannot be taken over: neither before its owner claims it, nor with a record of the day after', async () => {
    const store = createMemoryStore();
    const claim = (container: string, proof = prove): Promise<void> =>
      claimHost(store, 'shop.test', container, { isOwnHost: () => false, prove: proof });
    expect(await refusalOf(claim('thief'))).to.deep.equal(unproven('shop.test', 'thief'));
    await claim('acme');
    const taken = { code: 'HOST_TAKEN', message: 'the host `shop.test` belongs to another container', fix: undefined };
    expect(await refusalOf(claim('thief', async () => undefined))).to.deep.equal(taken);
    await claim('acme', () => prove('missing.test', 'acme')); // what is owned is not asked for again
  });
});

describe('the name in a Host header', () => {
  for (const [header, name] of [
    ['Shop.Test', 'shop.test'],
    ['shop.test:8080', 'shop.test'],
    ['shop.test.', 'shop.test'],
    ['[::1]:80', '::1'],
    ['[::1]', '::1'],
    ['', ''],
  ] as const) {
    it(`of "${header}" is "${name}"`, () => {
      expect(hostName(header)).to.equal(name);
    });
  }
});
