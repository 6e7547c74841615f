import { expect } from 'chai';
import { WebtaskError } from '../../../../runtime/errors.ts';
import type { NamedWebtask, Registry } from '../../../../runtime/server/registry/registry.ts';
import { renewAll } from '../../../../runtime/server/tokens/renew-tokens.ts';
import { parseToken, sealSecrets, signToken } from '../../../../runtime/token/index.ts';
import { hmacKey, keySet, NOW } from '../../../support/keys.ts';

const [OLD, NEW] = [hmacKey('old', 'o'), hmacKey('new', 'n')];
const SEALS = { kid: 'seals', key: hmacKey('s', 's').verifyWith };
const OLD_SEALS = { kid: 'old-seals', key: hmacKey('t', 't').verifyWith };
const before = keySet([OLD], { symmetric: OLD_SEALS });
const during = keySet([NEW, OLD], { symmetric: SEALS, earlier: { symmetric: [OLD_SEALS], certificates: [] } });

const named = (name: string, token: string, version = '1'): NamedWebtask => ({
  container: 'shop',
  name,
  token,
  meta: { color: 'red' },
  version,
});

/** A registry of some webtasks, which another writer changes before the first write of this one. */
function registryOf(webtasks: NamedWebtask[], changed?: NamedWebtask) {
  const written: Omit<NamedWebtask, 'version'>[] = [];
  let isChanged = changed === undefined;
  const registry = {
    listNamed: async (_container, { offset, limit }) => webtasks.slice(offset, offset + limit),
    getNamed: async (_container, name) =>
      isChanged && changed?.name === name ? changed : webtasks.find((it) => it.name === name),
    async putNamed(webtask, expected) {
      const there = isChanged && changed ? changed.version : isChanged ? '1' : '2';
      isChanged = true;
      if (expected !== there) throw new WebtaskError('NAME_CHANGED', { name: webtask.name });
      written.push(webtask);
      return { ...webtask, version: '9' };
    },
  } satisfies Partial<Registry>;
  // Renewing needs no more of it.
  return { registry: registry as unknown as Registry, written };
}

describe('renewing the tokens of webtasks', () => {
  const claims = { ten: 'shop', jtn: 'pay', jti: 'a'.repeat(32), ca: ['b'.repeat(32)], iat: NOW - 9, exp: NOW + 9 };

  it('signs the same claims with the current key, and leaves the rest of the webtask', async () => {
    const webtask = named('pay', signToken(claims, before, NOW));
    const { registry, written } = registryOf([webtask]);
    expect(await renewAll(registry, during, NOW)).to.deep.equal({ renewed: 1, current: 0, failed: [] });
    const [{ token, ...rest } = { token: '' }] = written;
    const { kid, claims: found } = parseToken(token);
    expect([kid, found]).to.deep.equal(['new', claims]);
    expect(rest).to.deep.equal({ container: 'shop', name: 'pay', meta: { color: 'red' } });
  });

  it('seals again what a former key sealed, also where the current one has signed', async () => {
    const keys = keySet([NEW], { symmetric: OLD_SEALS });
    const ectx = await sealSecrets({ KEY: 'v' }, claims, keys, 'dir');
    const { registry, written } = registryOf([named('pay', signToken({ ...claims, ectx }, keys, NOW))]);
    expect(await renewAll(registry, during, NOW)).to.include({ renewed: 1 });
    const sealed = parseToken(written[0]?.token ?? '').claims.ectx ?? '';
    expect(JSON.parse(Buffer.from(sealed.split('.')[0] ?? '', 'base64url').toString()).kid).to.equal('seals');
  });

  it('never undoes an update that came in between: it renews that one', async () => {
    const update = named('pay', signToken({ ...claims, jti: 'c'.repeat(32) }, before, NOW), '2');
    const { registry, written } = registryOf([named('pay', signToken(claims, before, NOW))], update);
    expect(await renewAll(registry, during, NOW)).to.deep.equal({ renewed: 1, current: 0, failed: [] });
    expect(written.map(({ token }) => parseToken(token).claims.jti)).to.deep.equal(['c'.repeat(32)]);
  });

  it('writes nothing where an update in between has the current keys', async () => {
    const update = named('pay', signToken(claims, during, NOW), '2');
    const { registry, written } = registryOf([named('pay', signToken(claims, before, NOW))], update);
    expect(await renewAll(registry, during, NOW)).to.deep.equal({ renewed: 0, current: 1, failed: [] });
    expect(written).to.deep.equal([]);
  });

  it('goes through all pages, and on past what it cannot renew', async () => {
    const lost = named('lost', signToken(claims, keySet([hmacKey('gone', 'g')]), NOW));
    const many = Array.from({ length: 250 }, (_, at) => named(`n${at}`, signToken(claims, before, NOW)));
    const { registry } = registryOf([lost, ...many]);
    expect(await renewAll(registry, during, NOW)).to.deep.equal({
      renewed: 250,
      current: 0,
      failed: [
        { container: 'shop', name: 'lost', reason: 'rejecting request with JWT token signed with untrusted key' },
      ],
    });
  });
});
