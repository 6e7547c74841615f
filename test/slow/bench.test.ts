import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { FROM_SOURCE } from '../support/program.ts';

const BENCH = fileURLToPath(new URL('../bench/main.ts', import.meta.url));

const PEERS = ['fastify', 'express', 'functions-framework', 'miniflare', 'workerd', 'serverless-offline'];

function benchOf(name: string): Record<string, unknown> {
  const args = [...FROM_SOURCE, BENCH, name, '--quick', '--json'];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Record<string, unknown>;
}

describe('npm run bench -- limits --quick --json', () => {
  it('prints one JSON object with what was measured, and on what', () => {
    const result = benchOf('limits');
    expect(Object.keys(result)).to.deep.equal(['bench', 'machine', 'versions', 'rounds', 'contenders', 'ratios']);
    expect(result).to.include({ bench: 'limits', rounds: 3 });
    expect(result.machine).to.have.all.keys('cpu', 'cores', 'system');
    expect(result.versions).to.have.all.keys('node', 'webtask-kit');
    expect(result.contenders).to.deep.include({
      'no limits, 1 server': { median: 0, min: 0, max: 0, unit: 'store writes per 1,000 runs' },
      'ls:1000, 1 server': { median: 20.17, min: 20.17, max: 20.17, unit: 'store writes per 1,000 runs' },
    });
  });
});

describe('npm run bench -- run --quick --json', () => {
  it('compares runs by token and by name with bare node:http and the peers, in the same rounds', () => {
    const { contenders, ratios, versions } = benchOf('run');
    for (const name of ['node-http', 'token-inline', 'named-process', ...PEERS])
      expect(contenders).to.have.property(name).that.includes({ unit: 'answers/s' });
    expect(ratios).to.include.keys('token-process/node-http', 'token-process p99/node-http p99', 'fastify/node-http');
    expect(versions).to.include.keys('node', 'webtask-kit', 'fastify', '@google-cloud/functions-framework');
  });
});

describe('npm run bench -- identity --quick --json', () => {
  it('compares verifying with the bare signature and with other libraries, in the same rounds', () => {
    const { contenders, ratios } = benchOf('identity');
    for (const name of ['raw RS256', 'verify RS256', 'warm RS256', 'jose', 'fast-jwt', 'seed-pair'])
      expect(contenders).to.have.property(name).that.includes({ unit: 'tokens/s of one core' });
    expect(ratios).to.include.keys('verify/raw', 'verify/seed-pair', 'warm/raw');
  });
});

describe('npm run bench -- identity-revocation --quick --json', () => {
  it('tells what look-ups, checks and starts cost, and how soon a revocation is refused elsewhere', () => {
    expect(benchOf('identity-revocation').contenders).to.include.keys(
      'memory of the table',
      'look-up of a key that is not',
      'check of a new token, four kinds of entries',
      'start from a snapshot',
      'acknowledged here to refused there, p99',
    );
  });
});

describe('npm run bench -- bodies --quick --json', () => {
  it('compares answers of several sizes, and a body that is sent back', () => {
    expect(benchOf('bodies').ratios).to.include.keys(
      'token-process 1 KiB/node-http 1 KiB',
      'token-process 1 MiB/node-http 1 MiB',
      'token-process 1 MiB sent and sent back/node-http 1 MiB sent and sent back',
    );
  });
});

describe('npm run bench -- cold --quick --json', () => {
  it('tells how long the first of everything takes: servers, containers, programs, webtasks in the harness', () => {
    const { contenders, ratios } = benchOf('cold');
    expect(contenders).to.include.keys('node-http', 'serve-process', 'container-process', 'harness load');
    expect(Object.keys(contenders as object).some((name) => name.startsWith('containers in turn, '))).to.equal(true);
    expect(ratios).to.include.keys('serve-process/node-http', 'webtask run hello.ts/node hello.js');
  });
});

describe('npm run bench -- memory --quick --json', () => {
  it('tells what memory is of idle servers and workers alone, and of a server under load', () => {
    const { contenders } = benchOf('memory');
    expect(contenders).to.include.keys('serve-process idle', 'serve-process worker');
    expect(contenders).to.have.property('node-http idle').that.includes({ unit: 'MB' });
  });
});

describe('npm run bench -- neighbours --quick --json', () => {
  it('compares the slowest answers beside each attack with those without', () => {
    expect(benchOf('neighbours').ratios).to.have.all.keys(
      'large bodies/alone',
      'an end with each request/alone',
      'a loop without end/alone',
      'output without end/alone',
    );
  });
});
