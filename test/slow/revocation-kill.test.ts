import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAndCheck } from '../support/revocation-kill.ts';

const KILLS = 5 * Number(process.env.WEBTASK_SLOW_ROUNDS ?? 200);

describe('a process that is killed in the middle of revocations', () => {
  it(`loses none that it acknowledged, ${KILLS} times over`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webtask-kills-'));
    let next = 0;
    for (let kill = 0; kill < KILLS; kill++) next = await killAndCheck(folder, next, 1 + (kill % 30));
    rmSync(folder, { recursive: true, force: true });
  }).timeout(0);
});
