import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { storageKey } from '../../runtime/context/index.ts';
import { createJobs } from '../../runtime/server/cron/jobs.ts';
import { createRegistry } from '../../runtime/server/registry/registry.ts';
import { openRevocationSource } from '../../runtime/server/revocations/revocation-source.ts';
import { createDocuments, openStore } from '../../runtime/store/index.ts';
import { FROM_SOURCE } from './program.ts';

const WRITER = fileURLToPath(new URL('../runtime/server/registry/fixtures/registry-writer.ts', import.meta.url));

/** How cron jobs are kept. */
export const JOBS = { claimMs: 60_000, missed: 'skip', now: Date.now, maxPerContainer: 100 } as const;

/** Code of several items. */
export function largeCode(i: number): string {
  return `// ${i}`.padEnd(600_000);
}

/** Every third is kept in several items. */
export function storedDocument(i: number): { i: number; text: string } {
  return { i, text: String(i % 10).repeat(i % 3 === 0 ? 450_000 : 1_000) };
}

/**
 * Has a process create webtasks, write storage and cron jobs and revoke tokens in a data folder, kills it in the middle, opens the
 * folder again and expects that everything that was acknowledged is there, whole.
 *
 * @param from - the number of the first webtask
 * @param count - how many are acknowledged before the kill
 * @returns the number of the next one
 */
export async function killAndLook(folder: string, from: number, count: number): Promise<number> {
  const args = [...FROM_SOURCE, WRITER, folder, String(from)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
    if (text.split('\n').length > count) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const acknowledged = text.split('\n').slice(0, -1).map(Number);
  expect(acknowledged).to.have.length.at.least(count);
  const last = acknowledged.at(-1) ?? from;

  const store = await openStore(folder, {});
  const registry = createRegistry(async () => store, { isOwnHost: () => false }, 5 * 1024 * 1024);
  const documents = createDocuments(store);
  const revocations = openRevocationSource(async () => store, {}, Date.now);
  for (const i of acknowledged) {
    const webtask = await registry.getNamed('dev', `w${i}`);
    expect(webtask).to.include({ token: `token ${i}` });
    expect((await registry.getCode(webtask?.code ?? '')) === largeCode(i), `the code of w${i}`).to.equal(true);
    expect((await documents.get(storageKey('dev', `w${i}`)))?.value).to.deep.equal(storedDocument(i));
    const job = await createJobs(async () => store, JOBS).get({ container: `dev${i}`, name: 'w' });
    expect(job?.schedule).to.equal(`${i % 60} 1 * * *`);
    expect(await revocations.has(`jti ${i}`), `that token ${i} is revoked`).to.equal(true);
  }
  // What is written over and over is the last that was acknowledged, or the one that was under way.
  const counter = (await documents.get(storageKey('dev', 'counter')))?.value as { i: number };
  expect(counter).to.deep.equal(storedDocument(counter.i));
  expect(counter.i).to.be.within(last, last + 1);
  await store.close();
  return last + 1;
}
