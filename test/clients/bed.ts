import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Origin, startOrigin } from '../support/origin.ts';
import { type ProgramResult, runProgram, startProgram, toItsEnd, waitForLine } from '../support/program.ts';

/** What npm needs of the environment to reach its registry, which the server fetches modules from. */
const NETWORK =
  /^(?:npm_config_(?:registry|userconfig)|(?:https?|no)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR))$/i;

const CLIENTS = fileURLToPath(new URL('./node_modules/', import.meta.url));

/** How a client is called. */
export interface ClientOptions {
  /** Goes to its standard input. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** `auth0` is the other program of the same package. */
  readonly program?: 'wt' | 'auth0';
}

/** A started server, and the original command-line client pointed at it. */
export interface Bed {
  readonly url: string;
  /** May manage the container `dev`, and issue tokens for it. */
  readonly token: string;
  /** The key that signs tokens, which as a credential may do anything. */
  readonly masterKey: string;
  /** The client's home folder and working folder. */
  readonly home: string;
  /** Serves the files of `written` that begin with `served/`, as a code host would. */
  readonly origin: Origin;
  write(file: string, text: string): void;
  /** Runs `wt` to its end. */
  wt(args: readonly string[], options?: ClientOptions): Promise<ProgramResult>;
  /** Runs `wt`, which must succeed; returns what it printed. */
  ok(args: readonly string[], options?: ClientOptions): Promise<string>;
  /** Starts `wt`, for commands that end only when they are told to. */
  start(args: readonly string[], options?: ClientOptions): Promise<Started>;
  /** Calls a webtask of the container. */
  call(name: string, options?: CallOptions): Promise<CallResult>;
  /** Mints a token as the operator of the server. */
  mint(args: readonly string[]): Promise<string>;
}

/** A client that runs. */
export interface Started {
  /** Waits until its standard output matches. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Interrupts it, and resolves with its exit code. */
  interrupt(): Promise<number | null>;
}

/** How a webtask is called. */
export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** In place of the server's own URL and path. */
  readonly path?: string;
}

/** What a webtask answered. */
export interface CallResult {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * Starts `webtask serve` for the tests of one suite, and writes a profile for `wt` as `wt init` does.
 *
 * @param serveArgs - further arguments of `webtask serve`
 * @returns what is filled in before the first test runs
 */
export function useBed(serveArgs: readonly string[] = []): Bed {
  const folder = mkdtempSync(join(tmpdir(), 'webtask-clients-'));
  const home = join(folder, 'home');
  const data = join(folder, 'data');
  const served = new Map<string, string>();
  const running: ChildProcess[] = [];
  const state: { url?: string; token?: string; origin?: Origin } = {};

  before(async function () {
    this.timeout(60_000);
    mkdirSync(home);
    state.origin = await startOrigin((req, res) => {
      const text = served.get(req.url ?? '');
      res.writeHead(text === undefined ? 404 : 200).end(text);
    });
    const serve = ['serve', '--port', '0', '--data', data, '--allow-origin', state.origin.origin, ...serveArgs];
    const network = Object.entries(process.env).filter(([name]) => NETWORK.test(name)) as [string, string][]; // all are set
    const server = startProgram('webtask', serve, { cwd: folder, env: Object.fromEntries(network) });
    running.push(server);
    state.url = (await waitForLine(server, /listening on (\S+)/))[1] ?? '';
    state.token = await bed.mint(['--container', 'dev', '--delegation-depth', '3']);
    await bed.ok(['init', '--url', state.url, '--token', state.token, '--container', 'dev', '-p', 'dev']);
  });
  after(async () => {
    for (const child of running) await end(child);
    await state.origin?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const startClient = (args: readonly string[], { env, program = 'wt' }: ClientOptions) =>
    spawn(process.execPath, [`${CLIENTS}wt-cli/bin/${program}`, ...args], {
      cwd: home,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: home,
        USERPROFILE: home,
        NO_UPDATE_NOTIFIER: '1',
        NODE_NO_WARNINGS: '1', // of what it uses that Node has since deprecated
        CI: '1',
        ...env,
      },
      stdio: 'pipe',
    });

  const bed: Bed = {
    get url() {
      return given(state.url);
    },
    get token() {
      return given(state.token);
    },
    get origin() {
      return given(state.origin);
    },
    get masterKey() {
      const { keys } = JSON.parse(readFileSync(join(data, 'keys'), 'utf8')) as { keys: { use: string; k: string }[] };
      return given(keys.find(({ use }) => use === 'sig')?.k);
    },
    home,
    write(file, text) {
      if (file.startsWith('served/')) served.set(file.slice('served'.length), text);
      mkdirSync(dirname(join(home, file)), { recursive: true });
      writeFileSync(join(home, file), text);
    },
    wt: (args, options = {}) => toItsEnd(startClient(args, options), options.input),
    async ok(args, options) {
      const { status, stdout, stderr } = await bed.wt(args, options);
      expect(status, `wt ${args.join(' ')}\n${stdout}\n${stderr}`).to.equal(0);
      return stdout;
    },
    async start(args, options = {}) {
      const child = startClient(args, options);
      running.push(child);
      return watch(child);
    },
    call: (name, options = {}) => call(`${bed.url}${options.path ?? `/api/run/dev/${name}`}`, options),
    async mint(args) {
      const { status, stdout, stderr } = await runProgram('webtask', ['token', 'mint', ...args, '--data', data]);
      expect(status, stderr).to.equal(0);
      return stdout.trim();
    },
  };
  return bed;
}

/** Sends a request; unlike `fetch`, with any `Host`. */
export function call(url: string, { method = 'GET', headers, body }: CallOptions = {}): Promise<CallResult> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
    });
    sent.once('error', reject).end(body);
  });
}

/** Reads the claims of a token, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

function watch(child: ChildProcess): Started {
  let text = '';
  const changed = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      for (const look of changed) look();
    });
  }
  return {
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text);
          if (match) settle(() => resolve(match));
        };
        const ended = (): void => settle(() => reject(new Error(`it ended without saying ${pattern}:\n${text}`)));
        const settle = (done: () => void): void => {
          changed.delete(look);
          child.off('close', ended);
          done();
        };
        changed.add(look);
        child.once('close', ended);
        look();
      }),
    interrupt: () => end(child, 'SIGINT'),
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.kill(signal);
  return closed;
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the server is started before the first test, not earlier');
  return value;
}
