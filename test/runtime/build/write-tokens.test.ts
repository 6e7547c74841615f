import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type BuiltToken, writeTokens } from '../../../runtime/build/index.ts';

const TOKEN: BuiltToken = {
  name: 'pay',
  file: 'webtasks/pay.js',
  url: 'https://example.com/pay.js',
  pinned: true,
  secretNames: ['STRIPE_KEY'],
  expires: '2026-01-01T01:00:00.000Z',
  size: 5,
  token: 'a.b.c',
};

describe('the file of tokens', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'webtask-tokens-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('holds the tokens of the last build, and nothing is left beside it', async () => {
    const file = join(folder, '.webtask', 'tokens.json');
    await writeTokens(file, [TOKEN, { ...TOKEN, name: 'hello' }]);
    await writeTokens(file, [TOKEN]);
    expect(JSON.parse(readFileSync(file, 'utf8'))).to.deep.equal([TOKEN]);
    expect(readdirSync(join(folder, '.webtask'))).to.deep.equal(['tokens.json']);
  });

  it('can be read by its owner only, in a folder of which the same is true', async function () {
    if (process.platform === 'win32') return this.skip(); // there are no modes
    const file = join(folder, '.webtask', 'tokens.json');
    await writeTokens(file, [TOKEN]);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(statSync(join(folder, '.webtask')).mode & 0o777).to.equal(0o700);
  });

  it('can be read by its owner only, also where a file was there that others could read', async function () {
    if (process.platform === 'win32') return this.skip(); // there are no modes
    const file = join(folder, 'tokens.json');
    writeFileSync(file, '[]', { mode: 0o644 });
    await writeTokens(file, [TOKEN]);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });
});
