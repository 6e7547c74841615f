import { expect } from 'chai';
import { openRevocationSource } from '../../../../runtime/server/revocations/revocation-source.ts';
import { createRevocations } from '../../../../runtime/server/revocations/revocations.ts';
import type { Store } from '../../../../runtime/store/index.ts';
import { createMemoryStore } from '../../../../runtime/store/memory.ts';
import { NOW } from '../../../support/keys.ts';
import { refusalOf } from '../../../support/refusal.ts';

/** A store that counts what it is asked, and can be broken or slow. */
function countingStore(store: Store = createMemoryStore(() => NOW), now = () => NOW * 1000) {
  const state = { asked: 0, isDown: false, gate: Promise.resolve() };
  const open = async (): Promise<Store> => {
    if (state.isDown) throw new Error('the store is down');
    return {
      ...store,
      async get(key) {
        state.asked += 1;
        const found = await store.get(key);
        await state.gate;
        return found;
      },
    };
  };
  return { state, source: openRevocationSource(open, {}, now) };
}

describe('the list of revoked tokens', () => {
  let time = NOW * 1000;
  const now = () => time;
  beforeEach(() => {
    time = NOW * 1000;
  });

  it('knows a token that was revoked, and all that descend from it, and no other', async () => {
    const { source } = countingStore();
    const revocations = createRevocations(source, now);
    await revocations.revoke('', { jti: 'b' });
    expect(await revocations.isRevoked({ jti: 'b' })).to.equal(true);
    expect(await revocations.isRevoked({ jti: 'c', ca: ['a', 'b'] })).to.equal(true);
    expect(await revocations.isRevoked({ jti: 'a' })).to.equal(false);
    expect(await revocations.isRevoked({ jti: 'd', ca: ['a', 'c'] })).to.equal(false);
    expect(await revocations.isRevoked({})).to.equal(false);
  });

  it('is the same for every server of the store', async () => {
    const { source } = countingStore();
    await createRevocations(source, now).revoke('', { jti: 'a' });
    expect(await createRevocations(source, now).isRevoked({ jti: 'a' })).to.equal(true);
  });

  it('believes a no for ten seconds, so that another server’s revocation is seen after no more than that', async () => {
    const { source, state } = countingStore();
    const revocations = createRevocations(source, now);
    expect(await revocations.isRevoked({ jti: 'a' })).to.equal(false);
    await createRevocations(source, now).revoke('', { jti: 'a' });
    time += 4_999;
    expect(await revocations.isRevoked({ jti: 'a' })).to.equal(false);
    expect(state.asked).to.equal(1);
    time += 5_001;
    expect(await revocations.isRevoked({ jti: 'a' })).to.equal(true);
    expect(state.asked).to.equal(2);
  });

  it('asks again about a token that is in use before a no is too old, and lets nobody wait for it', async () => {
    const { source, state } = countingStore();
    const revocations = createRevocations(source, now);
    await revocations.isRevoked({ jti: 'a' });
    await createRevocations(source, now).revoke('', { jti: 'a' });
    time += 5_000;
    expect(revocations.isRevoked({ jti: 'a' })).to.equal(false);
    await new Promise((resolve) => setImmediate(resolve)); // the store has answered
    expect(revocations.isRevoked({ jti: 'a' })).to.equal(true);
    expect(state.asked).to.equal(2);
  });

  it('believes a yes for good: nothing brings a token back', async () => {
    const { source, state } = countingStore();
    await createRevocations(source, now).revoke('', { jti: 'a' });
    const revocations = createRevocations(source, now);
    expect(await revocations.isRevoked({ jti: 'a' })).to.equal(true);
    time += 365 * 24 * 60 * 60 * 1000;
    expect(await revocations.isRevoked({ jti: 'a' })).to.equal(true);
    expect(state.asked).to.equal(1);
  });

  it('sees its own server’s revocation at once', async () => {
    const { source } = countingStore();
    const revocations = createRevocations(source, now);
    expect(await revocations.isRevoked({ jti: 'a' })).to.equal(false);
    await revocations.revoke('', { jti: 'a' });
    expect(await revocations.isRevoked({ jti: 'a' })).to.equal(true);
  });

  it('does not believe a no that was on its way when the token was revoked', async () => {
    const { source, state } = countingStore();
    const revocations = createRevocations(source, now);
    let letGo = (): void => undefined;
    state.gate = new Promise((resolve) => {
      letGo = resolve;
    });
    const answer = revocations.isRevoked({ jti: 'a' });
    await new Promise((resolve) => setImmediate(resolve)); // the store has answered, and the answer is held up
    await revocations.revoke('', { jti: 'a' });
    letGo();
    expect(await answer).to.equal(true);
    expect(await revocations.isRevoked({ jti: 'a' })).to.equal(true);
  });

  it('asks once for many who want to know at the same time', async () => {
    const { source, state } = countingStore();
    const revocations = createRevocations(source, now);
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => revocations.isRevoked({ jti: `t${index}`, ca: ['a'] })),
    );
    expect(state.asked).to.equal(101);
  });

  it('refuses where the store does not answer, also where a no has become too old', async () => {
    const { source, state } = countingStore();
    const revocations = createRevocations(source, now);
    await revocations.isRevoked({ jti: 'a' });
    await revocations.revoke('', { jti: 'b' });
    state.isDown = true;
    expect(await revocations.isRevoked({ jti: 'a' })).to.equal(false);
    expect(await revocations.isRevoked({ jti: 'b' })).to.equal(true);
    time += 10_000;
    const failed = { code: 'REVOCATION_CHECK_FAILED', message: 'revocation check failed', fix: undefined };
    expect(await refusalOf(Promise.resolve(revocations.isRevoked({ jti: 'a' })))).to.deep.equal(failed);
    state.isDown = false;
    expect(await revocations.isRevoked({ jti: 'a' })).to.equal(false);
  });

  it('keeps the revocation of a token that expires for an hour longer than the token', async () => {
    let storeTime = NOW;
    const { source } = countingStore(createMemoryStore(() => storeTime));
    await createRevocations(source, now).revoke('', { jti: 'a', exp: NOW + 60 });
    storeTime = NOW + 60 + 3599;
    expect(await createRevocations(source, now).isRevoked({ jti: 'a' })).to.equal(true);
    storeTime = NOW + 60 + 3600;
    expect(await createRevocations(source, now).isRevoked({ jti: 'a' })).to.equal(false);
  });

  it('takes ids of any length and letters', async () => {
    const { source } = countingStore();
    const revocations = createRevocations(source, now);
    for (const jti of ['', 'a'.repeat(5000), '\u0000', '../../..', '\ud800']) {
      await revocations.revoke('', { jti });
      expect(await createRevocations(source, now).isRevoked({ jti })).to.equal(true);
    }
  });

  it('cannot take a token without an id', async () => {
    const { source } = countingStore();
    expect(await refusalOf(createRevocations(source, now).revoke('', {}))).to.deep.equal({
      code: 'TOKEN_REVOCATION_REFUSED',
      message: 'the token cannot be revoked: it has no id',
      fix: undefined,
    });
  });
});
