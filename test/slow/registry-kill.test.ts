import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAndLook } from '../support/registry-kill.ts';

const KILLS = Number(process.env.WEBTASK_SLOW_ROUNDS ?? 200);

describe('a process that is killed in the middle of writes', () => {
  it(`loses no webtask, no code, no storage, no cron job and no revocation that it acknowledged, ${KILLS} times over`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'webtask-kills-'));
    let next = 0;
    for (let kill = 0; kill < KILLS; kill++) next = await killAndLook(folder, next, 1 + (kill % 7));
    rmSync(folder, { recursive: true, force: true });
  }).timeout(0);
});
