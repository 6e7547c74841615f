import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  isMasterKey,
  type KeySet,
  loadKeySet,
  openSeal,
  sealSecrets,
  signToken,
  verifyToken,
} from '../../../runtime/token/index.ts';
import { hmacKey, keySet, NOW, rsaKey } from '../../support/keys.ts';
import { refusalIn, refusalOf } from '../../support/refusal.ts';

type StoredKeys = { use: string; alg: string; kid: string; k?: string }[];

describe('changing the keys of a cluster', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webtask-keys-'));
  });
  after(() => rm(folder, { recursive: true }));

  const file = () => join(folder, 'keys');
  const load = (): Promise<KeySet> => loadKeySet({ dataFolder: folder, env: {}, now: NOW * 1000 });
  const read = async (): Promise<StoredKeys> => JSON.parse(await readFile(file(), 'utf8')).keys;
  const write = (keys: StoredKeys) => writeFile(file(), JSON.stringify({ keys }), { mode: 0o600 });
  const made = async (): Promise<StoredKeys> => {
    await rm(file());
    await load();
    return read();
  };

  it('is done by putting new ones before the old, and taking the old away when their tokens are gone', async () => {
    const claims = { ten: 'shop' };
    const before = await load();
    const oldToken = signToken(claims, before, NOW);
    const oldSeals = [
      await sealSecrets({ KEY: 'v' }, claims, before, 'dir'),
      await sealSecrets({ KEY: 'v' }, claims, before, 'certificate', NOW * 1000),
    ];
    const oldKeys = await read();
    const newKeys = await made();

    await write([...newKeys, ...oldKeys]);
    const both = await load();
    expect(verifyToken(oldToken, both, NOW)).to.include(claims);
    for (const seal of oldSeals) expect(await openSeal(seal, claims, both)).to.deep.equal({ KEY: 'v' });
    const newToken = signToken(claims, both, NOW);
    expect(JSON.parse(Buffer.from(newToken.split('.')[0] ?? '', 'base64url').toString())).to.deep.equal({
      alg: 'HS256',
      kid: newKeys[0]?.kid,
    });
    const newSeals = [
      await sealSecrets({ KEY: 'v' }, claims, both, 'dir'),
      await sealSecrets({ KEY: 'v' }, claims, both, 'certificate', NOW * 1000),
    ];
    for (const key of [...oldKeys, ...newKeys]) {
      if (key.k !== undefined) expect(isMasterKey(key.k, both), key.use).to.equal(true);
    }

    await write(newKeys);
    const after = await load();
    expect(refusalIn(() => verifyToken(oldToken, after, NOW)).code).to.equal('TOKEN_KEY_UNKNOWN');
    expect(verifyToken(newToken, after, NOW)).to.include(claims);
    for (const seal of oldSeals) {
      expect(await refusalOf(openSeal(seal, claims, after))).to.deep.equal({
        code: 'TOKEN_SEAL_UNREADABLE',
        message: 'error decrypting JWT token context: no key of this cluster opens it',
        fix: undefined,
      });
    }
    for (const seal of newSeals) expect(await openSeal(seal, claims, after)).to.deep.equal({ KEY: 'v' });
    for (const { k } of oldKeys) if (k !== undefined) expect(isMasterKey(k, after)).to.equal(false);
  });
});

describe('the master key', () => {
  const symmetric = { kid: 'e', key: hmacKey('e', 'e').verifyWith };
  const keys = keySet([hmacKey('a', 'a'), hmacKey('b', 'b')], { symmetric });
  const text = (letter: string, encoding: 'base64url' | 'hex') => Buffer.from(letter.repeat(32)).toString(encoding);

  it('is any signing or encryption key of the cluster, in base64url or hexadecimal', () => {
    for (const letter of ['a', 'b', 'e']) {
      for (const encoding of ['base64url', 'hex'] as const) {
        expect(isMasterKey(text(letter, encoding), keys), `${letter} in ${encoding}`).to.equal(true);
      }
    }
  });

  it('is nothing else: no other key, no part of one, no id, no empty text', () => {
    for (const other of [text('c', 'hex'), text('a', 'hex').slice(2), `${text('a', 'hex')}00`, 'a', 'e', '', '%']) {
      expect(isMasterKey(other, keys), other).to.equal(false);
    }
  });

  it('is no key that is limited to containers, and none that only verifies', () => {
    const limited = { ...hmacKey('a', 'a'), containers: ['shop'] };
    const { signWith: _, ...trusted } = hmacKey('b', 'b');
    const some = keySet([limited, trusted, rsaKey('r')]);
    for (const letter of ['a', 'b']) expect(isMasterKey(text(letter, 'hex'), some)).to.equal(false);
  });
});
