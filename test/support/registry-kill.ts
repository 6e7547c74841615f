import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { createRegistry } from '../../runtime/server/registry.ts';
import { openStore } from '../../runtime/store/index.ts';
import { FROM_SOURCE } from './program.ts';

const WRITER = fileURLToPath(new URL('../runtime/server/fixtures/registry-writer.ts', import.meta.url));

/**
 * Has a process create webtasks in a data folder, kills it in the middle, opens the folder again and expects that
 * everything that was acknowledged is there, whole.
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

  const store = await openStore(folder, {});
  const registry = createRegistry(async () => store, { isOwnHost: () => false }, 5 * 1024 * 1024);
  for (const i of acknowledged) {
    const webtask = await registry.getNamed('dev', `w${i}`);
    expect(webtask).to.include({ token: `token ${i}` });
    const code = await registry.getCode(webtask?.code ?? '');
    expect(code?.trimEnd()).to.equal(`// ${i}`);
    expect(code).to.have.length(600_000);
  }
  await store.close();
  return (acknowledged.at(-1) ?? from) + 1;
}
