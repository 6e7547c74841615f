import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { runProgram } from '../support/program.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

describe('webtask export and webtask import', function () {
  this.timeout(60_000); // programs of their own, several each
  let project: TestProject;
  let server: TestServer;

  before(async () => {
    project = createProject({});
    server = await startTestServer();
    const answer = await fetch(`${server.url}/api/tokens/issue`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${tokenOf('old')}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ ten: 'old', jtn: 'hi', code: 'module.exports = cb => cb(null, 1)', ectx: { S: 'shh' } }),
    });
    expect(answer.status).to.equal(200);
  });

  after(async () => {
    await server.close();
    project.remove();
  });

  const tokenOf = (ten: string): string => server.sign({ ten, dd: 2 });
  const webtask = (args: readonly string[], env: Record<string, string> = {}) =>
    runProgram('webtask', args, { cwd: project.folder, env });
  const at = (container: string): string[] => ['--server', server.url, '--token', tokenOf(container)];

  it('move the webtasks of a container by way of a folder, and say what came over', async () => {
    const out = await webtask(['export', 'moved', '--container', 'old', ...at('old')]);
    expect([out.status, out.stderr, out.stdout]).to.deep.equal([
      0,
      '',
      `name  code     secrets   storage  cron
hi    written  left out  -        -
1 webtask of old: ${server.url} -> moved
Secrets were left out: --secrets takes them along, sealed to a certificate.
next: webtask import moved --server <url> --token <token>
`,
    ]);
    const back = await webtask(['import', 'moved', '--container', 'new', ...at('new'), '--json']);
    expect([back.status, JSON.parse(back.stdout)]).to.deep.equal([
      0,
      {
        container: 'new',
        from: 'moved',
        to: server.url,
        webtasks: [
          {
            name: 'hi',
            code: 'created',
            secrets: 'left out',
            storage: 'none',
            cron: 'none',
            reasons: ['secrets: they were not asked for'],
          },
        ],
        complete: true,
      },
    ]);
  });

  it('bring what a profile of wt-cli can reach, secrets and all; what differs there ends with 3', async () => {
    const profile = { url: server.url, token: tokenOf('old'), container: 'old' };
    writeFileSync(join(project.folder, '.webtask'), JSON.stringify({ default: profile }));
    const env = { HOME: project.folder, USERPROFILE: project.folder };
    const bring = (...more: string[]) =>
      webtask(['import', '--profile', 'default', '--container', 'next', ...at('next'), ...more], env);
    const first = await bring();
    expect([first.status, first.stderr, first.stdout]).to.deep.equal([
      0,
      '',
      `name  code     secrets  storage  cron
hi    created  created  -        -
1 webtask of next: ${server.url} -> ${server.url}
next: webtask logs next --server ${server.url}
`,
    ]);
    await fetch(`${server.url}/api/webtask/next/hi`, {
      method: 'PUT',
      headers: { Authorization: `Bearer ${tokenOf('next')}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ code: 'module.exports = cb => cb(null, 2)' }),
    });
    const second = await bring();
    expect([second.status, second.stdout]).to.deep.equal([
      3,
      `name  code     secrets  storage  cron
hi    differs  differs  -        -
hi: code: another one is there; --replace overwrites it
1 webtask of next: ${server.url} -> ${server.url}, not all of it
next: webtask logs next --server ${server.url}
`,
    ]);
    expect((await bring('--replace')).status).to.equal(0);
    const unknown = await webtask(['import', '--profile', 'other', ...at('next')], env);
    expect([unknown.status, unknown.stderr]).to.deep.equal([
      2,
      `webtask import: The profile other cannot be had from ${join(project.folder, '.webtask')}: there are default. wt profile ls lists them. [TRANSFER_PROFILE]\n`,
    ]);
  });

  it('say what they need', async () => {
    const tokenless = await webtask(['export', 'x', '--server', server.url]);
    expect([tokenless.status, tokenless.stderr]).to.deep.equal([
      2,
      `webtask export: No token was given for ${server.url}. Pass --token or set WEBTASK_TOKEN. Beside the data folder of the server, this prints one: webtask token mint --container NAME --delegation-depth 1 [TRANSFER_WITHOUT_TOKEN]\n`,
    ]);
    const sourceless = await webtask(['import', ...at('new')]);
    expect([sourceless.status, sourceless.stderr]).to.deep.equal([
      2,
      'webtask import: What is imported is a folder, or by --profile the webtasks of a profile of wt-cli; one of them must be given. [TRANSFER_SOURCE]\n',
    ]);
  });
});
