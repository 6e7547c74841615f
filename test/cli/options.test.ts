import { expect } from 'chai';
import { Command } from 'commander';
import { loadDotenvSettings } from '../../cli/dotenv-settings.ts';
import { SETTINGS } from '../../cli/options.ts';
import { addSettings } from '../../cli/setting.ts';
import { createProject, type TestProject } from '../support/project.ts';

/** Reads a command line with some settings. */
function read(...args: string[]): Record<string, unknown> {
  const { port, host, data, limit, allowOrigin, maxCode } = SETTINGS;
  const command = addSettings(new Command('x'), port, host, data, limit, allowOrigin, maxCode).exitOverride();
  return command
    .configureOutput({ writeErr: () => undefined })
    .parse(args, { from: 'user' })
    .opts();
}

describe('a setting', () => {
  let project: TestProject;
  const before = { ...process.env };
  beforeEach(() => {
    project = createProject({ '.env': 'WEBTASK_HOST=from.dotenv\nWEBTASK_DATA=from-dotenv\nOTHER=1\n' });
  });
  afterEach(() => {
    project.remove();
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  });

  it('is its default where nothing else is said', () => {
    expect(read()).to.deep.equal({
      port: 8721,
      host: '127.0.0.1',
      data: '.webtask',
      limit: 30_000,
      maxCode: 5_242_880,
    });
  });

  it('is the flag, otherwise the environment, otherwise .env, otherwise its default', () => {
    process.env.WEBTASK_HOST = 'from.environment';
    process.env.WEBTASK_PORT = '1';
    loadDotenvSettings(project.folder, process.env);
    expect(read('--port', '2')).to.deep.equal({
      port: 2,
      host: 'from.environment',
      data: 'from-dotenv',
      limit: 30_000,
      maxCode: 5_242_880,
    });
  });

  it('is all that is taken from .env: no other name reaches the environment', () => {
    const env = {};
    loadDotenvSettings(project.folder, env);
    expect(env).to.deep.equal({ WEBTASK_HOST: 'from.dotenv', WEBTASK_DATA: 'from-dotenv' });
  });

  it('may hold several origins: a flag each, or a variable with commas between', () => {
    const [one, two] = ['http://127.0.0.1:3000', 'https://code.example.com'];
    expect(read('--allow-origin', one, '--allow-origin', two).allowOrigin).to.deep.equal([one, two]);
    process.env.WEBTASK_ALLOWED_ORIGINS = `${one}, ${two}`;
    expect(read().allowOrigin).to.deep.equal([one, two]);
    expect(read('--allow-origin', two).allowOrigin).to.deep.equal([two]);
  });

  for (const [flag, values, why] of [
    ['--port', ['x', '', '-1', '1.5', '0x1', '65536', '1e3'], 'It is no port: a whole number from 0 to 65535.'],
    ['--limit', ['x', '', '-1', '1s', '1234567890'], 'It is no whole number.'],
    ['--max-code', ['16777217'], 'It is more than 16777216.'],
  ] as const) {
    for (const value of values) {
      it(`${flag} is not "${value}"`, () => {
        expect(() => read(`${flag}=${value}`)).to.throw(`argument '${value}' is invalid. ${why}`);
      });
    }
  }

  for (const origin of [
    '127.0.0.1:3000',
    'http://a.example/',
    'http://a.example/b',
    'http://me@a.example',
    'HTTP://a.example',
    '',
  ]) {
    it(`--allow-origin is not "${origin}"`, () => {
      expect(() => read(`--allow-origin=${origin}`)).to.throw(
        `${origin} is no origin: write scheme, host and port only, such as http://127.0.0.1:3000.`,
      );
    });
  }
});
