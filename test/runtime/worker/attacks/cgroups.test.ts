import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { commandsWith, useAttacked, words } from '../../../support/attacked.ts';
import { describeInCgroup, ownGroup } from '../../../support/cgroups.ts';
import { until } from '../../../support/until.ts';

/** Code that starts a process whose parent ends at once, in a session of its own: nothing says where it came from. */
const leaves = (program: string, word: string): string => {
  const second = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(program)}, "${word}"], { stdio: "ignore", detached: true })`;
  const first = `${second}.on("spawn", () => process.exit())`;
  return `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(first)}], { stdio: "ignore", detached: true })`;
};

describeInCgroup('webtasks in a process of their own, which is in a control group', () => {
  const its = useAttacked('process', { WEBTASK_LIMIT_CPU_MS: '2000' });

  it('start what leaves its parent, its group and its session: it ends with their worker', async () => {
    const word = randomUUID();
    const container = `c${word}`;
    const code = `module.exports = cb => { ${leaves('setTimeout(() => {}, 1e6)', word)}.on("exit", () => cb(null, 1)); };`;
    expect((await its.attack(code, { container })).body).to.equal('1');
    await until(() => commandsWith(word).length === 1);
    await its.attack('module.exports = cb => process.exit();', { container });
    await until(() => commandsWith(word).length === 0);
  });

  it('have others use the processor that live for a moment, and that nobody waits for: it is their time', async () => {
    const word = randomUUID();
    const container = `c${word}`;
    const burn = 'while (process.cpuUsage().user < 600e3);';
    const start = leaves(burn, word);
    const code = `module.exports = cb => { for (let i = 0; i < 5; i += 1) ${start}; setTimeout(cb, 8000, null, 'not counted'); };`;
    expect(words(await its.attack(code, { container }))).to.equal(
      `500 proxy: The webtasks of ${container} used more than 2000 ms of CPU time within 60000 ms.`,
    );
    await until(() => commandsWith(word).length === 0);
  });

  it('leave no group behind when their worker has ended', async () => {
    const { body } = await its.askAs('seen', 'module.exports = cb => cb(null, process.pid);');
    const [, path = ''] = /^0::(.*)$/m.exec(readFileSync(`/proc/${body}/cgroup`, 'utf8')) ?? [];
    const group = join(ownGroup(), path.slice(path.lastIndexOf('/webtask-')));
    expect(existsSync(group)).to.equal(true);
    await its.askAs('seen', 'module.exports = cb => process.exit();');
    await until(() => !existsSync(group));
  });
});
