import { inspectToken, loadKeySet, mintToken, parseDuration } from '../runtime/token/index.ts';
import { visible } from './visible.ts';

/** `webtask token mint`: prints a token and nothing else. */
export async function mint(options: {
  container: string;
  expires?: string;
  delegationDepth: number;
  data: string;
}): Promise<void> {
  const { container, delegationDepth } = options;
  const expiresIn = options.expires === undefined ? undefined : parseDuration(options.expires);
  const keys = await loadKeySet({ dataFolder: options.data, env: process.env });
  console.log(mintToken({ container, expiresIn, delegationDepth }, keys, Date.now() / 1000));
}

/** `webtask token inspect`: prints what a token holds; secrets only where they were asked for. */
export async function inspect(
  token: string,
  options: { decrypt?: boolean; json?: boolean; data: string },
): Promise<void> {
  const keys = await loadKeySet({ dataFolder: options.data, env: process.env, mayMake: false });
  const report = await inspectToken(token, keys, Date.now() / 1000, options.decrypt === true);
  if (options.json) {
    console.log(JSON.stringify(report, null, 2));
    return;
  }
  const { claims, signer, state, can, secrets } = report;
  print('state', state);
  print('signer', `${signer.alg}, key ${signer.kid}`);
  for (const sentence of can) print('can', sentence);
  for (const [name, value] of Object.entries(claims)) print('claim', `${name} = ${show(name, value)}`);
  for (const [name, value] of Object.entries(secrets ?? {})) print('secret', `${name} = ${value}`);
}

/** One line a fact. */
function print(label: string, text: string): void {
  console.log(label.padEnd(9) + visible(text));
}

function show(name: string, value: unknown): string {
  if (name === 'ectx') return `sealed secrets (${String(value).length} characters)`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
