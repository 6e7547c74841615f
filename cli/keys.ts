import { writeFile } from 'node:fs/promises';
import { fail } from '../runtime/errors.ts';
import { checkRestarted } from '../runtime/server/tokens/check-restarted.ts';
import { renewTokens } from '../runtime/server/tokens/renew-tokens.ts';
import {
  createPkcs12,
  listKeys,
  loadKeySet,
  removeKey,
  rotateKeys,
  type SealingCertificate,
} from '../runtime/token/index.ts';
import { askPassphrase } from './passphrase.ts';
import { visible } from './visible.ts';

/** `webtask keys list`: what keys there are, and nothing of their secrets. */
export async function list({ data, json }: { data: string; json?: boolean }): Promise<void> {
  const keys = await listKeys(data, process.env, Date.now());
  if (json) {
    console.log(JSON.stringify(keys, null, 2));
    return;
  }
  const rows = keys.map(({ kid, kind, algorithm, state, since, until, containers }) => [
    state,
    kind,
    algorithm,
    since?.slice(0, 10) ?? '-',
    until?.slice(0, 10) ?? '-',
    visible(kid) + (containers ? ` (${visible(containers.join(', '))})` : ''),
  ]);
  for (const row of [['state', 'kind', 'algorithm', 'since', 'until', 'kid'], ...rows]) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(COLUMNS[column] ?? 0))
        .join('')
        .trimEnd(),
    );
  }
}

const COLUMNS = [9, 13, 14, 12, 12];

/** `webtask keys rotate`: new keys sign and seal, the others still verify and open. */
export async function rotate({ data }: { data: string }): Promise<void> {
  for (const kid of await rotateKeys({ dataFolder: data, env: process.env, now: Date.now() })) {
    console.log(`current: ${kid}`);
  }
  console.log('next: start the server again, then: webtask keys renew');
}

/** `webtask keys renew`: the stored webtasks no longer need the former keys. */
export async function renew({ data, json }: { data: string; json?: boolean }): Promise<void> {
  const keys = await listKeys(data, process.env, Date.now()); // makes none
  if (!process.env.WEBTASK_SIGNING_KEY && keys.some(({ state }) => state === 'live')) await checkRestarted(data);
  const renewal = await renewTokens(data, process.env, Date.now() / 1000);
  if (renewal.failed.length > 0) process.exitCode = 1;
  if (json) return console.log(JSON.stringify(renewal, null, 2));
  console.log(`${renewal.renewed} webtasks have new tokens, ${renewal.current} had them already`);
  for (const { container, name, reason } of renewal.failed) {
    console.log(`not renewed: ${visible(`${container}/${name}: ${reason}`)}`);
  }
  if (renewal.failed.length === 0) {
    console.log('next: when the tokens that were handed out are gone too, webtask keys remove KID');
  }
}

/** `webtask keys remove`: what that key signed is refused from then on. */
export async function remove(kid: string, { data }: { data: string }): Promise<void> {
  await removeKey(kid, { dataFolder: data, env: process.env, now: Date.now() });
  console.log(`removed: ${visible(kid)}`);
  console.log('next: start the server again');
}

/** `webtask keys certificate`: what secrets are sealed to. It is no secret. */
export async function certificate({ data, out }: { data: string; out?: string }): Promise<void> {
  const { pem } = await ownCertificate(data);
  if (out === undefined) {
    process.stdout.write(pem);
    return;
  }
  await writeNew(out, pem, 0o644);
  console.log(`next: wt-build --recipient ${out}`);
}

/** `webtask keys export`: certificate and private key, for other programs. */
export async function exportPkcs12({ data, pkcs12 }: { data: string; pkcs12: string }): Promise<void> {
  const own = await ownCertificate(data);
  const passphrase = process.env.WEBTASK_PKCS12_PASSPHRASE ?? (await askPassphrase()) ?? '';
  await writeNew(pkcs12, await createPkcs12(own, passphrase), 0o600);
  console.log(`${pkcs12} holds the certificate and its private key (AES-256, PBKDF2 and MAC with SHA-256).`);
  console.log(`next: openssl pkcs12 -in ${pkcs12} -info -nokeys`);
}

async function ownCertificate(data: string): Promise<SealingCertificate> {
  // Keys are made by servers, not by asking what they are.
  if (!process.env.WEBTASK_SIGNING_KEY) await listKeys(data, process.env, Date.now());
  const keys = await loadKeySet({ dataFolder: data, env: process.env });
  return keys.certificate ?? fail('KEYS_NO_CERTIFICATE');
}

async function writeNew(file: string, content: string | Buffer, mode: number): Promise<void> {
  await writeFile(file, content, { mode, flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'EEXIST' ? 'it is there already' : (cause.code ?? cause.message);
    fail('KEYS_FILE_EXISTS', { file, reason }, { cause });
  });
}
