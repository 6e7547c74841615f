import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { createCore } from '../../runtime/identity/revocation/core.ts';
import { BEAT_MS } from '../../runtime/identity/revocation/heartbeat.ts';
import { POLL_MS } from '../../runtime/identity/revocation/open.ts';
import { createMemoryStore, type Store } from '../../runtime/store/index.ts';
import { NOW } from '../support/revocation.ts';

const PAGE = readFileSync(new URL('../../docs/revocation.md', import.meta.url), 'utf8');
const HOUR_MS = 3_600_000;

describe('what docs/revocation.md says that it costs', () => {
  let calls: string[];
  const memory = createMemoryStore(() => NOW);
  const store = new Proxy(memory, {
    get(target, name: keyof Store) {
      return (...args: never[]) => {
        calls.push(name);
        return (target[name] as (...all: never[]) => unknown)(...args);
      };
    },
  });
  const open = () => createCore({ store, clock: () => ({ wall: NOW * 1000, steady: 0 }), maxStalenessMs: 5_000 });

  /** What a call asks of the store. */
  async function asked(call: () => Promise<unknown>): Promise<string[]> {
    calls = [];
    await call();
    return calls;
  }

  it('is one write a heartbeat and one read a poll, for any number of tenants', async () => {
    calls = [];
    const core = open();
    for (let i = 0; i < 50; i++) core.tenant(`tenant ${i}`);
    await core.member.beat();
    await core.poll();
    expect(await asked(core.member.beat)).to.deep.equal(['put']);
    expect(await asked(core.poll)).to.deep.equal(['list']);
    expect(HOUR_MS / BEAT_MS).to.equal(7_200);
    expect(HOUR_MS / POLL_MS).to.equal(14_400);
    expect(PAGE).to.include('7,200').and.include('14,400 queries');
  });

  it('is three writes a revocation, and one query by each other process', async () => {
    calls = [];
    const [one, two] = [open(), open()];
    for (const core of [one, two]) {
      core.tenant('acme');
      await core.member.beat();
      await core.poll();
      await core.load();
    }
    const revoked = await asked(() => one.tenant('acme').revoke({ kind: 'jti', iss: 'https://a/', id: 'a' }));
    expect(revoked).to.deep.equal(['put', 'put', 'put']);
    expect(await asked(two.poll)).to.deep.equal(['list', 'list']);
    expect(await asked(two.poll)).to.deep.equal(['list']);
    expect(PAGE).to.include('| a revocation | 3,');
  });
});
