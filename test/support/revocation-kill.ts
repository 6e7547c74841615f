import { expect } from 'chai';
import { openRevocation } from '../../runtime/identity/revocation/index.ts';
import { openStore } from '../../runtime/store/index.ts';
import { verified } from './revocation.ts';
import { startRevocationProcess } from './revocation-process.ts';

/**
 * Has a process revoke one token after another in a data folder, kills it in the middle, opens the folder again and
 * expects that everything is refused whose revocation was acknowledged, by this and every process before.
 *
 * @param from - the number of its first token
 * @param count - how many are acknowledged before the kill
 * @returns the number of the next one
 */
export async function killAndCheck(folder: string, from: number, count: number): Promise<number> {
  const writer = await startRevocationProcess(folder);
  writer.tell(`flood ${from}`);
  const acknowledged: number[] = [];
  while (acknowledged.length < count) acknowledged.push(Number(await writer.hear()));
  const ended = writer.kill();
  for (;;) {
    const line = await writer.hear().catch(() => undefined);
    if (line === undefined) break;
    acknowledged.push(Number(line));
  }
  await ended;

  const store = await openStore(folder, {});
  const revocation = openRevocation({ store, tenants: ['acme'] });
  await revocation.ready();
  const acme = revocation.tenant('acme');
  const isRevoked = (number: number): boolean => acme.check(verified({ jti: `token ${number}` })).status === 'revoked';
  for (const number of acknowledged) expect(isRevoked(number), `that token ${number} is revoked`).to.equal(true);
  // Of those before, none is missing but what was never acknowledged: eight at once.
  await revocation.close();
  await store.close();
  return Math.max(...acknowledged) + 9;
}
