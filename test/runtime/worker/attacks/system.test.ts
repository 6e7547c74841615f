import { expect } from 'chai';
import { MEMORY_BYTES } from '../../../../runtime/worker/shared-memory.ts';
import { useAttacked, words } from '../../../support/attacked.ts';

/** Tries each, and answers with what came of it: the code of the error, or what it gave. */
const TRIES = `const fs = require('fs');
const tried = (call) => { try { return String(call()); } catch (error) { return error.code || error.message; } };
`;

describe('webtasks that reach for the machine (sandbox)', function () {
  this.timeout(60_000);
  const its = useAttacked('sandbox', { WEBTASK_LIMIT_TEMPORARY_BYTES: String(1 << 20), WEBTASK_LIMIT_FILES: '64' });
  const tried = async (calls: Record<string, string>): Promise<Record<string, string>> => {
    const each = Object.entries(calls).map(([name, call]) => `${JSON.stringify(name)}: tried(() => ${call})`);
    const answer = await its.attack(`${TRIES} module.exports = cb => cb(null, { ${each.join(', ')} });`);
    return JSON.parse(answer.body);
  };

  it('become no other user, and gain nothing by files that run as one', async () => {
    expect(
      await tried({
        root: 'process.setuid(0)',
        group: 'process.setgid(0)',
        groups: 'process.setgroups([0])',
        file: "(fs.writeFileSync('/tmp/x', 'x'), fs.chmodSync('/tmp/x', 0o4755), fs.chownSync('/tmp/x', 0, 0))",
      }),
    ).to.deep.equal({ root: 'EINVAL', group: 'EINVAL', groups: 'EPERM', file: 'EINVAL' });
  });

  it('see no other process than their own, and change nothing of the kernel', async () => {
    const found = await tried({
      processes: "fs.readdirSync('/proc').filter((it) => /^[0-9]+$/.test(it)).length <= 2",
      secrets: "/KEY|TOKEN|SECRET/.test(fs.readFileSync('/proc/1/environ', 'utf8'))",
      memory: "fs.openSync('/proc/kcore', 'r')",
      pattern: "fs.writeFileSync('/proc/sys/kernel/core_pattern', '|/tmp/x')",
      trigger: "fs.writeFileSync('/proc/sysrq-trigger', 'b')",
      score: "fs.writeFileSync('/proc/self/oom_score_adj', '-1000')",
      devices: "fs.readdirSync('/dev').filter((it) => /^(sd|nvme|vd|mem|kmsg)/.test(it)).join()",
    });
    expect(found).to.include({ processes: 'true', secrets: 'false', devices: '' });
    for (const name of ['memory', 'pattern', 'trigger', 'score'])
      expect(found[name], name).to.match(/^(EACCES|EPERM|ENOENT|EROFS)$/);
  });

  it('fill their temporary folder and no more, delete it, and leave nothing there for the next', async () => {
    expect(await tried({ full: "fs.writeFileSync('/tmp/full', Buffer.alloc(2 << 20))" })).to.deep.equal({
      full: 'ENOSPC',
    });
    await tried({
      gone: "fs.rmSync('/tmp', { recursive: true, force: true })",
      others: "fs.rmSync('/usr', { recursive: true })",
    });
    await its.attack('module.exports = cb => process.exit();');
    expect(await tried({ left: "fs.writeFileSync('/tmp/left', 'x')" })).to.deep.equal({ left: 'undefined' });
    await its.attack('module.exports = cb => process.exit();');
    expect(await tried({ left: "fs.existsSync('/tmp/left')" })).to.deep.equal({ left: 'false' });
  });

  it('fill the memory that is theirs and the server’s no further than their folder and what it is for', async () => {
    const code = `const fs = require('fs'); module.exports = cb => { const piece = Buffer.alloc(1 << 16, 1); let bytes = 0;
      try { for (; bytes < 1 << 30; ) bytes += fs.writeSync(6, piece, 0, piece.length, bytes); } catch (error) { return cb(null, [error.code, bytes]); }
      cb(null, ['all', bytes]); };`;
    const answer = await its.attack(code);
    expect(JSON.parse(answer.body)).to.deep.equal(['EFBIG', (1 << 20) + MEMORY_BYTES]);
    // What it wrote there is no answer of anybody, and its own answers still arrive.
    expect((await its.ask('module.exports = (ctx, req, res) => res.end("y".repeat(300000));')).body).to.equal(
      'y'.repeat(300_000),
    );
    await its.attack('module.exports = cb => process.exit();');
  });

  it('open no more files than they may: the error says which limit that is', async () => {
    const open = 'const all = []; for (;;) all.push(require("fs").openSync("/proc/self/stat"));';
    expect(words(await its.attack(`module.exports = cb => { ${open} };`))).to.equal(
      "500 webtask: EMFILE: too many open files, open '/proc/self/stat'",
    );
    await its.attack('module.exports = cb => process.exit();');
  });

  it('leave no server that anybody could reach', async () => {
    const listen =
      'require("http").createServer((req, res) => res.end("mine")).listen(8099, "0.0.0.0", () => cb(null, "up"));';
    expect((await its.attack(`module.exports = cb => { ${listen} };`)).body).to.equal('"up"');
    const reached = await fetch('http://127.0.0.1:8099').then(
      () => 'reached',
      (error: Error) => (error.cause as NodeJS.ErrnoException).code,
    );
    expect(reached).to.equal('ECONNREFUSED');
  });
});
